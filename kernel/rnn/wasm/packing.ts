import { panelColumns } from './gemmKernels.js';

/** Numbers that a matrix takes when its columns are packed in panels. */
export const packedLength = (columns: number, depth: number): number =>
  Math.ceil(columns / panelColumns) * panelColumns * depth;

/** A length that whole panels can be read from. */
export const paddedLength = (columns: number): number => packedLength(columns, 1);
