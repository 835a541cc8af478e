/** What the list of variables shows of each, in which order, and of which. Pure. */
import type { ShownVariable } from '../../kernel/contract/variablesView.js';

export type Column = 'name' | 'type' | 'shape' | 'value' | 'memory' | 'cell';

export const columns: readonly { id: Column; title: string; isNumber?: boolean }[] = [
  { id: 'name', title: 'Name' },
  { id: 'type', title: 'Type' },
  { id: 'shape', title: 'Shape' },
  { id: 'value', title: 'Value' },
  { id: 'memory', title: 'Memory', isNumber: true },
  { id: 'cell', title: 'Cell', isNumber: true },
];

export interface Order {
  /** Undefined: as they were declared, functions and classes last. */
  by?: Column;
  isDescending?: boolean;
}

/** Ascending, descending, as declared; where large ones matter, these come first. */
export function nextOrder({ by, isDescending = false }: Order, clicked: Column): Order {
  const first = clicked === 'memory';
  if (by !== clicked) return { by: clicked, isDescending: first };
  return isDescending === first ? { by, isDescending: !first } : {};
}

/** What is declared or imported to be called comes after what is computed with. */
const isCode = ({ type }: ShownVariable): boolean => type === 'function' || type === 'class';

const sizeOf = ({ shape }: ShownVariable): number =>
  shape ? shape.reduce((product, extent) => product * extent, 1) : -1;

const compareText = (a: string, b: string): number =>
  a.localeCompare(b, 'en', { numeric: true, sensitivity: 'base' });

const comparisons: Record<Column, (a: ShownVariable, b: ShownVariable) => number> = {
  name: (a, b) => compareText(a.name, b.name),
  type: (a, b) => compareText(a.type, b.type),
  shape: (a, b) => sizeOf(a) - sizeOf(b),
  value: (a, b) => compareValues(valueOf(a), valueOf(b)),
  memory: (a, b) => (a.bytes ?? 0) - (b.bytes ?? 0),
  cell: (a, b) => (a.cell?.index ?? -1) - (b.cell?.index ?? -1),
};

/** Numbers by size and before everything else. */
function compareValues(a: string, b: string): number {
  const [x, y] = [Number(a), Number(b)];
  if (Number.isNaN(x) || Number.isNaN(y)) {
    return Number(Number.isNaN(x)) - Number(Number.isNaN(y)) || compareText(a, b);
  }
  return x - y;
}

export function sorted(
  variables: readonly ShownVariable[],
  { by, isDescending }: Order,
): ShownVariable[] {
  if (!by) return [...variables.filter((one) => !isCode(one)), ...variables.filter(isCode)];
  const compare = comparisons[by];
  return [...variables].sort((a, b) => (isDescending ? compare(b, a) : compare(a, b)));
}

/** Those in which each word of the filter is found, in name, type, shape or value. */
export function filtered(variables: readonly ShownVariable[], filter: string): ShownVariable[] {
  const words = filter
    .toLowerCase()
    .split(/\s+/)
    .filter((word) => word !== '');
  return variables.filter((one) => {
    const text = `${one.name}\n${one.type}\n${shapeText(one)}\n${one.preview}`.toLowerCase();
    return words.every((word) => text.includes(word));
  });
}

export const shapeText = ({ shape }: ShownVariable): string =>
  shape ? `[${shape.join(', ')}]` : '';

/** The preview without what the other columns say. */
export function valueOf(variable: ShownVariable): string {
  const { type, preview } = variable;
  const own = preview.startsWith(`${type} `) ? preview.slice(type.length + 1) : preview;
  const size = `${type}(${(variable.shape ?? []).join()}) `;
  const short = own.startsWith(size) ? own.slice(size.length) : own;
  return short.replace(`${shapeText(variable)} [`, '[');
}

/** `512 B`, `3.2 MB`; `>` where there is more than was looked at. */
export function memoryText({ bytes, isPartial }: ShownVariable): string {
  return bytes === undefined ? '' : `${isPartial ? '> ' : ''}${byteText(bytes)}`;
}

export function byteText(bytes: number): string {
  const units = ['B', 'kB', 'MB', 'GB'];
  let [size, unit] = [bytes, 0];
  while (size >= 999.5 && unit < units.length - 1) {
    size /= 1000;
    unit++;
  }
  const digits = unit === 0 || size >= 99.5 ? 0 : 1;
  return `${size.toFixed(digits)} ${units[unit]!}`;
}

/** The names whose line is not what it was. */
export function changedNames(
  before: readonly ShownVariable[],
  now: readonly ShownVariable[],
): Set<string> {
  const lineOf = ({ type, shape, preview, bytes }: ShownVariable) =>
    JSON.stringify([type, shape, preview, bytes]);
  const known = new Map(before.map((one) => [one.name, lineOf(one)]));
  return new Set(now.filter((one) => known.get(one.name) !== lineOf(one)).map(({ name }) => name));
}
