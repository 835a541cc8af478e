/** A tensor or typed array as HTML: what it is, statistics, and its numbers or a heat map of them. */
import { toStatistics, type ArrayStatistics } from './arrayStatistics.js';
import { escapeHtml } from './escapeHtml.js';
import {
  heatColours,
  heatMap,
  toGrid,
  toIntensity,
  type Intensity,
  type Matrix,
} from './heatMap.js';

export interface NumberArrayView {
  /** `Tensor`, `Parameter`, `Float32Array`. */
  type: string;
  dtype: string;
  shape: readonly number[];
  /** Row-major. */
  data: ArrayLike<number>;
  /** More to say in the headline, e.g. `requires grad`. */
  notes?: readonly string[];
}

/** Up to here the numbers themselves are shown. */
const mostNumbers = { rows: 12, columns: 12 };

export function arrayHtml(view: NumberArrayView): string {
  const { type, dtype, shape, data, notes = [] } = view;
  const statistics = toStatistics(data);
  const matrix = toMatrix(view);
  const size = `[${shape.join(', ')}]`;
  const headline = [`${type} ${dtype} ${size}`, ...notes].map(escapeHtml).join(' · ');
  const parts = [`<div style="font-weight:600">${headline}</div>`];
  if (data.length === 0) return frame([...parts, '<div>no numbers</div>']);
  parts.push(statisticsLine(statistics, data.length));
  const intensity = toIntensity(statistics.min, statistics.max);
  const isSmall = matrix.rows <= mostNumbers.rows && matrix.columns <= mostNumbers.columns;
  parts.push(...(isSmall ? [numberTable(matrix, intensity)] : pictureOf(view, matrix, intensity)));
  return frame(parts);
}

const frame = (parts: string[]): string =>
  `<div class="unroll-array" style="display:grid;gap:6px;justify-items:start">${parts.join('')}</div>`;

/** The last axis runs to the right, all others down. */
function toMatrix({ shape, data }: NumberArrayView): Matrix {
  const columns = shape.at(-1) ?? 1;
  return { data, columns, rows: columns === 0 ? 0 : data.length / columns };
}

function pictureOf(
  { type, shape }: NumberArrayView,
  matrix: Matrix,
  intensity: Intensity,
): string[] {
  const grid = toGrid(matrix);
  const [down, across] = grid.block;
  const notes = [
    shape.length > 2 && `rows: axes 0 to ${shape.length - 2}, columns: axis ${shape.length - 1}`,
    down * across > 1 && `each square is the mean of ${down} × ${across} numbers`,
  ].filter((note) => note !== false);
  const picture = heatMap(grid, intensity, `Heat map of ${type} [${shape.join(', ')}]`);
  if (notes.length === 0) return [picture];
  return [picture, `<div style="opacity:.75;font-size:.9em">${notes.join('; ')}</div>`];
}

function statisticsLine(statistics: ArrayStatistics, length: number): string {
  const { count, min, max, mean, deviation, zeros, notANumber, infinite } = statistics;
  const swatch = (colour: string): string =>
    `<span style="display:inline-block;width:.7em;height:.7em;background:${colour}"></span> `;
  const low = min < 0 ? swatch(heatColours.negative) : '';
  const high = max > 0 ? swatch(heatColours.positive) : '';
  const cells: [string, string][] = [
    ['min', low + showNumber(min)],
    ['max', high + showNumber(max)],
    ['mean', showNumber(mean)],
    ['std', showNumber(deviation)],
  ];
  const share = (part: number): string => `${part} (${((100 * part) / count).toFixed(1)} %)`;
  if (zeros > 0) cells.push(['zeros', share(zeros)]);
  if (notANumber > 0) cells.push(['NaN', swatch(heatColours.notANumber) + share(notANumber)]);
  if (infinite > 0) cells.push(['infinite', share(infinite)]);
  if (count < length) cells.push(['sampled', `${count} of ${length}`]);
  const shown = cells.map(
    ([name, value]) => `<span><span style="opacity:.75">${name}</span> ${value}</span>`,
  );
  return `<div style="display:flex;flex-wrap:wrap;gap:0 1.2em">${shown.join('')}</div>`;
}

function numberTable({ data, rows, columns }: Matrix, intensity: Intensity): string {
  const cell = (value: number): string =>
    `<td style="padding:1px 6px;text-align:right;background:${tintOf(value, intensity)}">` +
    `${showNumber(value)}</td>`;
  const lines = Array.from({ length: rows }, (_, row) => {
    const cells = Array.from({ length: columns }, (_, column) =>
      cell(data[row * columns + column]!),
    );
    return `<tr style="background:none">${cells.join('')}</tr>`;
  });
  return (
    '<table style="border-collapse:collapse;font-family:var(--vscode-editor-font-family,monospace)">' +
    `${lines.join('')}</table>`
  );
}

/** Thin enough for text to stand on. */
function tintOf(value: number, intensity: Intensity): string {
  if (Number.isNaN(value)) return `${heatColours.notANumber}66`;
  const strength = Math.max(-1, Math.min(1, intensity(value)));
  const alpha = Math.round(Math.abs(strength) * 0x60)
    .toString(16)
    .padStart(2, '0');
  return (strength < 0 ? heatColours.negative : heatColours.positive) + alpha;
}

/** Four significant digits. */
export function showNumber(value: number): string {
  if (!Number.isFinite(value)) return String(value).replace('Infinity', '∞');
  if (Number.isInteger(value) && Math.abs(value) < 1e6) return String(value);
  const size = Math.abs(value);
  const text = size < 1e-4 || size >= 1e6 ? value.toExponential(3) : value.toPrecision(4);
  return text.replace('-', '−');
}
