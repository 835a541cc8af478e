import { OptionError } from '../errors.js';
import { toNumbers, type Numbers } from './classCounts.js';

/**
 * Σ x / n.
 * @throws OptionError for no number
 */
export function mean(values: Numbers): number {
  const numbers = toNumbers(values);
  if (numbers.length === 0) throw new OptionError('mean: expected a number or more, got none');
  let sum = 0;
  for (let i = 0; i < numbers.length; i++) sum += numbers[i]!;
  return sum / numbers.length;
}

/**
 * The value that a share of the values lies below, between two of them in proportion, as NumPy's `quantile`: 0 is the least, 0.5
 * the median, 1 the largest.
 *
 * @param share from 0 to 1
 * @throws OptionError for no number, NaN, or a share out of range
 */
export function quantile(values: Numbers, share: number): number {
  const sorted = Float64Array.from(toNumbers(values)).sort();
  if (sorted.length === 0) throw new OptionError('quantile: expected a number or more, got none');
  if (Number.isNaN(sorted.at(-1)!)) throw new OptionError('quantile: expected numbers, got NaN');
  if (!(share >= 0 && share <= 1))
    throw new OptionError(`quantile: expected a share from 0 to 1, got ${share}`);
  const place = share * (sorted.length - 1);
  const [below, above] = [sorted[Math.floor(place)]!, sorted[Math.ceil(place)]!];
  return below === above ? below : below + (place - Math.floor(place)) * (above - below);
}
