import { NonFiniteError, ShapeError } from '../errors.js';
import { createNumbers, showShape, type Shape } from '../ndarray.js';
import { Tensor } from '../tensor.js';
import { toRows, type Sequence } from './sequence.js';

/** A scaler was used before it saw any data. */
export class NotFittedError extends Error {
  override readonly name = 'NotFittedError';
}

/** For each column: scaled = (x − offset) / scale. */
export interface SavedScaler {
  offset: readonly number[];
  scale: readonly number[];
}

/** Numbers in columns, the last dimension of a tensor; a plain series is one column. */
interface Columns {
  readonly data: ArrayLike<number>;
  readonly shape: Shape;
  readonly count: number;
  readonly dtype: 'float32' | 'float64';
}

/**
 * Scales each column of a series on its own, with numbers taken from the data given to `fit` only: fit on the training
 * part, then transform every part.
 */
export abstract class ColumnScaler {
  #fitted: SavedScaler | undefined;

  /** Offset and scale for one column. */
  protected abstract measure(column: Float64Array): { offset: number; scale: number };

  /** What is subtracted and divided by, one number for each column; null before `fit`. */
  get fitted(): SavedScaler | null {
    return this.#fitted ?? null;
  }

  /**
   * Takes the numbers of each column from one or several series, forgetting earlier ones.
   * @throws ShapeError if there is no number or columns differ, NonFiniteError for NaN or infinity
   */
  fit(...series: Sequence[]): this {
    const name = `${this.constructor.name}.fit`;
    const parts = series.map((one) => toColumns(name, one));
    const count = parts[0]?.count ?? 0;
    for (const part of parts) this.#checkCount(name, part.count, count);
    if (parts.every(({ data }) => data.length === 0))
      throw new ShapeError(`${name}: expected at least one number, got none`);
    const measured = Array.from({ length: count }, (_, k) =>
      this.measure(columnOf(name, parts, k)),
    );
    this.#fitted = {
      offset: measured.map(({ offset }) => offset),
      // A column that never changes stays where it is put: there is nothing to scale it by.
      scale: measured.map(({ scale }) => scale || 1),
    };
    return this;
  }

  /**
   * @returns a tensor of the same shape: float64 where that is what came, else float32
   * @throws NotFittedError before `fit`, ShapeError for another number of columns
   */
  transform(series: Sequence): Tensor {
    const { offset, scale } = this.#require('transform');
    return this.#map('transform', series, offset.length, (x, k) => (x - offset[k]!) / scale[k]!);
  }

  /** `fit`, then `transform`. */
  fitTransform(series: Sequence): Tensor {
    return this.fit(series).transform(series);
  }

  /**
   * Back to the original unit.
   * @param columns which columns these are, where they are not all of them: a model's targets
   */
  inverseTransform(series: Sequence, columns?: readonly number[]): Tensor {
    const { offset, scale } = this.#require('inverseTransform');
    const all = columns ?? offset.map((_, k) => k);
    for (const k of all)
      if (offset[k] === undefined)
        throw new ShapeError(
          `${this.constructor.name}.inverseTransform: there is no column ${k}, expected 0 to ${offset.length - 1}`,
        );
    return this.#map(
      'inverseTransform',
      series,
      all.length,
      (x, k) => x * scale[all[k]!]! + offset[all[k]!]!,
    );
  }

  toJSON(): SavedScaler & { type: string } {
    const { offset, scale } = this.#require('toJSON');
    return { type: this.constructor.name, offset, scale };
  }

  /** Takes over what `JSON.stringify(scaler)` gave, parsed. */
  load(saved: SavedScaler): this {
    this.#fitted = { offset: [...saved.offset], scale: [...saved.scale] };
    return this;
  }

  #require(method: string): SavedScaler {
    if (this.#fitted) return this.#fitted;
    throw new NotFittedError(
      `${this.constructor.name}.${method}: expected fit() to be called first, with the training data`,
    );
  }

  #checkCount(owner: string, count: number, expected: number): void {
    if (count !== expected)
      throw new ShapeError(`${owner}: got ${count} columns, expected ${expected}`);
  }

  #map(
    method: string,
    series: Sequence,
    expected: number,
    scale: (x: number, column: number) => number,
  ): Tensor {
    const name = `${this.constructor.name}.${method}`;
    const { data, shape, count, dtype } = toColumns(name, series);
    this.#checkCount(name, count, expected);
    const out = createNumbers(dtype, data.length);
    for (let i = 0; i < data.length; i++) out[i] = scale(data[i]!, i % count);
    return new Tensor(out, shape);
  }
}

function toColumns(owner: string, series: Sequence): Columns {
  const rows = toRows(owner, series);
  const shape = [rows.length, ...rows.shape];
  const count = shape.length === 1 ? 1 : shape.at(-1)!;
  if (count === 0) throw new ShapeError(`${owner}: ${showShape(shape)} has no columns`);
  return { data: rows.data, shape, count, dtype: rows.dtype === 'float64' ? 'float64' : 'float32' };
}

function columnOf(owner: string, parts: readonly Columns[], k: number): Float64Array {
  const total = parts.reduce((sum, { data, count }) => sum + data.length / count, 0);
  const column = new Float64Array(total);
  let at = 0;
  for (const { data, count } of parts)
    for (let i = k; i < data.length; i += count) {
      const value = data[i]!;
      if (!Number.isFinite(value))
        throw new NonFiniteError(
          `${owner}: expected finite numbers, got ${value} in row ${(i - k) / count}, column ${k}`,
        );
      column[at++] = value;
    }
  return column;
}
