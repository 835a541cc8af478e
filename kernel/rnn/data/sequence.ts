import { ShapeError } from '../errors.js';
import {
  dtypeOf,
  showShape,
  sizeOf,
  type DType,
  type NumberArray,
  type Shape,
} from '../ndarray.js';
import { Tensor } from '../tensor.js';

/**
 * Numbers over time: one number at each time step, or a row of them, or a tensor `[T, …]`.
 */
export type Sequence = Tensor | ArrayLike<number> | readonly ArrayLike<number>[];

/** A sequence's numbers, row after row. */
export interface Rows {
  readonly data: ArrayLike<number>;
  /** T */
  readonly length: number;
  /** The shape of what is at one time step: `[]` for a number. */
  readonly shape: Shape;
  /** What a tensor of these numbers holds where nothing else is said: int32 only for what is int32 already. */
  readonly dtype: DType;
}

const isTypedArray = (value: unknown): value is NumberArray =>
  value instanceof Float32Array || value instanceof Float64Array || value instanceof Int32Array;

/** @throws ShapeError for a tensor without dimensions, and rows of different lengths */
export function toRows(owner: string, sequence: Sequence): Rows {
  if (sequence instanceof Tensor) {
    const [length, ...shape] = sequence.shape;
    if (length === undefined)
      throw new ShapeError(
        `${owner}: a sequence is ${showShape([])}, expected at least one dimension`,
      );
    return { data: sequence.data, length, shape, dtype: sequence.dtype };
  }
  const { length } = sequence;
  const first = sequence[0];
  if (first === undefined || typeof first === 'number')
    return {
      data: sequence as ArrayLike<number>,
      length,
      shape: [],
      dtype: isTypedArray(sequence) ? dtypeOf(sequence) : 'float32',
    };
  return joinRows(owner, sequence as readonly ArrayLike<number>[], first.length);
}

function joinRows(owner: string, rows: readonly ArrayLike<number>[], width: number): Rows {
  const data = new Float64Array(rows.length * width);
  rows.forEach((row, t) => {
    if (row.length !== width)
      throw new ShapeError(
        `${owner}: row ${t} has ${row.length} numbers, expected ${width} as in the first`,
      );
    data.set(row, t * width);
  });
  const [first] = rows;
  const dtype = isTypedArray(first) ? dtypeOf(first) : 'float32';
  return { data, length: rows.length, shape: [width], dtype };
}

/** @throws ShapeError unless all have the same numbers at a time step, and there is at least one sequence */
export function commonShape(owner: string, sequences: readonly Rows[]): Shape {
  const [first] = sequences;
  if (!first) throw new ShapeError(`${owner}: expected at least one sequence, got none`);
  sequences.forEach(({ shape }, k) => {
    if (String(shape) !== String(first.shape))
      throw new ShapeError(
        `${owner}: sequence ${k} has ${showShape(shape)} at each time step, expected ${showShape(first.shape)} as in the first`,
      );
  });
  return first.shape;
}

/** Number of values at each time step. */
export const widthOfRows = ({ shape }: Rows): number => sizeOf(shape);
