import type { NumberArray } from '../ndarray.js';
import { findEngine } from '../wasm/engine.js';

/** Softmax of the rows of x, and ln Σ eˣ of each. */
export interface SoftmaxRows {
  readonly probabilities: Float32Array;
  readonly normalisers: Float64Array;
}

/** Numbers from which the engine pays. */
const worthwhile = 512;

/**
 * Softmax of x `[rows, columns]` in WebAssembly.
 * @returns undefined where it does not apply: few numbers, not float32, no engine
 */
export function softmaxRows(
  x: NumberArray,
  rows: number,
  columns: number,
): SoftmaxRows | undefined {
  if (!(x instanceof Float32Array) || x.length < worthwhile) return undefined;
  const engine = findEngine();
  if (!engine) return undefined;
  // One stretch: probabilities, maximum and sum of each row, and the numbers themselves where they are elsewhere.
  const isElsewhere = !engine.owns(x);
  const p = engine.scratch(x.length + 2 * rows + (isElsewhere ? x.length : 0));
  const sums = p + 4 * x.length;
  const from = isElsewhere ? sums + 8 * rows : x.byteOffset;
  if (isElsewhere) engine.heap.set(x, from / 4);
  engine.core['softmax']!(p, sums, from, rows, columns);
  const normalisers = new Float64Array(rows);
  for (let row = 0, at = sums / 4; row < rows; row++, at += 2)
    normalisers[row] = engine.heap[at]! + Math.log(engine.heap[at + 1]!);
  return { probabilities: engine.heap.slice(p / 4, p / 4 + x.length), normalisers };
}
