import { ShapeError } from './errors.js';

/** Element types of tensors: floating point with 32 or 64 bits, and 32-bit integers for indices. */
export type DType = 'float32' | 'float64' | 'int32';
export type NumberArray = Float32Array | Float64Array | Int32Array;
/** Extents along each axis, `[T, B, F]`; `[]` for a single number. */
export type Shape = readonly number[];

/** Plain row-major numbers with a shape: what operations compute on. Knows nothing of gradients. */
export interface NdArray {
  readonly data: NumberArray;
  readonly shape: Shape;
}

const constructors = { float32: Float32Array, float64: Float64Array, int32: Int32Array } as const;

/** Arrays up to this length lie in V8's own heap, which is quick. */
const shortLength = 16;
/** Arrays up to this length are cut from a slab: memory of its own costs an array up to a microsecond. */
const slabShare = 1024;
const slabLength = 16_384;
const slabs: Record<DType, { numbers: NumberArray; used: number }> = {
  float32: { numbers: new Float32Array(0), used: 0 },
  float64: { numbers: new Float64Array(0), used: 0 },
  int32: { numbers: new Int32Array(0), used: 0 },
};

/** Zeros. Short arrays may share a buffer with others, as Node's `Buffer`s do; no two overlap. */
export function createNumbers(dtype: DType, length: number): NumberArray {
  if (length <= shortLength || length > slabShare) return new constructors[dtype](length);
  const slab = slabs[dtype];
  let from = slab.used;
  if (from + length > slab.numbers.length) {
    slab.numbers = new constructors[dtype](slabLength);
    from = 0;
  }
  slab.used = from + length;
  return slab.numbers.subarray(from, from + length);
}

export const createNdArray = (dtype: DType, shape: Shape): NdArray => ({
  data: createNumbers(dtype, sizeOf(shape)),
  shape,
});

export function dtypeOf(data: NumberArray): DType {
  if (data instanceof Float32Array) return 'float32';
  return data instanceof Float64Array ? 'float64' : 'int32';
}

/** Number of elements. */
export function sizeOf(shape: Shape): number {
  let size = 1;
  for (const extent of shape) size *= extent;
  return size;
}

export const showShape = (shape: Shape): string =>
  `[${shape.map((extent) => (extent === batch ? 'B' : String(extent))).join(', ')}]`;

/** Stands for the batch extent in the shapes of a cell program, which is traced before it is known. */
export const batch = -1;

export function sameShape(a: Shape, b: Shape): boolean {
  if (a.length !== b.length) return false;
  for (let axis = 0; axis < a.length; axis++) if (a[axis] !== b[axis]) return false;
  return true;
}

/** Turns an axis that may count from the end (-1 is the last) into one that counts from the start. */
export function resolveAxis(owner: string, axis: number, shape: Shape): number {
  const resolved = axis < 0 ? axis + shape.length : axis;
  if (!Number.isInteger(axis) || resolved < 0 || resolved >= shape.length)
    throw new ShapeError(
      `${owner}: axis ${axis} is out of range, expected ${-shape.length} to ${shape.length - 1} for shape ${showShape(shape)}`,
    );
  return resolved;
}

/**
 * The common shape of two operands after broadcasting: aligned at the last axis, extents are equal or one
 * of them is 1. Source: https://numpy.org/doc/stable/user/basics.broadcasting.html
 */
export function broadcastShapes(owner: string, a: Shape, b: Shape): number[] {
  const rank = Math.max(a.length, b.length);
  const out = new Array<number>(rank);
  for (let axis = 0; axis < rank; axis++) {
    const p = a[axis - rank + a.length] ?? 1;
    const q = b[axis - rank + b.length] ?? 1;
    if (p !== q && p !== 1 && q !== 1)
      throw new ShapeError(
        `${owner}: shapes ${showShape(a)} and ${showShape(b)} do not broadcast, axis ${axis - rank} has ${p} and ${q}`,
      );
    out[axis] = p === 1 ? q : p;
  }
  return out;
}

/** For each axis of `out`, how far an index into `shape` moves: 0 where `shape` is broadcast. */
export function broadcastStrides(shape: Shape, out: Shape): number[] {
  const strides = new Array<number>(out.length).fill(0);
  let stride = 1;
  for (let axis = shape.length - 1; axis >= 0; axis--) {
    const extent = shape[axis]!;
    if (extent !== 1) strides[axis + out.length - shape.length] = stride;
    stride *= extent;
  }
  return strides;
}

/** A stretch of elements that lie `stepA` and `stepB` apart in two operands, and one after the other in the result. */
export interface Run {
  /** Where it begins in the result and in the operands. */
  at: number;
  a: number;
  b: number;
  count: number;
  /** 0 where an operand is broadcast along the stretch. */
  stepA: number;
  stepB: number;
}

/**
 * Visits every element of `out` with the elements of a and b that it reads, in stretches as long as can be: a loop
 * over a stretch needs no call per element. `run` is the same object each time.
 */
export function forEachRun(out: Shape, a: Shape, b: Shape, visit: (run: Run) => void): void {
  const axes = collapse(out, broadcastStrides(a, out), broadcastStrides(b, out));
  const inner = axes.pop() ?? { extent: 1, stepA: 0, stepB: 0 };
  const { extent: count, stepA, stepB } = inner;
  const run: Run = { at: 0, a: 0, b: 0, count, stepA, stepB };
  const index = axes.map(() => 0);
  const size = sizeOf(out);
  for (; run.at < size; run.at += count) {
    visit(run);
    for (let axis = axes.length - 1; axis >= 0; axis--) {
      const { extent, stepA: alongA, stepB: alongB } = axes[axis]!;
      run.a += alongA;
      run.b += alongB;
      if (++index[axis]! < extent) break;
      run.a -= alongA * extent;
      run.b -= alongB * extent;
      index[axis] = 0;
    }
  }
}

/** The axes of `out`, without those of extent 1, neighbours that lie in memory like one axis made one. */
function collapse(out: Shape, stridesA: readonly number[], stridesB: readonly number[]) {
  const axes: { extent: number; stepA: number; stepB: number }[] = [];
  for (const [axis, extent] of out.entries()) {
    if (extent === 1) continue;
    const [stepA, stepB] = [stridesA[axis]!, stridesB[axis]!];
    const outer = axes.at(-1);
    if (outer?.stepA === stepA * extent && outer.stepB === stepB * extent)
      axes[axes.length - 1] = { extent: outer.extent * extent, stepA, stepB };
    else axes.push({ extent, stepA, stepB });
  }
  return axes;
}
