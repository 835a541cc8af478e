/** Numbers for a reader that pays by the character: six significant digits, and not more of them than it asks for. */

/** Null where it is no finite number, as JSON has none. */
export function rounded(value: number | null | undefined): number | null {
  if (typeof value !== 'number' || !Number.isFinite(value)) return null;
  return Number(value.toPrecision(6));
}

/**
 * At most so many positions of a series, evenly spread, with the first, the last and those in `always` (a minimum, say)
 * among them. Ascending.
 */
export function thinnedPositions(
  length: number,
  most: number,
  always: readonly number[] = [],
): number[] {
  if (length <= most) return Array.from({ length }, (_, i) => i);
  const even = Math.max(2, most - always.length);
  const positions = new Set(always);
  for (let i = 0; i < even; i++) positions.add(Math.round((i * (length - 1)) / (even - 1)));
  return [...positions].sort((a, b) => a - b);
}
