import { OptionError } from '../errors.js';
import { checkOptions, is, optional } from '../options.js';
import { randomStream } from '../random.js';
import { Tensor } from '../tensor.js';
import { shuffledIndices } from './shuffle.js';

/** Samples or a series in three parts. */
export interface Parts<T> {
  training: T;
  validation: T;
  test: T;
}

export interface SplitSizes {
  /** Share (below 1) or number of those held out for decisions during training. Default 0. */
  validation?: number;
  /** Share (below 1) or number of those held out to the end. Default 0.2. */
  test?: number;
}

/** Options of `splitSeries`. */
export interface SplitSeriesOptions extends SplitSizes {
  /** Time steps left out between two parts. Default 0. */
  gap?: number;
}

/** What is ordered in time and can be cut. */
export type Series =
  | Tensor
  | Float32Array
  | Float64Array
  | Int32Array
  | readonly number[]
  | readonly ArrayLike<number>[];

const sizes = { validation: optional(is.nonNegative), test: optional(is.nonNegative) };
const toCount = (size: number, total: number): number =>
  size < 1 ? Math.round(size * total) : size;

/**
 * Cuts a series in time order: training first, test last, `gap` time steps left out between. Nothing that a model
 * trained on the first part may see lies in the others; fit scalers on the first part, too.
 *
 * @throws OptionError if a part that was asked for, or the training part, would be empty
 */
export function splitSeries<S extends Series>(
  series: S,
  options: SplitSeriesOptions = {},
): Parts<S> {
  checkOptions('splitSeries', options, { ...sizes, gap: optional(is.nonNegative) });
  const { gap = 0 } = options;
  const length = series instanceof Tensor ? series.shape[0]! : series.length;
  const { validation, test } = countParts('splitSeries', length, options);
  const slice = (from: number, to: number): S =>
    (series instanceof Tensor ? rowsOf(series, from, to) : series.slice(from, to)) as S;
  const testFrom = length - test;
  const validationTo = test > 0 ? testFrom - gap : length;
  const validationFrom = validationTo - validation;
  const trainingTo = validation > 0 ? validationFrom - gap : validationTo;
  if (trainingTo < 1)
    throw new OptionError(
      `splitSeries: nothing is left to train on, ${length} time steps without ${validation} and ${test} held out and gaps of ${gap}`,
    );
  return {
    training: slice(0, trainingTo),
    validation: slice(validationFrom, validationTo),
    test: slice(testFrom, length),
  };
}

function rowsOf({ data, shape, size }: Tensor, from: number, to: number): Tensor {
  const width = size / shape[0]!;
  return new Tensor(data.slice(from * width, to * width), [to - from, ...shape.slice(1)]);
}

function countParts(owner: string, total: number, { validation = 0, test = 0.2 }: SplitSizes) {
  const counts = { validation: toCount(validation, total), test: toCount(test, total) };
  for (const [name, size] of Object.entries({ validation, test })) {
    const count = counts[name as keyof typeof counts];
    if (!Number.isInteger(count) || (size > 0 && count === 0))
      throw new OptionError(
        `${owner}: ${name} = ${size} of ${total} is ${count}, expected one or more`,
      );
  }
  return counts;
}

/** Options of `walkForward`. */
export interface WalkForwardOptions {
  /** Number of folds. */
  folds: number;
  /** Time steps of each test part. Default: ⌊length / (folds + 1)⌋. */
  testLength?: number;
  /** Most time steps of a training part. Default: all before the test part. */
  trainingLength?: number;
  /** Time steps left out between training and test part. Default 0. */
  gap?: number;
}

/** Time steps from (included) and to (not included). */
export interface Span {
  from: number;
  to: number;
}

/**
 * Cross-validation for series: each fold is tested on time steps right after those that it may train on.
 * Source: https://scikit-learn.org/stable/modules/generated/sklearn.model_selection.TimeSeriesSplit.html
 *
 * @throws OptionError if the first fold would have nothing to train on
 */
export function walkForward(
  length: number,
  options: WalkForwardOptions,
): { training: Span; test: Span }[] {
  checkOptions('walkForward', options, {
    folds: is.positiveInteger,
    testLength: optional(is.positiveInteger),
    trainingLength: optional(is.positiveInteger),
    gap: optional(is.nonNegative),
  });
  const { folds, gap = 0, trainingLength = Infinity } = options;
  const testLength = options.testLength ?? Math.floor(length / (folds + 1));
  const first = length - folds * testLength;
  if (testLength < 1 || first - gap < 1)
    throw new OptionError(
      `walkForward: ${length} time steps are too few for ${folds} folds tested on ${testLength} each after a gap of ${gap}`,
    );
  return Array.from({ length: folds }, (_, k) => {
    const from = first + k * testLength;
    const to = from - gap;
    return {
      training: { from: Math.max(0, to - trainingLength), to },
      test: { from, to: from + testLength },
    };
  });
}

/** Options of `splitSamples`. */
export interface SplitSamplesOptions<T> extends SplitSizes {
  /**
   * Samples with the same value (a speaker, a patient, a document) stay in one part. Shares then count groups.
   * Default: every sample on its own.
   */
  groupBy?: (sample: T) => unknown;
}

/**
 * Splits samples at random, fixed by `manualSeed`, groups undivided.
 * @throws OptionError if a part that was asked for, or the training part, would be empty
 */
export function splitSamples<T>(
  samples: readonly T[],
  options: SplitSamplesOptions<T> = {},
): Parts<T[]> {
  checkOptions('splitSamples', options, { ...sizes, groupBy: optional(is.function) });
  const { groupBy } = options;
  const groups = new Map<unknown, T[]>();
  samples.forEach((sample, i) => {
    const key = groupBy ? groupBy(sample) : i;
    const group = groups.get(key);
    if (group) group.push(sample);
    else groups.set(key, [sample]);
  });
  const all = [...groups.values()];
  const { validation, test } = countParts('splitSamples', all.length, options);
  if (validation + test >= all.length)
    throw new OptionError(
      `splitSamples: nothing is left to train on, ${all.length} groups without ${validation} and ${test} held out`,
    );
  const order = shuffledIndices(all.length, randomStream('splitSamples'));
  const take = (from: number, to: number): T[] =>
    Array.from(order.subarray(from, to)).flatMap((k) => all[k]!);
  return {
    test: take(0, test),
    validation: take(test, test + validation),
    training: take(test + validation, all.length),
  };
}
