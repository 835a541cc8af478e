/**
 * Numbers as a grid of coloured squares, an SVG of a few kilobytes at most. Colours are one hue per sign, laid
 * over whatever background there is, so the picture reads on light and on dark.
 */
import { escapeHtml } from './escapeHtml.js';

/** A matrix of numbers: row-major, `rows` × `columns`. */
export interface Matrix {
  data: ArrayLike<number>;
  rows: number;
  columns: number;
}

const mostRows = 48;
const mostColumns = 96;
const levels = 10;
/** Vermilion and blue of the Okabe–Ito palette, and reddish purple for what is no number. */
export const heatColours = { negative: '#d55e00', positive: '#0072b2', notANumber: '#cc79a7' };

/** How strong a value is drawn, from -1 to 1. */
export type Intensity = (value: number) => number;

/**
 * Around zero where there are both signs; else from the smallest to the largest value.
 */
export function toIntensity(min: number, max: number): Intensity {
  if (!(max > min)) return (value) => Math.sign(value) * 0.5;
  if (min < 0 && max > 0) {
    const largest = Math.max(-min, max);
    return (value) => value / largest;
  }
  const sign = max <= 0 ? -1 : 1;
  const nearest = sign < 0 ? max : min;
  const range = max - min;
  return (value) => sign * (0.06 + 0.94 * (Math.abs(value - nearest) / range));
}

/** The grid as it is drawn: each square the mean of `block` numbers; NaN where any of them is. */
export function toGrid({ data, rows, columns }: Matrix): Matrix & { block: [number, number] } {
  const down = Math.ceil(rows / mostRows) || 1;
  const across = Math.ceil(columns / mostColumns) || 1;
  const grid = { rows: Math.ceil(rows / down), columns: Math.ceil(columns / across) };
  const means = new Float64Array(grid.rows * grid.columns);
  for (let r = 0; r < grid.rows; r++)
    for (let c = 0; c < grid.columns; c++) {
      const ends = [Math.min(rows, (r + 1) * down), Math.min(columns, (c + 1) * across)] as const;
      let sum = 0;
      let count = 0;
      for (let i = r * down; i < ends[0]; i++)
        for (let j = c * across; j < ends[1]; j++) {
          sum += data[i * columns + j]!;
          count++;
        }
      means[r * grid.columns + c] = sum / count;
    }
  return { ...grid, data: means, block: [down, across] };
}

/** @param label What a screen reader says. */
export function heatMap(grid: Matrix, intensity: Intensity, label: string): string {
  const { rows, columns } = grid;
  const paths = new Map<number, string>();
  for (let r = 0; r < rows; r++)
    for (let c = 0; c < columns;) {
      const level = levelAt(grid, r, c, intensity);
      const from = c;
      while (c < columns && levelAt(grid, r, c, intensity) === level) c++;
      if (level !== 0)
        paths.set(level, `${paths.get(level) ?? ''}M${from} ${r}h${c - from}v1H${from}z`);
    }
  const side = Math.max(3, Math.min(12, Math.floor(480 / columns), Math.floor(240 / rows)));
  const height = Math.max(side, rows === 1 ? 14 : 0) * rows;
  const drawn = [...paths].map(([level, d]) => `<path d="${d}" ${fillOf(level)}/>`).join('');
  return (
    `<svg role="img" aria-label="${escapeHtml(label)}" width="${side * columns}" height="${height}" ` +
    `viewBox="0 0 ${columns} ${rows}" preserveAspectRatio="none" shape-rendering="crispEdges" ` +
    `style="max-width:100%;outline:1px solid rgba(128,128,128,.4)">${drawn}</svg>`
  );
}

const notANumberLevel = levels + 1;

function levelAt(grid: Matrix, row: number, column: number, intensity: Intensity): number {
  const value = grid.data[row * grid.columns + column]!;
  if (Number.isNaN(value)) return notANumberLevel;
  const clipped = Math.max(-1, Math.min(1, intensity(value)));
  return Math.round(clipped * levels);
}

function fillOf(level: number): string {
  if (level === notANumberLevel) return `fill="${heatColours.notANumber}"`;
  const colour = level < 0 ? heatColours.negative : heatColours.positive;
  return `fill="${colour}" fill-opacity="${Math.abs(level) / levels}"`;
}
