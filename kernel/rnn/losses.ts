import { ShapeError } from './errors.js';
import { sameShape, showShape } from './ndarray.js';
import { none } from './ops/rule.js';
import { checkOptions, is, optional } from './options.js';
import { applyOp, type Tensor } from './tensor.js';

export interface LossOptions {
  /** How the losses of single elements become the result. Default `'mean'`. */
  reduction?: 'mean' | 'sum' | 'none';
}

function reduce(owner: string, losses: Tensor, options: LossOptions): Tensor {
  checkOptions(owner, options, { reduction: optional(is.oneOf('mean', 'sum', 'none')) });
  const { reduction = 'mean' } = options;
  if (reduction === 'none') return losses;
  return reduction === 'mean' ? losses.mean() : losses.sum();
}

/**
 * Cross-entropy between logits and class indices, −ln softmax(x)[target], in nats.
 *
 * Unlike PyTorch, the classes are always the last axis, so a whole sequence goes in as it comes out:
 * logits `[…, C]`, targets `[…]` (int32).
 *
 * @throws ShapeError if targets do not have the logits' leading dimensions, VocabularyError for a target outside 0 … C−1
 */
export function crossEntropy(logits: Tensor, targets: Tensor, options: LossOptions = {}): Tensor {
  return reduce('crossEntropy', applyOp('crossEntropy', [logits, targets], none), options);
}

/**
 * Squared error (prediction − target)².
 * @throws ShapeError unless both have one shape
 */
export function mse(prediction: Tensor, target: Tensor, options: LossOptions = {}): Tensor {
  if (!sameShape(prediction.shape, target.shape))
    throw new ShapeError(
      `mse: prediction is ${showShape(prediction.shape)}, expected the shape of the target ${showShape(target.shape)}`,
    );
  const difference = prediction.sub(target);
  return reduce('mse', difference.mul(difference), options);
}
