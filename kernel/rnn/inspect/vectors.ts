import type { NumberArray } from '../ndarray.js';

/** target += source */
export function addTo(target: NumberArray, source: ArrayLike<number>): void {
  for (let i = 0; i < target.length; i++) target[i]! += source[i]!;
}

/** Σ x² of what is added, and of the sum. */
export interface Squares {
  added: number;
  sum: number;
}

/** target += source, and the squares of both, while the numbers are at hand. */
export function addMeasured(
  target: NumberArray,
  source: ArrayLike<number>,
  squares: Squares,
): void {
  let added = 0;
  let addedToo = 0;
  let sum = 0;
  let sumToo = 0;
  const paired = target.length - (target.length % 2);
  // Two sums of each that need not wait for each other.
  for (let i = 0; i < paired; i += 2) {
    const one = source[i]!;
    const other = source[i + 1]!;
    const total = target[i]! + one;
    const totalToo = target[i + 1]! + other;
    target[i] = total;
    target[i + 1] = totalToo;
    added += one * one;
    addedToo += other * other;
    sum += total * total;
    sumToo += totalToo * totalToo;
  }
  if (paired < target.length) {
    const one = source[paired]!;
    const total = target[paired]! + one;
    target[paired] = total;
    added += one * one;
    sum += total * total;
  }
  squares.added = added + addedToo;
  squares.sum = sum + sumToo;
}

/** Euclidean norm. */
export const norm = (numbers: ArrayLike<number>): number => Math.sqrt(squaredNorm(numbers));

/** Σ x², in two sums that need not wait for each other. */
export function squaredNorm(numbers: ArrayLike<number>): number {
  let even = 0;
  let odd = 0;
  const paired = numbers.length - (numbers.length % 2);
  for (let i = 0; i < paired; i += 2) {
    even += numbers[i]! * numbers[i]!;
    odd += numbers[i + 1]! * numbers[i + 1]!;
  }
  if (paired < numbers.length) even += numbers[paired]! * numbers[paired]!;
  return even + odd;
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
