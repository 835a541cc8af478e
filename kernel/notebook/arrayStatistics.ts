/** What there is to know of many numbers at a glance. NaN and infinities are counted, not mixed in. */
export interface ArrayStatistics {
  /** Numbers that were looked at: all of them, or every `stride`-th of a very long array. */
  count: number;
  min: number;
  max: number;
  mean: number;
  /** Of the population (divided by the number of values). */
  deviation: number;
  zeros: number;
  notANumber: number;
  infinite: number;
}

/** Above this many numbers a sample is taken, so that showing a tensor takes no noticeable time. */
const mostLookedAt = 1 << 22;

/** Mean and deviation by Welford's method: https://doi.org/10.1080/00401706.1962.10490022 */
export function toStatistics(data: ArrayLike<number>): ArrayStatistics {
  const stride = Math.ceil(data.length / mostLookedAt) || 1;
  let min = Infinity;
  let max = -Infinity;
  let mean = 0;
  let squares = 0;
  let finite = 0;
  let zeros = 0;
  let notANumber = 0;
  let infinite = 0;
  let count = 0;
  for (let i = 0; i < data.length; i += stride) {
    const value = data[i]!;
    count++;
    if (!Number.isFinite(value)) {
      if (Number.isNaN(value)) notANumber++;
      else infinite++;
      continue;
    }
    finite++;
    if (value === 0) zeros++;
    if (value < min) min = value;
    if (value > max) max = value;
    const distance = value - mean;
    mean += distance / finite;
    squares += distance * (value - mean);
  }
  const deviation = finite > 0 ? Math.sqrt(squares / finite) : NaN;
  if (finite === 0) [min, max, mean] = [NaN, NaN, NaN];
  return { count, min, max, mean, deviation, zeros, notANumber, infinite };
}
