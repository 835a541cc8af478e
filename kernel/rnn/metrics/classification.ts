import { OptionError } from '../errors.js';
import { checkOptions, is, optional } from '../options.js';
import {
  checkSameLength,
  classMetricOptions,
  forEachClass,
  toNumbers,
  type ClassMetricOptions,
  type Numbers,
} from './classCounts.js';

/**
 * The share of targets that are predicted.
 *
 * @param predictions class indices of the targets' shape, or scores `[…, C]`, of which the largest decides
 * @param targets class indices `[…]`
 * @throws ShapeError if shapes do not fit, OptionError if no target counts
 */
export function accuracy(
  predictions: Numbers,
  targets: Numbers,
  options: ClassMetricOptions = {},
): number {
  checkOptions('accuracy', options, classMetricOptions);
  let right = 0;
  let count = 0;
  forEachClass('accuracy', predictions, targets, options, (predicted, target) => {
    count++;
    if (predicted === target) right++;
  });
  return right / count;
}

/** Options of `f1Score`. */
export interface F1Options extends ClassMetricOptions {
  /**
   * `'binary'`: of the class `positive`; `'macro'`: the mean over all classes that occur; `'micro'`: of all classes'
   * counts together. Default `'binary'`.
   */
  average?: 'binary' | 'macro' | 'micro';
  /** The class that `'binary'` looks for. Default 1. */
  positive?: number;
}

/** How often a class was found, claimed wrongly and missed. */
interface Counts {
  found: number;
  wrong: number;
  missed: number;
}

/**
 * F₁ = 2·P·R / (P + R), the harmonic mean of precision P (how much of what was claimed is so) and recall R (how much
 * of what is so was found); 0 where nothing is found.
 *
 * @param predictions class indices of the targets' shape, or scores `[…, C]`, of which the largest decides
 * @param targets class indices `[…]`
 * @throws ShapeError if shapes do not fit, OptionError if no target counts
 */
export function f1Score(predictions: Numbers, targets: Numbers, options: F1Options = {}): number {
  checkOptions('f1Score', options, {
    ...classMetricOptions,
    average: optional(is.oneOf('binary', 'macro', 'micro')),
    positive: optional(is.integer),
  });
  const { average = 'binary', positive = 1 } = options;
  const classes = new Map<number, Counts>();
  const countsOf = (index: number): Counts => {
    let counts = classes.get(index);
    if (!counts) classes.set(index, (counts = { found: 0, wrong: 0, missed: 0 }));
    return counts;
  };
  forEachClass('f1Score', predictions, targets, options, (predicted, target) => {
    if (predicted === target) countsOf(target).found++;
    else {
      countsOf(predicted).wrong++;
      countsOf(target).missed++;
    }
  });
  if (average === 'binary') return toF1(countsOf(positive));
  const all = [...classes.values()];
  if (average === 'macro') return all.reduce((sum, counts) => sum + toF1(counts), 0) / all.length;
  const total = (key: keyof Counts): number => all.reduce((sum, counts) => sum + counts[key], 0);
  return toF1({ found: total('found'), wrong: total('wrong'), missed: total('missed') });
}

const toF1 = ({ found, wrong, missed }: Counts): number =>
  found === 0 ? 0 : (2 * found) / (2 * found + wrong + missed);

/**
 * Area under the receiver operating characteristic: the probability that a positive has a higher score than a
 * negative, equal scores counting half.
 *
 * Source: J. A. Hanley, B. J. McNeil, Radiology 143(1), 1982
 *
 * @param scores a number for each case, higher for more likely positive
 * @param labels 1 for positives, 0 for negatives
 * @throws OptionError unless both occur and labels are 0 or 1, ShapeError for different numbers of both
 */
export function auc(scores: Numbers, labels: Numbers): number {
  const [s, y] = [toNumbers(scores), toNumbers(labels)];
  checkSameLength('auc', s, y);
  const order = Array.from(s, (_, i) => i).sort((a, b) => s[a]! - s[b]!);
  let positives = 0;
  let rankSum = 0;
  for (let from = 0, to = 0; from < order.length; from = to) {
    const score = s[order[from]!]!;
    if (Number.isNaN(score))
      throw new OptionError('auc: expected scores that are numbers, got NaN');
    while (to < order.length && s[order[to]!] === score) to++;
    // Equal scores share the mean of their ranks, which count from 1.
    const rank = (from + to + 1) / 2;
    for (const i of order.slice(from, to)) {
      const label = y[i]!;
      if (label !== 0 && label !== 1)
        throw new OptionError(`auc: expected labels 0 and 1, got ${label}`);
      positives += label;
      rankSum += label * rank;
    }
  }
  const negatives = order.length - positives;
  if (positives === 0 || negatives === 0)
    throw new OptionError(
      `auc: expected positives and negatives, got ${positives} and ${negatives}`,
    );
  return (rankSum - (positives * (positives + 1)) / 2) / (positives * negatives);
}
