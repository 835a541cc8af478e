/** Numbers with a shape as one matrix: the last two axes, at an index of each axis before them. */
import { types } from 'node:util';
import type { SliceCell, SliceStatistics } from '../../contract/valueSlice.js';
import { asTensor, isNumbers, lengthOf, ownData, typeName } from '../ownData.js';
import { previewOf } from '../valuePreview.js';

export interface NumberMatrix {
  /** `Tensor float32` */
  type: string;
  /** Of the whole value. */
  shape: number[];
  at: number[];
  rows: number;
  columns: number;
  /** A number, or what stands where none is. */
  get(row: number, column: number): unknown;
}

/** So many items are looked at to tell whether an array holds numbers. */
const looksAt = 100;
/** So many numbers at most are read for an overview. */
const mostRead = 4_000_000;

/** @returns Undefined where the value is not made of numbers. */
export function toMatrix(value: unknown, wishedAt: readonly number[]): NumberMatrix | undefined {
  if (typeof value !== 'object' || value === null || types.isProxy(value)) return undefined;
  const tensor = asTensor(value);
  if (tensor) {
    const dtype = typeName(tensor.numbers).replace('Array', '').toLowerCase();
    return stride(`${typeName(value)} ${dtype}`, tensor.numbers, tensor.shape, wishedAt);
  }
  if (isNumbers(value)) return stride(typeName(value), value, [lengthOf(value)], wishedAt);
  return Array.isArray(value) ? ofArray(value) : undefined;
}

function stride(
  type: string,
  numbers: ArrayLike<number | bigint>,
  shape: number[],
  wishedAt: readonly number[],
): NumberMatrix {
  const outer = shape.slice(0, -2);
  const at = outer.map((extent, axis) =>
    Math.max(0, Math.min(extent - 1, Math.trunc(wishedAt[axis] ?? 0))),
  );
  const rows = shape.length === 0 ? 1 : shape.at(shape.length < 2 ? 0 : -2)!;
  const columns = shape.length < 2 ? 1 : shape.at(-1)!;
  const begin =
    at.reduce((offset, index, axis) => offset * outer[axis]! + index, 0) * rows * columns;
  const get = (row: number, column: number) => numbers[begin + row * columns + column];
  return { type, shape, at, rows, columns, get };
}

/** `number[]`, or `number[][]`, whose rows may have different lengths. */
function ofArray(value: unknown[]): NumberMatrix | undefined {
  const type = typeName(value);
  const first = firstOf(value);
  if (first.length === 0) return undefined;
  if (first.every(isNumber)) {
    const get = (row: number) => ownData(value, row);
    return { type, shape: [value.length], at: [], rows: value.length, columns: 1, get };
  }
  const isRow = (one: unknown): one is unknown[] | ArrayLike<number> =>
    isNumbers(one) ||
    (Array.isArray(one) && !types.isProxy(one) && firstOf(one, 10).every(isNumber));
  if (!first.every(isRow)) return undefined;
  const columns = Math.max(...first.map((row) => row.length));
  const get = (row: number, column: number) => {
    const held = ownData(value, row);
    return typeof held === 'object' && held !== null ? ownData(held, column) : undefined;
  };
  return { type, shape: [value.length, columns], at: [], rows: value.length, columns, get };
}

const isNumber = (value: unknown): boolean => typeof value === 'number';

function firstOf(value: unknown[], most = looksAt): unknown[] {
  return Array.from({ length: Math.min(value.length, most) }, (_, i) => ownData(value, i));
}

/** Numbers as they are, what is not finite or no number as text, nothing as nothing. */
export function toCell(value: unknown): SliceCell {
  if (typeof value === 'number') return Number.isFinite(value) ? value : String(value);
  if (typeof value === 'bigint') return String(value);
  return value === undefined ? '' : previewOf(value);
}

export interface Overview {
  cells: SliceCell[][];
  statistics: SliceStatistics;
}

/** The whole matrix in at most so many cells: of the numbers that one stands for, that of greatest magnitude. */
export function overviewOf(matrix: NumberMatrix, rows: number, columns: number): Overview {
  const [height, width] = [Math.min(rows, matrix.rows), Math.min(columns, matrix.columns)];
  const every = Math.max(1, Math.ceil(Math.sqrt((matrix.rows * matrix.columns) / mostRead)));
  const numbers = new RunningStatistics();
  const cells = Array.from({ length: height }, (_, i) =>
    Array.from({ length: width }, (__, j): SliceCell => {
      let shown: SliceCell = '';
      const [top, bottom] = bounds(i, height, matrix.rows);
      const [left, right] = bounds(j, width, matrix.columns);
      for (let row = top; row < bottom; row += every) {
        for (let column = left; column < right; column += every) {
          const value = matrix.get(row, column);
          const number = typeof value === 'bigint' ? Number(value) : value;
          if (typeof number !== 'number') continue;
          numbers.add(number);
          shown = moreExtreme(shown, number);
        }
      }
      return shown;
    }),
  );
  return { cells, statistics: numbers.toStatistics(every > 1) };
}

const bounds = (index: number, of: number, extent: number): [number, number] => [
  Math.floor((index * extent) / of),
  Math.floor(((index + 1) * extent) / of),
];

/** What is not finite is the most extreme of all. */
function moreExtreme(shown: SliceCell, number: number): SliceCell {
  if (typeof shown === 'string' && shown !== '') return shown;
  if (!Number.isFinite(number)) return String(number);
  return shown === '' || Math.abs(number) > Math.abs(shown) ? number : shown;
}

/** Welford's recurrence: B. P. Welford, Technometrics 4 (1962), 419–420. */
class RunningStatistics {
  #count = 0;
  #nonFinite = 0;
  #min = Infinity;
  #max = -Infinity;
  #mean = 0;
  #squares = 0;

  add(number: number): void {
    this.#count++;
    if (!Number.isFinite(number)) {
      this.#nonFinite++;
      return;
    }
    this.#min = Math.min(this.#min, number);
    this.#max = Math.max(this.#max, number);
    const from = number - this.#mean;
    this.#mean += from / (this.#count - this.#nonFinite);
    this.#squares += from * (number - this.#mean);
  }

  toStatistics(isSampled: boolean): SliceStatistics {
    const finite = this.#count - this.#nonFinite;
    return {
      count: this.#count,
      nonFinite: this.#nonFinite,
      ...(finite === 0
        ? {}
        : {
            min: this.#min,
            max: this.#max,
            mean: this.#mean,
            deviation: Math.sqrt(Math.max(0, this.#squares / finite)),
          }),
      ...(isSampled ? { isSampled } : {}),
    };
  }
}
