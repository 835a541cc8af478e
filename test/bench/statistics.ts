/** The few numbers that a benchmark reports. */

/** @throws RangeError if there is none */
export function median(values: readonly number[]): number {
  if (values.length === 0) throw new RangeError('median: expected at least one number, got none');
  const sorted = values.toSorted((a, b) => a - b);
  const middle = sorted.length >> 1;
  return sorted.length % 2 ? sorted[middle]! : (sorted[middle - 1]! + sorted[middle]!) / 2;
}

export interface Ratio {
  readonly median: number;
  readonly lowest: number;
  readonly highest: number;
}

/** One ratio per round, so that what slows a whole round down cancels. */
export function ratioPerRound(times: readonly number[], ownTimes: readonly number[]): Ratio {
  if (times.length !== ownTimes.length)
    throw new RangeError(
      `ratioPerRound: expected as many rounds of both, got ${times.length} and ${ownTimes.length}`,
    );
  const ratios = times.map((time, round) => time / ownTimes[round]!);
  return { median: median(ratios), lowest: Math.min(...ratios), highest: Math.max(...ratios) };
}

/** The exponent k of y ≈ a·xᵏ: the slope of the least-squares line through (ln x, ln y). */
export function fitExponent(xs: readonly number[], ys: readonly number[]): number {
  const mean = (values: readonly number[]) => values.reduce((a, b) => a + b, 0) / values.length;
  const [u, v] = [xs.map(Math.log), ys.map(Math.log)];
  const [uMean, vMean] = [mean(u), mean(v)];
  const covariance = mean(u.map((one, i) => (one - uMean) * (v[i]! - vMean)));
  return covariance / mean(u.map((one) => (one - uMean) ** 2));
}

/** |a − b| / max(|a|, |b|). */
export const relativeDifference = (a: number, b: number): number =>
  a === b ? 0 : Math.abs(a - b) / Math.max(Math.abs(a), Math.abs(b));
