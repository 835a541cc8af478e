import type { NumberArray } from '../ndarray.js';
import { panelColumns } from './gemmKernels.js';

export const packedLength = (columns: number, depth: number): number =>
  Math.ceil(columns / panelColumns) * panelColumns * depth;

/** Wᵀ `[depth, rows]` in panels of eight columns, from W `[rows, depth]`: for x·Wᵀ. */
export function packTransposed(
  target: Float32Array,
  weight: NumberArray,
  start: number,
  rows: number,
  depth: number,
): void {
  const from = start * depth;
  for (let row = 0; row < rows; row++) {
    const lane = row % panelColumns;
    let to = (row - lane) * depth + lane;
    const source = from + row * depth;
    for (let k = 0; k < depth; k++, to += panelColumns) target[to] = weight[source + k]!;
  }
}

/** W `[rows, depth]` itself in panels of eight columns: for g·W. */
export function packStraight(
  target: Float32Array,
  weight: NumberArray,
  start: number,
  rows: number,
  depth: number,
): void {
  const from = start * depth;
  for (let panel = 0; panel < depth; panel += panelColumns) {
    const width = Math.min(panelColumns, depth - panel);
    let to = panel * rows;
    for (let row = 0; row < rows; row++, to += panelColumns) {
      const source = from + row * depth + panel;
      for (let lane = 0; lane < width; lane++) target[to + lane] = weight[source + lane]!;
    }
  }
}
