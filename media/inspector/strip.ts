import { element } from '../element.js';
import { formatValue } from '../format.js';
import { mathElement } from './mathElement.js';
import { stripNote, type Strip } from './reading.js';
import type { Palette } from './scales.js';

/** The strips of a stop as one list; pointer or arrow keys read a number of a strip. */
export function stripElement(strip: Strip, palette: Palette): HTMLElement {
  const { numbers, role } = strip;
  const name = strip.math
    ? mathElement(strip.math, strip.name)
    : document.createTextNode(strip.name);
  const norm = element('span', { class: 'norm', text: `‖·‖ ${formatValue(strip.norm)}` });
  const note = element('span', { class: 'rest', text: stripNote(strip) });
  const head = element('div', { class: 'striphead' });
  head.append(element('span', { class: 'stripname', children: [name] }), note, norm);
  const made = element('div', { class: `strip ${role}`, children: [head] });
  made.dataset['role'] = role;
  if (numbers) made.append(heatStrip(strip, numbers, palette, note));
  return made;
}

/** Cells of colour; what is pointed at is written in the strip's note. */
function heatStrip(
  strip: Strip,
  numbers: Float32Array,
  palette: Palette,
  note: HTMLElement,
): HTMLElement {
  const { rows, columns } = strip.grid ?? { rows: 1, columns: numbers.length };
  const canvas = element('canvas', { class: 'heat' });
  canvas.width = columns;
  canvas.height = rows;
  canvas.style.height = `${rows === 1 ? 16 : Math.min(72, Math.max(18, rows * 6))}px`;
  paint(canvas, numbers, palette);
  canvas.tabIndex = 0;
  canvas.setAttribute('role', 'img');
  const usual = note.textContent;
  let at = -1;
  const read = (index: number) => {
    at = index;
    const number = numbers[index];
    note.textContent =
      number === undefined ? usual : `[${placeOf(strip, index)}] = ${formatValue(orNull(number))}`;
    canvas.setAttribute('aria-label', number === undefined ? toLabel(strip) : note.textContent);
  };
  read(-1);
  canvas.addEventListener('pointermove', (event) => {
    const box = canvas.getBoundingClientRect();
    const x = Math.floor(((event.clientX - box.left) / box.width) * columns);
    const y = Math.floor(((event.clientY - box.top) / box.height) * rows);
    read(Math.min(rows - 1, Math.max(0, y)) * columns + Math.min(columns - 1, Math.max(0, x)));
  });
  for (const gone of ['pointerleave', 'blur']) canvas.addEventListener(gone, () => read(-1));
  canvas.addEventListener('keydown', (event) => {
    const by = { ArrowLeft: -1, ArrowRight: 1, ArrowUp: -columns, ArrowDown: columns }[event.key];
    if (by === undefined || event.altKey || event.ctrlKey || event.metaKey) return;
    event.preventDefault();
    event.stopPropagation();
    read(Math.min(numbers.length - 1, Math.max(0, at + by)));
  });
  return canvas;
}

function paint(canvas: HTMLCanvasElement, numbers: Float32Array, palette: Palette): void {
  const context = canvas.getContext('2d');
  if (!context) return;
  const largest = numbers.reduce(
    (most, number) => (Number.isFinite(number) ? Math.max(most, Math.abs(number)) : most),
    0,
  );
  numbers.forEach((number, index) => {
    context.fillStyle = Number.isFinite(number)
      ? palette.signed(largest > 0 ? number / largest : 0).fill
      : palette.notFinite.fill;
    context.fillRect(index % canvas.width, Math.floor(index / canvas.width), 1, 1);
  });
}

/** The place of a number in its value: `3`, or `2, 5` in a matrix. */
function placeOf({ grid, units }: Strip, index: number): string {
  if (!grid) return String(units[index] ?? index);
  return `${Math.floor(index / grid.columns)}, ${index % grid.columns}`;
}

const orNull = (number: number): number | null => (Number.isFinite(number) ? number : null);

function toLabel({ name, norm, numbers }: Strip): string {
  const shown = Array.from(numbers?.subarray(0, 8) ?? [], (number) => formatValue(orNull(number)));
  const more = (numbers?.length ?? 0) > 8 ? ', …' : '';
  return `${name}, norm ${formatValue(norm)}: ${shown.join(', ')}${more}`;
}
