/**
 * Exponential moving average with bias correction, as TensorBoard draws it: with weight w,
 *
 *     s_n = w · s_(n−1) + (1 − w) · v_n,  s_0 = 0,    smoothed_n = s_n / (1 − wⁿ)
 *
 * The division takes out the pull of s_0 = 0, so the first value stays itself. A value that is not
 * finite (null) stays a gap and does not enter the average. `weight` lies in [0, 1); 0 changes nothing.
 */
export function smooth(values: readonly (number | null)[], weight: number): (number | null)[] {
  if (weight <= 0) return [...values];
  let average = 0;
  let startingShare = 1;
  return values.map((value) => {
    if (value === null) return null;
    average = weight * average + (1 - weight) * value;
    startingShare *= weight;
    return average / (1 - startingShare);
  });
}
