import { OptionError } from '../errors.js';
import { checkOptions, is, optional } from '../options.js';

/** Options of `ngramEntropy`. */
export interface NgramOptions {
  /** n, the symbols that are counted together: 1 for symbols alone (unigram), 2 given the one before (bigram), … */
  order: number;
  /** V: symbols are 0 … V − 1. */
  vocabularySize: number;
  /** α, added to every count so that no symbol is impossible; with `backOff` only to those of single symbols. Default 0.1. */
  smoothing?: number;
  /** Mix the counts of all shorter contexts in. Default: from order 3 on. */
  backOff?: boolean;
}

/** How often each symbol followed one context. */
type Counts = Map<number, number> & { total?: number };

/**
 * Cross-entropy of a held-out sequence under counts of the training sequence, in bits per symbol:
 * −1/N · Σ log₂ p(xᵢ | the n−1 symbols before), with p(x | y) = (count(y, x) + α) / (count(y) + α·V).
 * What a model must beat to have learnt more than frequencies.
 *
 * With `backOff`, contexts of every length up to n−1 are mixed, each weighed by how much it knows (Witten–Bell):
 * p(x | y) = (count(y, x) + d(y) · p(x | y without its first symbol)) / (count(y) + d(y)), where d(y) is the number of
 * different symbols that followed y.
 *
 * Source: I. H. Witten, T. C. Bell, "The zero-frequency problem", IEEE Transactions on Information Theory 37(4), 1991
 */
export function ngramEntropy(
  training: ArrayLike<number>,
  heldOut: ArrayLike<number>,
  options: NgramOptions,
): number {
  checkOptions('ngramEntropy', options, {
    order: is.positiveInteger,
    vocabularySize: is.positiveInteger,
    smoothing: optional(is.positive),
    backOff: optional(is.boolean),
  });
  const { order, vocabularySize: size, smoothing = 0.1, backOff = order > 2 } = options;
  if (training.length < order || heldOut.length < order)
    throw new OptionError(`ngramEntropy: expected sequences of at least ${order} symbols`);
  const lengths = backOff ? Array.from({ length: order }, (_, k) => k) : [order - 1];
  const tables = lengths.map((length) => countAfter(training, length));
  let bits = 0;
  for (let i = order - 1; i < heldOut.length; i++) {
    let p = 1 / size;
    for (const [k, length] of lengths.entries()) {
      const counts = tables[k]!.get(contextBefore(heldOut, i, length));
      if (!counts && k > 0) break;
      // Uniform is what the shortest context backs off to.
      const weight = k === 0 ? smoothing * size : counts!.size;
      p = ((counts?.get(heldOut[i]!) ?? 0) + weight * p) / ((counts?.total ?? 0) + weight);
    }
    bits -= Math.log2(p);
  }
  return bits / (heldOut.length - order + 1);
}

function countAfter(sequence: ArrayLike<number>, length: number): Map<string, Counts> {
  const table = new Map<string, Counts>();
  for (let i = length; i < sequence.length; i++) {
    const context = contextBefore(sequence, i, length);
    let counts = table.get(context);
    if (!counts) table.set(context, (counts = new Map<number, number>()));
    counts.set(sequence[i]!, (counts.get(sequence[i]!) ?? 0) + 1);
    counts.total = (counts.total ?? 0) + 1;
  }
  return table;
}

function contextBefore(sequence: ArrayLike<number>, i: number, length: number): string {
  let context = '';
  for (let k = i - length; k < i; k++) context += String.fromCodePoint(sequence[k]!);
  return context;
}
