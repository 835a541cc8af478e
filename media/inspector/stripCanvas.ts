import { element } from '../element.js';
import type { Palette } from './scales.js';

export interface StripCanvas {
  canvas: HTMLCanvasElement;
  /** To a number, by keyboard. */
  focus: (position: number) => void;
}

interface StripCanvasOptions {
  numbers: Float32Array;
  rows: number;
  columns: number;
  /** The number that has the full shade. */
  largest: number;
  palette: Palette;
  /** Says the number at a position (-1: all) and returns the label for a screen reader. */
  read: (position: number) => string;
  /** A double click on a number, or Enter. */
  open: (position: number) => void;
}

/** Numbers as cells of colour; what is pointed at, or reached by arrow keys, is read. */
export function stripCanvas(options: StripCanvasOptions): StripCanvas {
  const { numbers, rows, columns, open } = options;
  const canvas = element('canvas', { class: 'heat', attributes: { tabindex: '0', role: 'img' } });
  canvas.width = columns;
  canvas.height = rows;
  canvas.style.height = `${rows === 1 ? 16 : Math.min(72, Math.max(18, rows * 6))}px`;
  paint(canvas, options);
  let at = -1;
  const read = (position: number) => {
    at = position;
    canvas.dataset['at'] = String(position);
    canvas.setAttribute('aria-label', options.read(position));
  };
  read(-1);
  const positionOf = (event: MouseEvent): number => {
    const box = canvas.getBoundingClientRect();
    const x = Math.floor(((event.clientX - box.left) / box.width) * columns);
    const y = Math.floor(((event.clientY - box.top) / box.height) * rows);
    return clamp(y, rows) * columns + clamp(x, columns);
  };
  canvas.addEventListener('pointermove', (event) => read(positionOf(event)));
  canvas.addEventListener('dblclick', (event) => open(positionOf(event)));
  for (const gone of ['pointerleave', 'blur']) canvas.addEventListener(gone, () => read(-1));
  canvas.addEventListener('keydown', (event) => {
    if (event.altKey || event.ctrlKey || event.metaKey) return;
    const by = { ArrowLeft: -1, ArrowRight: 1, ArrowUp: -columns, ArrowDown: columns }[event.key];
    const isOpen = event.key === 'Enter' && at >= 0;
    if (by === undefined && !isOpen) return;
    event.preventDefault();
    event.stopPropagation();
    if (by === undefined) open(at);
    else read(clamp(at + by, numbers.length));
  });
  return {
    canvas,
    focus: (position) => {
      canvas.focus({ preventScroll: true });
      read(clamp(position, numbers.length));
    },
  };
}

const clamp = (index: number, count: number): number => Math.min(count - 1, Math.max(0, index));

function paint(
  canvas: HTMLCanvasElement,
  { numbers, columns, largest, palette }: StripCanvasOptions,
): void {
  const context = canvas.getContext('2d');
  if (!context) return;
  numbers.forEach((number, index) => {
    context.fillStyle = Number.isFinite(number)
      ? palette.signed(largest > 0 ? number / largest : 0).fill
      : palette.notFinite.fill;
    context.fillRect(index % columns, Math.floor(index / columns), 1, 1);
  });
}
