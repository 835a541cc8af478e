/** A matrix as shades; pointer or arrow keys read a number, a click or Enter goes to its place in the table. */
import type { SliceCell, SliceStatistics, ValueSlice } from '../../kernel/contract/valueSlice.js';
import { element } from '../element.js';
import { formatCount, formatNumber } from '../format.js';
import { toPalette } from '../inspector/scales.js';
import { readTheme } from '../theme.js';
import { heatScale, type HeatScale } from './heatScale.js';

const [mostWide, mostHigh] = [46, 28];
/** A cell of this size has room for its number. */
const [numberWide, numberHigh] = [40, 17];

interface Room {
  width: number;
  height: number;
}

export function heatMap(
  slice: ValueSlice & { statistics: SliceStatistics },
  room: Room,
  goTo: (row: number, column: number) => void,
): HTMLElement {
  const { cells, totalRows, totalColumns, statistics } = slice;
  const [rows, columns] = [cells.length, cells[0]?.length ?? 0];
  const canvas = element('canvas', {
    attributes: {
      tabindex: '0',
      role: 'img',
      'aria-label': `Heat map of ${totalRows} rows by ${totalColumns} columns; arrow keys read it, Enter shows it in the table`,
    },
  });
  const size = cellSize(rows, columns, room);
  const scale = heatScale(statistics);
  paint(canvas, cells, size, scale);
  const reading = element('span', { class: 'reading', attributes: { role: 'status' } });
  const at = { row: 0, column: -1 };
  const read = (row: number, column: number) => {
    at.row = Math.min(rows - 1, Math.max(0, row));
    at.column = Math.min(columns - 1, Math.max(0, column));
    const places = [spanText(at.row, rows, totalRows), spanText(at.column, columns, totalColumns)];
    reading.textContent = `${isStrip(slice) ? `[${places[1]!}]` : `[${places.join(', ')}]`} = ${cellText(cells[at.row]![at.column]!)}`;
  };
  const go = () => {
    if (at.column < 0) return;
    const from = (index: number, of: number, total: number) => Math.floor((index * total) / of);
    goTo(from(at.row, rows, totalRows), from(at.column, columns, totalColumns));
  };
  canvas.addEventListener('pointermove', (event) => {
    const box = canvas.getBoundingClientRect();
    read(
      Math.floor(((event.clientY - box.top) / box.height) * rows),
      Math.floor(((event.clientX - box.left) / box.width) * columns),
    );
  });
  canvas.addEventListener('click', go);
  canvas.addEventListener('keydown', (event) => {
    if (event.key === 'Enter') go();
    const by = keys[event.key];
    if (!by || event.altKey || event.ctrlKey || event.metaKey) return;
    event.preventDefault();
    read(at.row + by[0], at.column + by[1]);
  });
  const ends = (total: number) => (total > 1 ? ['0', formatCount(total - 1)] : ['0']);
  const labels = (total: number) => ends(total).map((text) => element('span', { text }));
  const foot = element('div', { class: 'columns', children: labels(totalColumns) });
  foot.style.width = `${size.width * columns + 2}px`;
  return element('div', {
    class: 'map',
    children: [
      element('div', { class: 'rows', children: isStrip(slice) ? [] : labels(totalRows) }),
      canvas,
      foot,
      element('div', { class: 'below', children: [legend(scale), reading] }),
      ...(rows < totalRows || columns < totalColumns ? [coarseness(slice, rows, columns)] : []),
    ],
  });
}

const isStrip = ({ shape }: ValueSlice): boolean => shape.length < 2;

function coarseness({ totalRows, totalColumns }: ValueSlice, rows: number, columns: number) {
  const per = (total: number, shown: number) => `${Number((total / shown).toPrecision(2))}`;
  const text = `Each square stands for ${per(totalRows, rows)} × ${per(totalColumns, columns)} values and shows the one of greatest magnitude.`;
  return element('div', { class: 'below muted', text });
}

/** The index, or the first and last index, that a square stands for. */
function spanText(index: number, of: number, total: number): string {
  const first = Math.floor((index * total) / of);
  const last = Math.floor(((index + 1) * total) / of) - 1;
  return last > first ? `${first}…${last}` : String(first);
}

export function cellText(value: SliceCell): string {
  return typeof value === 'number' ? formatNumber(value) : value === '' ? 'nothing' : value;
}

function cellSize(rows: number, columns: number, { width, height }: Room): Room {
  const fit = (available: number, count: number, most: number) =>
    Math.max(1, Math.min(most, available / Math.max(1, count)));
  const [wide, high] = [fit(width, columns, mostWide), fit(height, rows, mostHigh)];
  // Whole pixels, so that squares are equally large.
  return { width: wide > 3 ? Math.floor(wide) : wide, height: high > 3 ? Math.floor(high) : high };
}

function paint(
  canvas: HTMLCanvasElement,
  cells: SliceCell[][],
  size: Room,
  scale: HeatScale,
): void {
  const theme = readTheme(document.body);
  const palette = toPalette(theme);
  const ratio = devicePixelRatio;
  const [width, height] = [(cells[0]?.length ?? 0) * size.width, cells.length * size.height];
  canvas.width = Math.max(1, Math.round(width * ratio));
  canvas.height = Math.max(1, Math.round(height * ratio));
  canvas.style.width = `${width}px`;
  canvas.style.height = `${height}px`;
  const context = canvas.getContext('2d')!;
  context.scale(ratio, ratio);
  context.font = `11px ${theme.monospace}`;
  context.textAlign = 'center';
  context.textBaseline = 'middle';
  const hasNumbers = size.width >= numberWide && size.height >= numberHigh;
  cells.forEach((row, i) =>
    row.forEach((value, j) => {
      const shade = scale.paint(value, palette);
      if (!shade) return;
      const [x, y] = [j * size.width, i * size.height];
      context.fillStyle = shade.fill;
      context.fillRect(x, y, size.width, size.height);
      if (!hasNumbers) return;
      context.fillStyle = shade.text;
      context.fillText(shortText(value), x + size.width / 2, y + size.height / 2);
    }),
  );
}

/** What fits into a square. */
function shortText(value: SliceCell): string {
  if (typeof value === 'string') return value.replace('Infinity', '∞').replace('-', '−');
  if (value === 0) return '0';
  const size = Math.abs(value);
  const text =
    size < 0.001 || size >= 10_000
      ? value.toExponential(0).replace('e+', 'e')
      : Number.isInteger(value)
        ? String(value)
        : value.toFixed(size >= 100 ? 0 : size >= 10 ? 1 : 2);
  return text.replaceAll('-', '−');
}

function legend(scale: HeatScale): HTMLElement {
  const palette = toPalette(readTheme(document.body));
  const stops = Array.from({ length: 9 }, (_, i) => {
    const value = scale.low + ((scale.high - scale.low) * i) / 8;
    return scale.paint(value, palette)!.fill;
  });
  const bar = element('i');
  bar.style.background = `linear-gradient(to right, ${stops.join(', ')})`;
  const end = (value: number) => element('span', { text: formatNumber(value) });
  return element('span', { class: 'legend', children: [end(scale.low), bar, end(scale.high)] });
}

const keys: Readonly<Record<string, readonly [row: number, column: number]>> = {
  ArrowLeft: [0, -1],
  ArrowRight: [0, 1],
  ArrowUp: [-1, 0],
  ArrowDown: [1, 0],
};
