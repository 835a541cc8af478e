import { OptionError } from '../errors.js';
import { checkOptions, is, optional } from '../options.js';

/** A text, split at white space, or its tokens. */
export type Tokens = string | readonly (string | number)[];

/** Options of `bleu`. */
export interface BleuOptions {
  /** N, the longest n-grams. Default 4. */
  maxOrder?: number;
  /**
   * `'none'`: an order without any match makes the score 0; `'addOne'`: 1 is added to matches and totals of orders
   * above one (Lin and Och 2004), for single sentences. Default `'none'`.
   */
  smoothing?: 'none' | 'addOne';
}

/** BLEU and what it is made of. */
export interface BleuScore {
  /** brevityPenalty · exp(mean ln precisions), from 0 to 1. */
  score: number;
  /** Clipped n-gram precisions, for n = 1 … N. */
  precisions: number[];
  /** 1, or e^(1 − r/c) where candidates are shorter than references. */
  brevityPenalty: number;
  /** c, tokens of all candidates. */
  candidateLength: number;
  /** r, tokens of the references closest in length, of equally close ones the shorter. */
  referenceLength: number;
}

/**
 * Corpus BLEU: n-gram matches, each clipped to how often the n-gram occurs in one reference at most, summed over the
 * corpus before precisions are taken.
 *
 * Source: K. Papineni, S. Roukos, T. Ward, W.-J. Zhu, "BLEU: a method for automatic evaluation of machine translation",
 * ACL 2002, https://aclanthology.org/P02-1040
 *
 * @param candidates translations
 * @param references for each candidate one or more
 * @throws OptionError for different numbers of both, or a candidate without reference
 */
export function bleu(
  candidates: readonly Tokens[],
  references: readonly (readonly Tokens[])[],
  options: BleuOptions = {},
): BleuScore {
  checkOptions('bleu', options, {
    maxOrder: optional(is.positiveInteger),
    smoothing: optional(is.oneOf('none', 'addOne')),
  });
  const { maxOrder = 4, smoothing = 'none' } = options;
  if (candidates.length !== references.length || candidates.length === 0)
    throw new OptionError(
      `bleu: got ${candidates.length} candidates and ${references.length} lists of references, expected as many, one at least`,
    );
  const matches = new Array<number>(maxOrder).fill(0);
  const totals = new Array<number>(maxOrder).fill(0);
  let candidateLength = 0;
  let referenceLength = 0;
  candidates.forEach((candidate, k) => {
    const tokens = toTokens(candidate);
    const others = references[k]!.map(toTokens);
    candidateLength += tokens.length;
    referenceLength += closestLength(tokens.length, others, k);
    for (let n = 1; n <= maxOrder; n++) {
      matches[n - 1]! += countMatches(tokens, others, n);
      totals[n - 1]! += Math.max(0, tokens.length - n + 1);
    }
  });
  const precisions = matches.map((count, i) => {
    const added = smoothing === 'addOne' && i > 0 ? 1 : 0;
    return totals[i]! + added === 0 ? 0 : (count + added) / (totals[i]! + added);
  });
  const brevityPenalty =
    candidateLength >= referenceLength ? 1 : Math.exp(1 - referenceLength / candidateLength);
  const meanLog = precisions.reduce((sum, p) => sum + Math.log(p), 0) / maxOrder;
  const score = brevityPenalty * Math.exp(meanLog);
  return { score, precisions, brevityPenalty, candidateLength, referenceLength };
}

const toTokens = (text: Tokens): readonly (string | number)[] =>
  typeof text === 'string' ? text.split(/\s+/).filter(Boolean) : text;

function closestLength(
  length: number,
  references: readonly ArrayLike<unknown>[],
  k: number,
): number {
  if (references.length === 0)
    throw new OptionError(`bleu: candidate ${k} has no reference, expected one at least`);
  return references
    .map((reference) => reference.length)
    .reduce((best, one) => {
      const [p, q] = [Math.abs(one - length), Math.abs(best - length)];
      return p < q || (p === q && one < best) ? one : best;
    });
}

function countMatches(
  candidate: readonly (string | number)[],
  references: readonly (readonly (string | number)[])[],
  n: number,
): number {
  const most = new Map<string, number>();
  for (const reference of references)
    for (const [ngram, count] of countNgrams(reference, n))
      most.set(ngram, Math.max(most.get(ngram) ?? 0, count));
  let matches = 0;
  for (const [ngram, count] of countNgrams(candidate, n))
    matches += Math.min(count, most.get(ngram) ?? 0);
  return matches;
}

function countNgrams(tokens: readonly (string | number)[], n: number): Map<string, number> {
  const counts = new Map<string, number>();
  for (let i = 0; i + n <= tokens.length; i++) {
    const ngram = JSON.stringify(tokens.slice(i, i + n));
    counts.set(ngram, (counts.get(ngram) ?? 0) + 1);
  }
  return counts;
}
