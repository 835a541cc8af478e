import { OptionError } from '../errors.js';
import { checkOptions, is, optional } from '../options.js';
import { checkSameLength, toNumbers, type Numbers } from './classCounts.js';

/** e to the mean cross-entropy in nats: between how many equally likely symbols a model wavers. */
export const perplexity = (nats: number): number => Math.exp(nats);

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
