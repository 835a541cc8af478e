import { OptionError } from '../errors.js';
import { checkOptions, is, optional } from '../options.js';
import { checkSameLength, toNumbers, type Numbers } from './classCounts.js';

/** e^H, with H the mean cross-entropy in nats: between how many equally likely symbols a model wavers. */
export const perplexity = (nats: number): number => Math.exp(nats);

/** Options of `bitsPerCharacter`. */
export interface BitsPerCharacterOptions {
  /** Symbols that the cross-entropy is the mean over. Default 1. */
  symbols?: number;
  /** Characters that these symbols stand for. Default: as many. */
  characters?: number;
}

/**
 * A mean cross-entropy in nats per symbol as bits per character: nats / ln 2 · symbols / characters. With both counts
 * of a text, models with different vocabularies can be compared.
 */
export function bitsPerCharacter(nats: number, options: BitsPerCharacterOptions = {}): number {
  checkOptions('bitsPerCharacter', options, {
    symbols: optional(is.positive),
    characters: optional(is.positive),
  });
  const { symbols = 1, characters = symbols } = options;
  return ((nats / Math.LN2) * symbols) / characters;
}

/** Options of `nrmse`. */
export interface NrmseOptions {
  /** What the error is divided by: the targets' standard deviation, their range or their mean. Default `'deviation'`. */
  by?: 'deviation' | 'range' | 'mean';
  /** 1 where a target counts and 0 where not. Default: all count. */
  mask?: Numbers;
}

/**
 * Normalised root of the mean squared error, √(mean (ŷ − y)²) / σ(y): 1 for who always says the mean.
 *
 * @throws ShapeError for different numbers of predictions and targets, OptionError where targets do not vary
 */
export function nrmse(predictions: Numbers, targets: Numbers, options: NrmseOptions = {}): number {
  checkOptions('nrmse', options, {
    by: optional(is.oneOf('deviation', 'range', 'mean')),
    mask: optional(is.object),
  });
  const { by = 'deviation', mask } = options;
  const [p, all] = [toNumbers(predictions), toNumbers(targets)];
  checkSameLength('nrmse', p, all);
  const counts = mask && toNumbers(mask);
  if (counts) checkSameLength('nrmse: mask', counts, all);
  let squares = 0;
  const y: number[] = [];
  for (let i = 0; i < all.length; i++) {
    if (counts?.[i] === 0) continue;
    squares += (p[i]! - all[i]!) ** 2;
    y.push(all[i]!);
  }
  const scale = scales[by](y);
  if (!(scale > 0))
    throw new OptionError(`nrmse: expected targets with a ${by} above 0, got ${scale}`);
  return Math.sqrt(squares / y.length) / scale;
}

const mean = (values: readonly number[]): number =>
  values.reduce((sum, value) => sum + value, 0) / values.length;

const scales = {
  deviation: (y: readonly number[]): number => {
    const centre = mean(y);
    return Math.sqrt(mean(y.map((value) => (value - centre) ** 2)));
  },
  range: (y: readonly number[]): number =>
    y.reduce((most, value) => Math.max(most, value), -Infinity) -
    y.reduce((least, value) => Math.min(least, value), Infinity),
  mean: (y: readonly number[]): number => Math.abs(mean(y)),
};

/**
 * Pearson's correlation of two series, Σ (a − ā)(b − b̄) / √(Σ (a − ā)² · Σ (b − b̄)²): from −1 to 1, and 0 where one
 * of them does not vary.
 *
 * @throws ShapeError for different lengths, OptionError for less than two numbers
 */
export function correlation(a: Numbers, b: Numbers): number {
  const [x, y] = [toNumbers(a), toNumbers(b)];
  checkSameLength('correlation', x, y);
  if (x.length < 2)
    throw new OptionError(`correlation: expected two numbers or more, got ${x.length}`);
  let [meanX, meanY] = [0, 0];
  for (let i = 0; i < x.length; i++) {
    meanX += x[i]! / x.length;
    meanY += y[i]! / x.length;
  }
  let [xy, xx, yy] = [0, 0, 0];
  for (let i = 0; i < x.length; i++) {
    const [dx, dy] = [x[i]! - meanX, y[i]! - meanY];
    xy += dx * dy;
    xx += dx * dx;
    yy += dy * dy;
  }
  return xx > 0 && yy > 0 ? xy / Math.sqrt(xx * yy) : 0;
}

/** Options of `mase`. */
export interface MaseOptions {
  /** m, time steps after which the series resembles itself: 12 for months, 1 where it has no season. Default 1. */
  season?: number;
}

/**
 * Mean absolute scaled error: the mean of |ŷ − y|, divided by the error that "as one season ago" makes on the training
 * series, 1/(N − m) · Σ |xₜ − xₜ₋ₘ|. Comparable across series, horizons and units; below 1 is better than the naive
 * forecast was on the training series.
 *
 * Source: R. J. Hyndman, A. B. Koehler, "Another look at measures of forecast accuracy", International Journal of
 * Forecasting 22(4), 2006
 *
 * @param training the series that the forecaster learnt from, in time order
 * @throws ShapeError for different numbers of predictions and targets, OptionError where the training series is no
 * longer than a season or repeats itself exactly
 */
export function mase(
  predictions: Numbers,
  targets: Numbers,
  training: Numbers,
  options: MaseOptions = {},
): number {
  checkOptions('mase', options, { season: optional(is.positiveInteger) });
  const { season = 1 } = options;
  const [p, y, x] = [toNumbers(predictions), toNumbers(targets), toNumbers(training)];
  checkSameLength('mase', p, y);
  let [error, naive] = [0, 0];
  for (let i = 0; i < y.length; i++) error += Math.abs(p[i]! - y[i]!) / y.length;
  for (let t = season; t < x.length; t++)
    naive += Math.abs(x[t]! - x[t - season]!) / (x.length - season);
  if (!(naive > 0))
    throw new OptionError(
      `mase: expected a training series longer than its season of ${season} that varies from one to the next`,
    );
  return error / naive;
}

/**
 * The share of targets within their interval, bounds included: near 0.8 for honest intervals of 80 %.
 *
 * @throws ShapeError for different numbers of bounds and targets
 */
export function coverage(lower: Numbers, upper: Numbers, targets: Numbers): number {
  const [from, to, y] = [toNumbers(lower), toNumbers(upper), toNumbers(targets)];
  checkSameLength('coverage: lower', from, y);
  checkSameLength('coverage: upper', to, y);
  let within = 0;
  for (let i = 0; i < y.length; i++) if (y[i]! >= from[i]! && y[i]! <= to[i]!) within++;
  return within / y.length;
}
