import { OptionError, ShapeError } from '../errors.js';
import { sameShape, showShape } from '../ndarray.js';
import { optional, is } from '../options.js';
import { Tensor } from '../tensor.js';

/** Numbers as a metric takes them. */
export type Numbers = Tensor | ArrayLike<number>;

export const toNumbers = (values: Numbers): ArrayLike<number> =>
  values instanceof Tensor ? values.data : values;

/** Options that metrics of classes share. */
export interface ClassMetricOptions {
  /** Targets of this value do not count. Default −100. */
  ignoreIndex?: number;
  /** 1 where a target counts and 0 where not, of the targets' shape. Default: all count. */
  mask?: Numbers;
}

export const classMetricOptions = {
  ignoreIndex: optional(is.integer),
  mask: optional(is.object),
};

/**
 * Calls `visit(predicted, target)` for every target that counts. Predictions are class indices, or scores with one
 * more dimension than the targets, of which the largest decides.
 *
 * @throws ShapeError if predictions, targets and mask do not fit, OptionError if no target counts
 */
export function forEachClass(
  owner: string,
  predictions: Numbers,
  targets: Numbers,
  { ignoreIndex = -100, mask }: ClassMetricOptions,
  visit: (predicted: number, target: number) => void,
): void {
  const isScores =
    predictions instanceof Tensor &&
    targets instanceof Tensor &&
    predictions.shape.length === targets.shape.length + 1;
  const chosen = isScores ? predictions.argmax() : predictions;
  if (
    chosen instanceof Tensor &&
    targets instanceof Tensor &&
    !sameShape(chosen.shape, targets.shape)
  )
    throw new ShapeError(
      `${owner}: predictions are ${showShape((predictions as Tensor).shape)}, expected the shape of the targets ${showShape(targets.shape)}, or scores with the classes as one more dimension`,
    );
  const [p, t] = [toNumbers(chosen), toNumbers(targets)];
  checkSameLength(owner, p, t);
  const counts = mask && toNumbers(mask);
  if (counts && counts.length !== t.length)
    throw new ShapeError(`${owner}: mask has ${counts.length} numbers, expected ${t.length}`);
  let count = 0;
  for (let i = 0; i < t.length; i++) {
    if (t[i] === ignoreIndex || counts?.[i] === 0) continue;
    count++;
    visit(p[i]!, t[i]!);
  }
  if (count === 0)
    throw new OptionError(`${owner}: expected at least one target that counts, got none`);
}

/** @throws ShapeError */
export function checkSameLength(
  owner: string,
  predictions: ArrayLike<number>,
  targets: ArrayLike<number>,
): void {
  if (predictions.length !== targets.length)
    throw new ShapeError(
      `${owner}: got ${predictions.length} predictions, expected ${targets.length} as there are targets`,
    );
}
