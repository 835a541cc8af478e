import type { NumberArray } from '../ndarray.js';

/** target += source */
export function addTo(target: NumberArray, source: ArrayLike<number>): void {
  for (let i = 0; i < target.length; i++) target[i]! += source[i]!;
}

/** Euclidean norm. */
export const norm = (numbers: ArrayLike<number>): number => Math.sqrt(squaredNorm(numbers));

/** Σ x², in four sums that need not wait for each other. */
export function squaredNorm(numbers: ArrayLike<number>): number {
  let [s0, s1, s2, s3] = [0, 0, 0, 0];
  const together = numbers.length - (numbers.length % 4);
  for (let i = 0; i < together; i += 4) {
    const [a, b, c, d] = [numbers[i]!, numbers[i + 1]!, numbers[i + 2]!, numbers[i + 3]!];
    s0 += a * a;
    s1 += b * b;
    s2 += c * c;
    s3 += d * d;
  }
  for (let i = together; i < numbers.length; i++) s0 += numbers[i]! * numbers[i]!;
  return s0 + s1 + (s2 + s3);
}

/** ‖a − b‖ / max(‖a‖, ‖b‖); 0 where both are zero. */
export function relativeError(a: ArrayLike<number>, b: NumberArray | Float64Array): number {
  let difference = 0;
  for (let i = 0; i < b.length; i++) difference += (a[i]! - b[i]!) ** 2;
  if (difference === 0) return 0;
  return Math.sqrt(difference) / Math.max(norm(a), norm(b));
}

/** At most `most` entries, the last always among them. */
export function spreadEvenly<T>(list: readonly T[], most: number): T[] {
  if (list.length <= most) return [...list];
  return Array.from(
    { length: most },
    (_, k) => list[list.length - 1 - Math.floor(((most - 1 - k) * list.length) / most)]!,
  );
}
