import { element } from '../element.js';
import { formatValue } from '../format.js';
import type { Editable } from './edits.js';
import { mathElement } from './mathElement.js';
import { numberField } from './numberField.js';
import { stripNote, type Strip } from './reading.js';
import type { Palette } from './scales.js';
import { stripCanvas, type StripCanvas } from './stripCanvas.js';

/** How numbers of strips are edited. */
export interface StripEditing {
  /** A sentence where the number can't be edited. */
  editable: (strip: Strip, position: number) => Editable | string;
  edit: (editable: Editable, was: number, value: number) => void;
  /** Says why not. */
  refuse: (why: string) => void;
}

export interface StripElement {
  root: HTMLElement;
  /** To a number of the strip, by keyboard; false where there are no numbers. */
  focus: (position: number) => boolean;
}

/** A value or an adjoint as shades; pointer or arrow keys read a number, a double click or Enter edits it. */
export function stripElement(
  strip: Strip,
  palette: Palette,
  editing: StripEditing | undefined,
): StripElement {
  const name = strip.math
    ? mathElement(strip.math, strip.name)
    : document.createTextNode(strip.name);
  const norm = element('span', { class: 'norm', text: normText(strip) });
  const note = element('span', { class: 'rest', text: stripNote(strip) });
  const head = element('div', { class: 'striphead' });
  head.append(element('span', { class: 'stripname', children: [name] }), note, norm);
  const root = element('div', {
    class: `strip ${strip.role}`,
    attributes: { 'data-role': strip.role },
    children: [head],
  });
  const { numbers } = strip;
  if (!numbers) return { root, focus: () => false };
  const read = (position: number) => {
    note.textContent = position < 0 ? stripNote(strip) : numberText(strip, position);
    return position < 0 ? toLabel(strip) : note.textContent;
  };
  const open = (position: number) => {
    if (editing) startEdit(root, strip, position, editing, (at) => lines[0]!.focus(at));
  };
  const lines = linesOf(strip, numbers).map((line): StripCanvas & { text: string } => ({
    ...stripCanvas({ ...line, palette, read, open }),
    text: line.text,
  }));
  root.append(
    element('div', {
      class: lines.length > 1 ? 'striplines' : '',
      children: lines.flatMap(({ canvas, text }) =>
        text === '' ? [canvas] : [element('span', { class: 'rest', text }), canvas],
      ),
    }),
  );
  return { root, focus: (position) => (lines[0]!.focus(position), true) };
}

interface Line {
  text: string;
  numbers: Float32Array;
  rows: number;
  columns: number;
  /** The number that has the full shade. */
  largest: number;
}

/** One line; three where an edit changed something: after, before, and the difference with a scale of its own. */
function linesOf({ grid, before }: Strip, numbers: Float32Array): Line[] {
  const size = grid ?? { rows: 1, columns: numbers.length };
  const was = before?.numbers;
  if (!was || was.every((number, index) => Object.is(number, numbers[index])))
    return [{ text: '', numbers, ...size, largest: largestOf(numbers) }];
  const change = numbers.map((number, index) => number - was[index]!);
  const largest = Math.max(largestOf(numbers), largestOf(was));
  return [
    { text: 'after', numbers, ...size, largest },
    { text: 'before', numbers: was, ...size, largest },
    { text: 'change', numbers: change, ...size, largest: largestOf(change) },
  ];
}

const largestOf = (numbers: Float32Array): number =>
  numbers.reduce(
    (most, number) => (Number.isFinite(number) ? Math.max(most, Math.abs(number)) : most),
    0,
  );

function normText({ norm, before, of, numbers }: Strip): string {
  // An index of a token has no size.
  if (of === 'input' && numbers?.length === 1) return formatValue(orNull(numbers[0]!));
  if (!before) return `‖·‖ ${formatValue(orNull(norm))}`;
  const [was, now] = [formatValue(orNull(before.norm)), formatValue(orNull(norm))];
  return was === now ? `‖·‖ ${now}` : `‖·‖ ${was} → ${now}`;
}

function numberText(strip: Strip, position: number): string {
  const { numbers, before } = strip;
  const number = numbers![position]!;
  const was = before?.numbers?.[position];
  const place = `[${placeOf(strip, position)}]`;
  if (was === undefined || Object.is(was, number))
    return `${place} = ${formatValue(orNull(number))}`;
  return `${place} ${formatValue(orNull(was))} → ${formatValue(orNull(number))}, ${signed(number - was)}`;
}

const signed = (change: number): string => `${change > 0 ? '+' : ''}${formatValue(orNull(change))}`;

function startEdit(
  root: HTMLElement,
  strip: Strip,
  position: number,
  { editable, edit, refuse }: StripEditing,
  back: (position: number) => void,
): void {
  const what = editable(strip, position);
  if (typeof what === 'string') {
    refuse(what);
    return;
  }
  root.querySelector('.numberfield')?.remove();
  const was = (strip.before?.numbers ?? strip.numbers)![position]!;
  const field = numberField(what, strip.numbers![position]!, {
    set: (value) => {
      field.remove();
      back(position);
      edit(what, was, value);
    },
    cancel: () => {
      field.remove();
      back(position);
    },
  });
  root.append(field);
  field.querySelector('input')!.select();
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
  return `${name}, norm ${formatValue(orNull(norm))}: ${shown.join(', ')}${more}`;
}
