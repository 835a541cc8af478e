/** Room for the adjoints of one backward pass, in the engine's memory where there is an engine. */
import { createNdArray, type DType, type NdArray, type Shape } from './ndarray.js';
import { findEngine } from './wasm/engine.js';

/** Those in use; left over where a backward pass was torn away. */
const taken: Float32Array[] = [];
/** Some that are not, for the next pass: they are mostly of the same lengths. */
const idle: Float32Array[] = [];
const mostIdle = 16;

/** A backward pass begins or ends: what was taken is free. */
export function releaseAdjoints(): void {
  for (let data = taken.pop(); data; data = taken.pop()) {
    idle.push(data);
    if (idle.length > mostIdle) findEngine()?.release(idle.shift()!);
  }
}

/** Zeros to add an adjoint up in, until the backward pass ends. */
export function takeAdjoint(of: { dtype: DType; size: number; shape: Shape }): NdArray {
  const { dtype, size, shape } = of;
  const engine = dtype === 'float32' ? findEngine() : undefined;
  if (!engine) return createNdArray(dtype, shape);
  const at = idle.findIndex(({ length }) => length === size);
  const data = at < 0 ? engine.allocate(size) : idle.splice(at, 1)[0]!;
  taken.push(data);
  return { data: engine.clear(data), shape };
}
