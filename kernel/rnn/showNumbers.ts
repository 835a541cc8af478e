import type { NumberArray, Shape } from './ndarray.js';

/** How many entries are shown at either end of an axis before the middle is left out. */
const edge = 3;
const widest = 2 * edge + 1;

/** Numbers nested in brackets with four decimals, long axes shortened in the middle. */
export function showNumbers(data: NumberArray, shape: Shape, axis = 0, offset = 0): string {
  if (axis === shape.length) return showNumber(data[offset]!);
  const extent = shape[axis]!;
  const part = shape.slice(axis + 1).reduce((product, n) => product * n, 1);
  const entry = (i: number): string => showNumbers(data, shape, axis + 1, offset + i * part);
  const entries: string[] = [];
  for (let i = 0; i < extent; i++) {
    if (extent > widest && i === edge) {
      entries.push('…');
      i = extent - edge;
    }
    entries.push(entry(i));
  }
  const separator = axis === shape.length - 1 ? ', ' : `,\n${' '.repeat(axis + 1)}`;
  return `[${entries.join(separator)}]`;
}

/**
 * The numbers that come first, in a line: of every axis but the last only the first entry. Calls nothing that a
 * debugger takes for a side effect, a function that is made here among them.
 */
export function showFirstNumbers(data: NumberArray, shape: Shape): string {
  if (data.length === 0) return '[]';
  if (shape.length === 0) return showNumber(data[0]!);
  const shown: string[] = [];
  const row = shape.at(-1)!;
  for (let i = 0; i < row; i++) {
    if (row > widest && i === edge) {
      shown.push('…');
      i = row - edge;
    }
    shown.push(showNumber(data[i]!));
  }
  let text = `[${shown.join(', ')}]`;
  for (let axis = shape.length - 2; axis >= 0; axis--)
    text = `[${text}${shape[axis]! > 1 ? ', …' : ''}]`;
  return text;
}

/** Four decimals, or an exponent where they would say too little or too much. */
export function showNumber(value: number): string {
  if (Number.isInteger(value) && Math.abs(value) < 1e6) return String(value);
  const size = Math.abs(value);
  return size !== 0 && (size < 1e-3 || size >= 1e6) ? value.toExponential(3) : value.toFixed(4);
}
