import assert from 'node:assert/strict';
import { gemm } from '../../../kernel/rnn/gemm.js';
import { RandomStream } from '../../../kernel/rnn/random.js';

describe('gemm', () => {
  it('agrees with the definition in all three forms, for sizes on and off the blocks', () => {
    const stream = new RandomStream(1, 'gemm');
    for (let trial = 0; trial < 60; trial++) {
      const [m, n, k] = [stream.integer(1, 11), stream.integer(1, 11), stream.integer(1, 13)];
      const a = Float64Array.from({ length: m * k }, () => stream.normal());
      const b = Float64Array.from({ length: k * n }, () => stream.normal());
      const start = Float64Array.from({ length: m * n }, () => stream.normal());
      const expected = start.slice();
      for (let i = 0; i < m; i++)
        for (let j = 0; j < n; j++)
          for (let l = 0; l < k; l++) expected[i * n + j]! += a[i * k + l]! * b[l * n + j]!;
      const transposedA = Float64Array.from(a, (_, p) => a[(p % m) * k + Math.floor(p / m)]!);
      const transposedB = Float64Array.from(b, (_, p) => b[(p % k) * n + Math.floor(p / k)]!);
      const forms: [string, Float64Array, number, number, Float64Array, number, number][] = [
        ['NN', a, k, 1, b, n, 1],
        ['NT', a, k, 1, transposedB, 1, k],
        ['TN', transposedA, 1, m, b, n, 1],
      ];
      for (const [form, x, xRow, xColumn, y, yRow, yColumn] of forms) {
        const out = start.slice();
        gemm(out, x, xRow, xColumn, y, yRow, yColumn, m, n, k);
        out.forEach((value, p) => {
          assert.ok(Math.abs(value - expected[p]!) < 1e-12, `${form} ${m}×${n}×${k} at ${p}`);
        });
      }
    }
  });
});
