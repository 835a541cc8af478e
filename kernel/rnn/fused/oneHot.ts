import type { NumberArray } from '../ndarray.js';

/**
 * For rows of `width` numbers that are all one-hot, the position of the 1 in each; undefined for any other rows.
 * Dense rows are told by the first of them, so asking costs them nothing.
 */
export function oneHotPositions(rows: NumberArray, width: number): Int32Array | undefined {
  if (width < 2 || positionOfOne(rows, 0, width) < 0) return undefined;
  const positions = new Int32Array(rows.length / width);
  for (let row = 0; row < positions.length; row++) {
    const position = positionOfOne(rows, row * width, width);
    if (position < 0) return undefined;
    positions[row] = position;
  }
  return positions;
}

/** Where the only number that is not 0 stands, if it is 1; −1 otherwise. */
function positionOfOne(rows: NumberArray, from: number, width: number): number {
  let position = -1;
  for (let i = 0; i < width; i++) {
    const value = rows[from + i]!;
    if (value === 0) continue;
    if (value !== 1 || position >= 0) return -1;
    position = i;
  }
  return position;
}
