import assert from 'node:assert/strict';
import type { FunctionBuilder, Local } from '../../../kernel/rnn/wasm/assembler.js';
import { findEngine } from '../../../kernel/rnn/wasm/engine.js';
import { pushExp, pushSigmoid, pushTanh } from '../../../kernel/rnn/wasm/vectorMath.js';

const engine = findEngine();

/** Applies a vector function to float32 numbers. */
function apply(push: (f: FunctionBuilder, x: Local) => void, inputs: Float32Array): Float32Array {
  assert.ok(engine, 'this machine has WebAssembly SIMD');
  const { run } = engine.compile((module) => {
    module.define('run', ['i32', 'i32', 'i32'], (f, from, to, end) => {
      const x = f.local('v128');
      f.countTo(from, end, 16, () => {
        f.get(from).memory('v128_load').set(x).get(to);
        push(f, x);
        f.memory('v128_store').advance(to, 16);
      });
    });
  }).exports;
  const [source, target] = [engine.allocate(inputs.length), engine.allocate(inputs.length)];
  source.set(inputs);
  run!(source.byteOffset, target.byteOffset, source.byteOffset + 4 * inputs.length);
  const result = target.slice();
  engine.release(source);
  engine.release(target);
  return result;
}

/** Evenly over a range and, finely, around zero. */
const inputs = Float32Array.from({ length: 400_000 }, (_, i) =>
  i % 2 ? -87 + (174 * i) / 400_000 : Math.sign(i - 200_000) * 10 ** (-8 + (8 * (i % 9973)) / 9973),
);

describe('vector mathematics', () => {
  const functions: [string, (f: FunctionBuilder, x: Local) => void, (x: number) => number][] = [
    ['exp', pushExp, Math.exp],
    ['sigmoid', pushSigmoid, (x) => 1 / (1 + Math.exp(-x))],
    ['tanh', pushTanh, Math.tanh],
  ];
  for (const [name, push, exact] of functions)
    it(`${name} is within 2·10⁻⁷ of the exact value, relative`, () => {
      const results = apply(push, inputs);
      let worst = 0;
      results.forEach((result, i) => {
        const expected = exact(inputs[i]!);
        worst = Math.max(worst, Math.abs(result - expected) / (Math.abs(expected) || 1));
      });
      assert.ok(worst < 2e-7, `${worst}`);
    });

  it('keeps NaN, and the limits at both infinities', () => {
    const edges = Float32Array.of(NaN, Infinity, -Infinity, 0, 100, -200, 1, 1);
    assert.deepEqual([...apply(pushExp, edges)].slice(0, 6), [NaN, Infinity, 0, 1, Infinity, 0]);
    assert.deepEqual([...apply(pushSigmoid, edges)].slice(0, 6), [NaN, 1, 0, 0.5, 1, 0]);
    assert.deepEqual([...apply(pushTanh, edges)].slice(0, 6), [NaN, 1, -1, 0, 1, -1]);
  });
});
