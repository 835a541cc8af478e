import { DTypeError, OptionError, ShapeError, VocabularyError } from '../errors.js';
import { showShape } from '../ndarray.js';
import { optional } from '../options.js';
import { Tensor } from '../tensor.js';

/** Lengths of sequences, one number each. */
export type Lengths = ArrayLike<number> | Tensor;

export const lengthsOption = optional((value) =>
  Array.isArray(value) || ArrayBuffer.isView(value) || value instanceof Tensor
    ? undefined
    : 'an array or a tensor of lengths',
);

/** @throws VocabularyError for a label that is the blank, or no class */
export function checkLabels(
  owner: string,
  labels: readonly (readonly number[])[],
  classes: number,
  blank: number,
): void {
  for (const label of labels.flat())
    if (!(Number.isInteger(label) && label >= 0 && label < classes) || label === blank)
      throw new VocabularyError(
        `${owner}: label ${label} must be a class from 0 to ${classes - 1} other than the blank ${blank}`,
      );
}

/** The labels of each of the B sequences. */
export function toLabels(
  owner: string,
  targets: Tensor | readonly (readonly number[])[],
  batchSize: number,
  targetLengths: Lengths | undefined,
): readonly (readonly number[])[] {
  if (targets instanceof Tensor && targets.dtype !== 'int32')
    throw new DTypeError(`${owner}: targets must be int32, got ${targets.dtype}`);
  const isBatch =
    targets instanceof Tensor
      ? targets.shape.length === 2 && targets.shape[0] === batchSize
      : targets.length === batchSize;
  if (!isBatch)
    throw new ShapeError(
      `${owner}: targets are ${targets instanceof Tensor ? showShape(targets.shape) : `${targets.length} sequences`}, expected ${batchSize} sequences [B, S]`,
    );
  const rows = targets instanceof Tensor ? (targets.toNested() as number[][]) : targets;
  if (targetLengths === undefined) return rows;
  const most = rows.map((row) => row.length);
  const lengths = toLengths(owner, 'targetLengths', targetLengths, most);
  return rows.map((row, b) => row.slice(0, lengths[b]));
}

/** @param most how long each sequence may be */
export function toLengths(
  owner: string,
  name: string,
  lengths: Lengths,
  most: readonly number[],
): number[] {
  const list = Array.from(lengths instanceof Tensor ? lengths.data : lengths);
  if (list.length !== most.length)
    throw new ShapeError(`${owner}: ${name} holds ${list.length} lengths, expected ${most.length}`);
  list.forEach((length, b) => {
    if (!Number.isInteger(length) || length < 0 || length > most[b]!)
      throw new OptionError(
        `${owner}: ${name} must hold integers from 0 to ${most[b]!}, got ${length} for sequence ${b}`,
      );
  });
  return list;
}
