import { describeValue } from './describeValue.js';
import { OptionError, ShapeError } from './errors.js';
import {
  createNumbers,
  resolveAxis,
  showShape,
  sizeOf,
  type DType,
  type Shape,
} from './ndarray.js';
import { randomStream } from './random.js';
import { applyOp, Tensor } from './tensor.js';

/** `dtype` is `'float32'` and `requiresGrad` false where left out. */
export interface TensorOptions {
  /** Element type. Default `'float32'`, unless a function says otherwise. */
  dtype?: DType;
  /** Whether `backward()` computes its gradient; floating point only. Default false. */
  requiresGrad?: boolean;
}

/** What `tensor()` takes: a number, or arrays of numbers within arrays; the innermost may be typed arrays. */
export type NestedNumbers = number | ArrayLike<number> | readonly NestedNumbers[];

/**
 * A tensor from a number or nested arrays of numbers (typed arrays at the innermost level are fine).
 * @throws ShapeError if the arrays are ragged
 */
export function tensor(values: NestedNumbers, options: TensorOptions = {}): Tensor {
  const shape: number[] = [];
  for (let level: unknown = values; isArrayLike(level); level = level[0]) shape.push(level.length);
  const data = createNumbers(options.dtype ?? 'float32', sizeOf(shape));
  let next = 0;
  const copy = (level: unknown, axis: number): void => {
    if (axis === shape.length) {
      if (typeof level !== 'number')
        throw new ShapeError(
          `tensor: expected a number at depth ${axis}, got ${describeValue(level)}`,
        );
      data[next++] = level;
      return;
    }
    if (!isArrayLike(level) || level.length !== shape[axis])
      throw new ShapeError(
        `tensor: ragged arrays, expected length ${shape[axis]!} at depth ${axis}, got ${describeValue(level)}`,
      );
    for (let i = 0; i < level.length; i++) copy(level[i], axis + 1);
  };
  copy(values, 0);
  return new Tensor(data, shape, options);
}

function isArrayLike(value: unknown): value is ArrayLike<unknown> {
  return Array.isArray(value) || ArrayBuffer.isView(value);
}

function fill(shape: Shape, options: TensorOptions, next: (i: number) => number): Tensor {
  const given: unknown = shape;
  if (!Array.isArray(given) || shape.some((extent) => !Number.isInteger(extent) || extent < 0))
    throw new ShapeError(`expected a shape of whole numbers, got ${JSON.stringify(given)}`);
  const data = createNumbers(options.dtype ?? 'float32', sizeOf(shape));
  for (let i = 0; i < data.length; i++) data[i] = next(i);
  return new Tensor(data, [...shape], options);
}

/** A tensor of zeros, float32 unless told. @throws ShapeError unless the shape holds whole numbers */
export const zeros = (shape: Shape, options: TensorOptions = {}): Tensor =>
  fill(shape, options, () => 0);

/** A tensor of ones, float32 unless told. @throws ShapeError unless the shape holds whole numbers */
export const ones = (shape: Shape, options: TensorOptions = {}): Tensor =>
  fill(shape, options, () => 1);

/** A tensor that holds one number everywhere, float32 unless told. @throws ShapeError as `zeros` */
export const full = (shape: Shape, value: number, options: TensorOptions = {}): Tensor =>
  fill(shape, options, () => value);

/** The identity matrix `[n, n]`, float32 unless told. */
export const eye = (n: number, options: TensorOptions = {}): Tensor =>
  fill([n, n], options, (i) => (i % (n + 1) === 0 ? 1 : 0));

/**
 * start, start + step, … below end, `[⌈(end − start) / step⌉]`; step is 1 where left out. `arange(n)` counts from 0.
 * @throws OptionError if step is 0
 */
export function arange(start: number, end?: number, step = 1, options: TensorOptions = {}): Tensor {
  const [from, to] = end === undefined ? [0, start] : [start, end];
  if (step === 0) throw new OptionError('arange: step must not be 0');
  const count = Math.max(0, Math.ceil((to - from) / step));
  return fill([count], options, (i) => from + i * step);
}

/** `count` evenly spaced numbers from start to end, both included: `[count]`. */
export const linspace = (
  start: number,
  end: number,
  count: number,
  options: TensorOptions = {},
): Tensor =>
  fill([count], options, (i) => (count === 1 ? start : start + (i * (end - start)) / (count - 1)));

/** Independent numbers from U[0, 1), fixed by `manualSeed`, float32 unless told. */
export const rand = (shape: Shape, options: TensorOptions = {}): Tensor => {
  const stream = randomStream('rand');
  return fill(shape, options, () => stream.uniform());
};

/** Independent numbers from N(0, 1), fixed by `manualSeed`, float32 unless told. */
export const randn = (shape: Shape, options: TensorOptions = {}): Tensor => {
  const stream = randomStream('randn');
  return fill(shape, options, () => stream.normal());
};

/** Independent integers, each of low … high − 1 alike, fixed by `manualSeed`, int32 unless told. */
export const randint = (
  low: number,
  high: number,
  shape: Shape,
  options: TensorOptions = {},
): Tensor => {
  const stream = randomStream('randint');
  return fill(shape, { dtype: 'int32', ...options }, () => stream.integer(low, high));
};

/**
 * Indices `[…]` → vectors `[…, count]` that are 1 at the index and 0 elsewhere. Recurrent layers gather weights for such
 * input instead of multiplying.
 * @throws OptionError for an index that is not below count
 */
export function oneHot(indices: Tensor, count: number, options: TensorOptions = {}): Tensor {
  const out = zeros([...indices.shape, count], options);
  indices.data.forEach((index, i) => {
    if (!Number.isInteger(index) || index < 0 || index >= count)
      throw new OptionError(`oneHot: index ${index} is out of range, expected 0 to ${count - 1}`);
    out.data[i * count + index] = 1;
  });
  return out;
}

/** Joins tensors along an axis that exists, 0 unless told; the other extents agree. @throws ShapeError otherwise */
export const cat = (tensors: readonly Tensor[], axis = 0): Tensor =>
  applyOp('cat', tensors, { axis });

/** Joins tensors of one shape along a new axis, in front unless told. @throws ShapeError if shapes differ */
export function stack(tensors: readonly Tensor[], axis = 0): Tensor {
  const [first] = tensors;
  if (!first) throw new ShapeError('stack: expected at least one tensor, got none');
  const at = resolveAxis('stack', axis, [...first.shape, 1]);
  return cat(
    tensors.map((one) => {
      if (String(one.shape) !== String(first.shape))
        throw new ShapeError(
          `stack: shapes ${showShape(first.shape)} and ${showShape(one.shape)} differ`,
        );
      return one.reshape(first.shape.toSpliced(at, 0, 1));
    }),
    at,
  );
}

/** The same in reverse order along an axis, 0 unless told: a sequence backwards. @throws ShapeError without that axis */
export function flip(x: Tensor, axis = 0): Tensor {
  const at = resolveAxis('flip', axis, x.shape);
  const parts = Array.from({ length: x.shape[at]! }, (_, i) => x.slice(at, i, i + 1));
  return parts.length > 1 ? cat(parts.reverse(), at) : x;
}
