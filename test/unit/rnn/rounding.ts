import type { NdArray } from '../../../kernel/rnn/ndarray.js';
import type { RandomStream } from '../../../kernel/rnn/random.js';
import { relativeError } from './relativeError.js';

const draws = 4;
/** What float32 may do in a run of ten or so operations a time step, as many times what it does to the numbers that go in. */
const timesInputs = 15;

/**
 * How far a computation in float32 may be from `expected`, array by array: 10⁻⁶, or where the computation makes errors grow,
 * 15 times what rounding the numbers that go in changes, in float64.
 *
 * @param computed the results where every number that goes in has gone through the function given
 */
export function float32Limits(
  expected: readonly NdArray[],
  computed: (round: (value: number) => number) => readonly NdArray[],
  stream: RandomStream,
): number[] {
  const round = (value: number): number =>
    value * (1 + (stream.uniform() < 0.5 ? -1 : 1) * 2 ** -24);
  const results = Array.from({ length: draws }, () => computed(round));
  return expected.map((array, k) => {
    const squares = results.map((rounded) => relativeError(array, rounded[k]!) ** 2);
    const typical = Math.sqrt(squares.reduce((sum, square) => sum + square, 0) / draws);
    return Math.max(1e-6, timesInputs * typical);
  });
}
