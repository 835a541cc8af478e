import { element } from '../element.js';
import { formatValue } from '../format.js';
import type { Matrix } from './matrices.js';
import type { Palette } from './scales.js';

/** A matrix over time as shades; pointer or arrow keys read a number, a click goes to its time step. */
export function heatMapElement(
  matrix: Matrix,
  palette: Palette,
  goTo: (t: number) => void,
): HTMLElement {
  const { rows, columns } = matrix;
  const canvas = element('canvas', {
    class: 'heat',
    attributes: {
      tabindex: '0',
      role: 'img',
      'aria-label': `Heat map of ${matrix.name}, ${rows.length} rows by ${columns.length} time steps; arrow keys read it`,
    },
  });
  canvas.width = Math.max(1, columns.length);
  canvas.height = Math.max(1, rows.length);
  canvas.style.height = `${Math.min(200, Math.max(96, rows.length * 7))}px`;
  paint(canvas, matrix, palette);
  const reading = element('span', { class: 'reading', attributes: { 'aria-live': 'polite' } });
  let at = { row: 0, column: -1 };
  const read = (row: number, column: number) => {
    at = {
      row: Math.min(rows.length - 1, Math.max(0, row)),
      column: Math.min(columns.length - 1, Math.max(0, column)),
    };
    const value = matrix.at(at.row, at.column);
    reading.textContent = `${matrix.place(at.row, at.column)}: ${formatValue(Number.isFinite(value) ? value : null)}`;
  };
  canvas.addEventListener('pointermove', (event) => {
    const box = canvas.getBoundingClientRect();
    read(
      // The first row stands at the bottom, as layers and units grow upward.
      rows.length - 1 - Math.floor(((event.clientY - box.top) / box.height) * rows.length),
      Math.floor(((event.clientX - box.left) / box.width) * columns.length),
    );
  });
  canvas.addEventListener('pointerleave', () => (reading.textContent = ''));
  canvas.addEventListener('click', () => goTo(columns[at.column]!));
  canvas.addEventListener('keydown', (event) => {
    const by = keys[event.key];
    if (event.key === 'Enter' && at.column >= 0) goTo(columns[at.column]!);
    if (!by || event.altKey || event.ctrlKey || event.metaKey) return;
    event.preventDefault();
    event.stopPropagation();
    read(at.row + by[0], at.column + by[1]);
  });
  const bar = element('i');
  const stops = [0, 0.25, 0.5, 0.75, 1].map((share) => endShade(matrix, share, palette));
  bar.style.background = `linear-gradient(to right, ${stops.join(', ')})`;
  const ends = matrix.ends.map((text) => document.createTextNode(text)) as [Text, Text];
  return element('div', {
    class: 'heatmap',
    children: [
      element('div', {
        class: 'heataxis',
        children: [
          element('span', { text: String(rows.at(-1) ?? '') }),
          element('span', { text: matrix.rowTitle }),
          element('span', { text: String(rows[0] ?? '') }),
        ],
      }),
      canvas,
      element('div', {
        class: 'heatfoot',
        children: [
          element('span', { text: String(columns[0] ?? '') }),
          element('span', { class: 'legend', children: [ends[0], bar, ends[1]] }),
          reading,
          element('span', { class: 'push', text: `time step ${columns.at(-1) ?? ''}` }),
        ],
      }),
    ],
  });
}

const keys: Readonly<Record<string, readonly [row: number, column: number]>> = {
  ArrowLeft: [0, -1],
  ArrowRight: [0, 1],
  ArrowUp: [1, 0],
  ArrowDown: [-1, 0],
};

/** The shade at a share of the way between the ends, through a matrix's own scale. */
function endShade({ ends }: Matrix, share: number, palette: Palette): string {
  if (ends[1].endsWith('log')) return palette.adjoint(share).fill;
  return palette.signed(ends[0] === '0' ? share : 2 * share - 1).fill;
}

function paint(canvas: HTMLCanvasElement, matrix: Matrix, palette: Palette): void {
  const context = canvas.getContext('2d');
  if (!context) return;
  matrix.rows.forEach((_, row) => {
    matrix.columns.forEach((_, column) => {
      context.fillStyle = matrix.shade(matrix.at(row, column), palette);
      context.fillRect(column, matrix.rows.length - 1 - row, 1, 1);
    });
  });
}
