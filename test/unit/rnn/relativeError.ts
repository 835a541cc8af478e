import type { NdArray } from '../../../kernel/rnn/ndarray.js';

/**
 * ‖a − b‖ / ‖a‖, where a counts as numbers of size 1 at least, as the adjoints are that come in: where they cancel,
 * nothing is certain of the result but its rounding.
 */
export function relativeError(a: NdArray, b: NdArray): number {
  let [norm, difference] = [0, 0];
  a.data.forEach((value, i) => {
    norm += value * value;
    difference += (value - b.data[i]!) ** 2;
  });
  return Math.sqrt(difference / Math.max(norm, a.data.length));
}
