import { OptionError } from '../errors.js';
import { checkOptions, is, optional } from '../options.js';

export interface NgramOptions {
  /** 1: symbols alone (unigram), 2: given the symbol before (bigram). */
  order: 1 | 2;
  vocabularySize: number;
  /** α, added to every count so that no symbol is impossible. Default 0.1. */
  smoothing?: number;
}

/**
 * Cross-entropy of a held-out sequence under counts of the training sequence, in bits per symbol:
 * −1/N · Σ log₂ p(xᵢ | xᵢ₋₁), with p(x | y) = (count(y, x) + α) / (count(y) + α·V).
 * What a model must beat to have learnt more than frequencies.
 */
export function ngramEntropy(
  training: ArrayLike<number>,
  heldOut: ArrayLike<number>,
  options: NgramOptions,
): number {
  checkOptions('ngramEntropy', options, {
    order: is.oneOf(1, 2),
    vocabularySize: is.positiveInteger,
    smoothing: optional(is.positive),
  });
  const { order, vocabularySize: size, smoothing = 0.1 } = options;
  if (training.length < order || heldOut.length < order)
    throw new OptionError(`ngramEntropy: expected sequences of at least ${order} symbols`);
  const contextOf = (sequence: ArrayLike<number>, i: number): number =>
    order === 1 ? 0 : sequence[i - 1]!;
  const contexts = order === 1 ? 1 : size;
  const pairs = new Float64Array(contexts * size);
  const totals = new Float64Array(contexts);
  for (let i = order - 1; i < training.length; i++) {
    const context = contextOf(training, i);
    pairs[context * size + training[i]!]!++;
    totals[context]!++;
  }
  let bits = 0;
  for (let i = order - 1; i < heldOut.length; i++) {
    const context = contextOf(heldOut, i);
    const count = pairs[context * size + heldOut[i]!]!;
    bits -= Math.log2((count + smoothing) / (totals[context]! + smoothing * size));
  }
  return bits / (heldOut.length - order + 1);
}
