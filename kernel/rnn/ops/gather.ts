import { DTypeError, ShapeError, VocabularyError } from '../errors.js';
import { showShape, type NdArray } from '../ndarray.js';
import type { Rule } from './rule.js';

export interface EmbeddingAttributes {
  /** The row for padding: nothing is learnt for it. */
  paddingIdx?: number;
}

/** y = W[i]: rows of W `[V, E]` picked by integer indices `[…]`, y `[…, E]`. */
export const embedding: Rule<EmbeddingAttributes> = {
  shape: ([weight, indices]) => {
    if (weight!.length !== 2)
      throw new ShapeError(`embedding: weight is ${showShape(weight!)}, expected a matrix`);
    const y = indices!.slice();
    y.push(weight![1]!);
    return y;
  },
  forward: (out, [weight, indices]) => {
    const [rows, width] = weight!.shape as [number, number];
    checkIndices('embedding', indices!, rows);
    for (let i = 0; i < indices!.data.length; i++) {
      const from = indices!.data[i]! * width;
      for (let j = 0; j < width; j++) out.data[i * width + j] = weight!.data[from + j]!;
    }
  },
  backward: ([gw], adjoint, [weight, indices], _output, { paddingIdx }) => {
    if (!gw) return;
    const width = weight!.shape[1]!;
    for (let i = 0; i < indices!.data.length; i++) {
      if (indices!.data[i] === paddingIdx) continue;
      const to = indices!.data[i]! * width;
      for (let j = 0; j < width; j++) gw.data[to + j]! += adjoint.data[i * width + j]!;
    }
  },
  equation: ([weight, indices]) => `${weight!}[${indices!}]`,
};

function checkIndices(owner: string, indices: NdArray, count: number): void {
  if (!(indices.data instanceof Int32Array))
    throw new DTypeError(`${owner}: indices must be int32, got floating point`);
  for (const index of indices.data)
    if (index < 0 || index >= count)
      throw new VocabularyError(
        `${owner}: index ${index} is out of range, expected 0 to ${count - 1}`,
      );
}
