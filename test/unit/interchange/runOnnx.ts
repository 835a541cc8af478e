import assert from 'node:assert/strict';
import { InferenceSession, Tensor as OrtTensor, env } from 'onnxruntime-web';
import type { Tensor } from '../../../kernel/unroll.js';

env.wasm.numThreads = 1;
env.logLevel = 'error';

/** Runs a model in ONNX Runtime. */
export async function runOnnx(
  bytes: Uint8Array,
  inputs: Readonly<Record<string, Tensor>>,
): Promise<Record<string, { shape: readonly number[]; data: Float32Array }>> {
  const session = await InferenceSession.create(bytes, { graphOptimizationLevel: 'all' });
  try {
    const feeds = Object.entries(inputs).map(([name, { data, shape }]) => [
      name,
      data instanceof Int32Array
        ? new OrtTensor('int32', data, shape)
        : new OrtTensor('float32', Float32Array.from(data), shape),
    ]);
    const results = await session.run(Object.fromEntries(feeds) as Record<string, OrtTensor>);
    return Object.fromEntries(
      Object.entries(results).map(([name, { dims, data }]) => [
        name,
        { shape: dims, data: data as Float32Array },
      ]),
    );
  } finally {
    await session.release();
  }
}

/** Same shape, and numbers alike to 1e-5 relative (absolute below 1). */
export function assertClose(
  actual: { shape: readonly number[]; data: ArrayLike<number> } | undefined,
  expected: Tensor,
  owner: string,
): void {
  assert.ok(actual, `${owner} is there`);
  assert.deepEqual([...actual.shape], [...expected.shape], `${owner}: shape`);
  for (let i = 0; i < expected.size; i++) {
    const [a, b] = [actual.data[i]!, expected.data[i]!];
    const isClose = Object.is(a, b) || Math.abs(a - b) <= 1e-5 * Math.max(1, Math.abs(b));
    assert.ok(isClose, `${owner}[${i}]: ${a}, expected ${b}`);
  }
}
