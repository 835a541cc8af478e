import { type Line, lastAtMost, nearest } from './lines.js';

/** The chart at one place: what the tooltip says. */
export interface Reading {
  /** On the chosen axis. */
  x: number;
  step: number;
  seconds: number;
  values: SeriesReading[];
}

export interface SeriesReading {
  name: string;
  colour: number;
  /** Where this series was measured: at the reading's step, or last before it. */
  step: number;
  x: number;
  measured: number | null;
  /** Value of the strong line; equal to `measured` where nothing is smoothed. */
  shown: number | null;
}

/** The measurement nearest to `x` along the axis, and what each series was at that time. */
export function readAt(lines: readonly Line[], x: number): Reading | undefined {
  let best: { line: Line; index: number; distance: number } | undefined;
  for (const line of lines) {
    const index = nearest(line.x, x);
    if (index < 0) continue;
    const distance = Math.abs(line.x[index]! - x);
    if (!best || distance < best.distance) best = { line, index, distance };
  }
  if (!best) return undefined;
  const { line: source, index: at } = best;
  const position = source.x[at]!;
  const values = lines.flatMap((line): SeriesReading[] => {
    const index = line === source ? at : lastAtMost(line.x, position);
    if (index < 0) return [];
    return [
      {
        name: line.name,
        colour: line.colour,
        step: line.step[index]!,
        x: line.x[index]!,
        measured: line.measured[index]!,
        shown: line.shown[index]!,
      },
    ];
  });
  return { x: position, step: source.step[at]!, seconds: source.seconds[at]!, values };
}

/** The measurement `by` places further along the series with the most measurements. */
export function moveReading(lines: readonly Line[], from: number | undefined, by: number): number {
  const longest = lines.reduce<readonly number[]>(
    (column, line) => (line.x.length > column.length ? line.x : column),
    [],
  );
  if (longest.length === 0) return 0;
  const start = from === undefined ? longest.length - 1 : nearest(longest, from);
  const index = from === undefined && by !== 0 && Number.isFinite(by) ? start : start + by;
  return longest[Math.min(longest.length - 1, Math.max(0, index))]!;
}
