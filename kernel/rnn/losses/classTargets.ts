import { DTypeError, OptionError, ShapeError, VocabularyError } from '../errors.js';
import { sameShape, showShape, type NumberArray, type Shape } from '../ndarray.js';
import { is, optional } from '../options.js';
import { expectTensor, type Tensor } from '../tensor.js';
import { isTensor, lossOptions, type Counted, type LossOptions } from './reduction.js';

/** Options that `crossEntropy` and `nll` share. */
export interface ClassLossOptions extends LossOptions {
  /** A weight w per class, `[C]`; the mean is then Σ wℓ / Σ w over the targets' classes. Default: 1 each. */
  weight?: Tensor;
  /** Targets of this value are passed over, as with a mask. Default -100. */
  ignoreIndex?: number;
}

/** The rows of a class loss's table of options. */
export const classLossOptions = {
  ...lossOptions,
  weight: optional(isTensor),
  ignoreIndex: optional(is.integer),
};

/** Class indices under scores `[…, C]`, checked. */
export interface ClassTargets {
  readonly positions: Shape;
  readonly classes: number;
  readonly targets: NumberArray;
  readonly weight: NumberArray | undefined;
  readonly ignoreIndex: number;
}

export function toClassTargets(
  name: string,
  scores: Tensor,
  targets: Tensor,
  { weight, ignoreIndex = -100 }: ClassLossOptions,
): ClassTargets {
  expectTensor(name, 'scores', scores);
  expectTensor(name, 'targets', targets);
  const positions = scores.shape.slice(0, -1);
  const classes = scores.shape.at(-1);
  if (!classes || !sameShape(positions, targets.shape))
    throw new ShapeError(
      `${name}: scores are ${showShape(scores.shape)}, expected targets ${showShape(positions)} and at least one class, got targets ${showShape(targets.shape)}`,
    );
  if (scores.dtype === 'int32')
    throw new DTypeError(`${name}: scores must be floating point, got int32`);
  if (targets.dtype !== 'int32')
    throw new DTypeError(
      `${name}: targets must be class indices in int32, got ${targets.dtype}; to('int32') converts them`,
    );
  if (weight && !sameShape(weight.shape, [classes]))
    throw new ShapeError(
      `${name}: weight is ${showShape(weight.shape)}, expected one for each class [${classes}]`,
    );
  if (weight?.data.some((w) => !(w >= 0 && w < Infinity)))
    throw new OptionError(`${name}: weight must hold numbers that are zero or more`);
  return { positions, classes, targets: targets.data, weight: weight?.data, ignoreIndex };
}

/** The class at a position, or -1 where the position does not count. @throws VocabularyError outside 0 … C−1 */
export function classAt(
  name: string,
  { targets, ignoreIndex, classes }: ClassTargets,
  row: number,
  counted: Counted,
): number {
  if (counted?.[row] === 0) return -1;
  const target = targets[row]!;
  if (target === ignoreIndex) return -1;
  if (target < 0 || target >= classes)
    throw new VocabularyError(
      `${name}: target ${target} is out of range, expected 0 to ${classes - 1}`,
    );
  return target;
}
