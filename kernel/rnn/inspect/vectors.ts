import type { NumberArray } from '../ndarray.js';

/** target += source */
export function addTo(target: NumberArray, source: ArrayLike<number>): void {
  for (let i = 0; i < target.length; i++) target[i]! += source[i]!;
}

/** Euclidean norm. */
export function norm(numbers: ArrayLike<number>): number {
  let sum = 0;
  for (let i = 0; i < numbers.length; i++) sum += numbers[i]! * numbers[i]!;
  return Math.sqrt(sum);
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
