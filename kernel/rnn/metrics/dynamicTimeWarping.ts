import { ShapeError } from '../errors.js';
import { showShape } from '../ndarray.js';
import type { Tensor } from '../tensor.js';

/**
 * How far two sequences of different tempo are apart: the mean Euclidean distance of the steps that the best monotone
 * alignment puts together, (1/(T₁+T₂))·min Σ w·‖a_i − b_j‖ with weight w = 2 for a step in both and 1 for a step in one.
 *
 * Source: H. Sakoe, S. Chiba, "Dynamic programming algorithm optimization for spoken word recognition", IEEE
 * Transactions on Acoustics, Speech and Signal Processing 26(1), 1978, the symmetric form
 *
 * @param a `[T₁, F]`, @param b `[T₂, F]`
 * @throws ShapeError unless both have time steps and equally many features
 */
export function dynamicTimeWarping(a: Tensor, b: Tensor): number {
  const [rows, columns, width] = sizesOf('dynamicTimeWarping', a, b);
  // Costs of the best alignments that end in the row before, and in this one; column 0 stands before the first step.
  let above = new Float64Array(columns + 1).fill(Infinity);
  let row = new Float64Array(columns + 1);
  for (let i = 0; i < rows; i++) {
    row[0] = Infinity;
    for (let j = 0; j < columns; j++) {
      const d = distance(a.data, i * width, b.data, j * width, width);
      row[j + 1] =
        i + j === 0 ? 2 * d : Math.min(above[j]! + 2 * d, above[j + 1]! + d, row[j]! + d);
    }
    [above, row] = [row, above];
  }
  return above[columns]! / (rows + columns);
}

/** Which steps of two sequences belong together, and how far these are apart. */
export interface WarpingPath {
  /** As `dynamicTimeWarping` gives it. */
  distance: number;
  /** Steps of both that belong together, from the first pair to the last; neither ever goes back. */
  path: [a: number, b: number][];
}

const [both, onlyA, onlyB] = [0, 1, 2];

/**
 * The best monotone alignment of two sequences of different tempo: which step of the one is which of the other. The measure is that
 * of `dynamicTimeWarping`; a byte is kept for each pair of steps.
 *
 * @param a `[T₁, F]`, @param b `[T₂, F]`
 * @throws ShapeError unless both have time steps and equally many features
 */
export function warpingPath(a: Tensor, b: Tensor): WarpingPath {
  const [rows, columns, width] = sizesOf('warpingPath', a, b);
  const cameBy = new Uint8Array(rows * columns);
  let above = new Float64Array(columns + 1).fill(Infinity);
  let row = new Float64Array(columns + 1);
  for (let i = 0; i < rows; i++) {
    row[0] = Infinity;
    for (let j = 0; j < columns; j++) {
      const d = distance(a.data, i * width, b.data, j * width, width);
      const costs = [above[j]! + 2 * d, above[j + 1]! + d, row[j]! + d];
      const least = Math.min(...costs);
      row[j + 1] = i + j === 0 ? 2 * d : least;
      cameBy[i * columns + j] = costs.indexOf(least);
    }
    [above, row] = [row, above];
  }
  return {
    distance: above[columns]! / (rows + columns),
    path: pathBack(cameBy, rows, columns),
  };
}

function pathBack(cameBy: Uint8Array, rows: number, columns: number): [number, number][] {
  const path: [number, number][] = [];
  let [i, j] = [rows - 1, columns - 1];
  for (;;) {
    path.push([i, j]);
    if (i + j === 0) return path.reverse();
    const by = i === 0 ? onlyB : j === 0 ? onlyA : cameBy[i * columns + j]!;
    if (by === both || by === onlyA) i--;
    if (by === both || by === onlyB) j--;
  }
}

function sizesOf(owner: string, a: Tensor, b: Tensor): [number, number, number] {
  const [rows, width] = a.shape as [number, number];
  const [columns] = b.shape as [number];
  if (a.shape.length !== 2 || b.shape.length !== 2 || b.shape[1] !== width || rows * columns === 0)
    throw new ShapeError(
      `${owner}: got ${showShape(a.shape)} and ${showShape(b.shape)}, expected [T, F] of equally many features`,
    );
  return [rows, columns, width];
}

function distance(
  a: ArrayLike<number>,
  fromA: number,
  b: ArrayLike<number>,
  fromB: number,
  width: number,
): number {
  let sum = 0;
  for (let k = 0; k < width; k++) sum += (a[fromA + k]! - b[fromB + k]!) ** 2;
  return Math.sqrt(sum);
}
