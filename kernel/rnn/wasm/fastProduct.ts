import type { NumberArray } from '../ndarray.js';
import { findEngine, type Engine } from './engine.js';
import { transposedScratch } from './gemmKernels.js';
import { packedLength } from './packing.js';

/** Multiplications from which the engine pays, where operands have to be copied into its memory. */
const worthwhile = 2048;
/** Numbers up to which a loop copies them faster than a view. */
const shortLength = 128;
/** Rows from which packing the right operand pays. */
const packedRows = 4;

/**
 * out[M, N] = bias + x·wᵀ with x `[M, K]` and w `[N, K]` (bias left out: zeros), in WebAssembly for float32.
 * @returns false where it does not apply; `out` is then unchanged
 */
export function fastLinear(
  out: NumberArray,
  x: NumberArray,
  w: NumberArray,
  bias: NumberArray | undefined,
  m: number,
  n: number,
  k: number,
): boolean {
  const engine = engineFor(out, x, w, m * n * k);
  if (!engine) return false;
  const isPacked = m >= packedRows;
  const sums = packedLength(n, 1);
  const room = sums + (isPacked ? packedLength(n, k) : 0);
  const loan = new Loan(engine, out, x, w, room, false);
  // Whole panels are read of it, so that one with an end inside a panel is copied.
  const isInPlace = bias && n === sums && engine.owns(bias);
  const sum = isInPlace ? bias.byteOffset : loan.scratch(sums);
  if (!bias) engine.core['clear']!(sum, n);
  else if (!isInPlace) engine.copy(bias, sum);
  if (!isPacked)
    engine.core['gemvRows']!(loan.out, 4 * n, loan.a, 4 * k, loan.b, 4 * k, sum, m, n, k);
  else {
    const packed = loan.scratch(packedLength(n, k));
    engine.core['packTransposed']!(packed, loan.b, 4 * k, n, k);
    engine.core['gemmPacked']!(loan.out, 4 * n, loan.a, 4 * k, packed, sum, m, n, k);
  }
  loan.bring();
  return true;
}

/**
 * out[N] += Σ x[M, N] over its rows, in WebAssembly.
 * @returns false where it does not apply; `out` is then unchanged
 */
export function fastColumnSums(out: NumberArray, x: NumberArray, m: number, n: number): boolean {
  const engine = findEngine();
  if (!engine?.owns(out) || !engine.owns(x)) return false;
  engine.core['columnSums']!(out.byteOffset, x.byteOffset, 4 * n, m, n);
  return true;
}

/** How an operand lies: distances of rows and of columns, as `gemm` has them. */
type Strides = readonly [row: number, column: number];

/**
 * out[M, N] += a · b in WebAssembly, for float32 operands that lie row after row or column after column.
 * @returns false where it does not apply; `out` is then unchanged
 */
export function fastProduct(
  out: NumberArray,
  a: NumberArray,
  [aRow, aColumn]: Strides,
  b: NumberArray,
  [bRow, bColumn]: Strides,
  m: number,
  n: number,
  k: number,
): boolean {
  const isStraight = aColumn === 1 && aRow === k && (bColumn === 1 || bRow === 1);
  const isTransposed = aRow === 1 && aColumn === m && bColumn === 1 && bRow === n;
  if (!isStraight && !isTransposed) return false;
  const engine = engineFor(out, a, b, m * n * k);
  if (!engine) return false;
  const room = isTransposed ? transposedScratch(n) / 4 : packedLength(n, k);
  const loan = new Loan(engine, out, a, b, room, true);
  const { a: x, b: w, out: y } = loan;
  const { core } = engine;
  if (isTransposed)
    core['gemmTransposed']!(y, 4 * n, x, 4 * m, w, 4 * n, m, n, k, loan.scratch(room));
  else if (m < packedRows && bRow === 1)
    core['gemvRows']!(y, 4 * n, x, 4 * k, w, 4 * k, 0, m, n, k);
  else if (m < packedRows) core['gemvColumns']!(y, 4 * n, x, 4 * k, w, 4 * n, m, n, k);
  else {
    const packed = loan.scratch(room);
    if (bRow === 1) core['packTransposed']!(packed, w, 4 * k, n, k);
    else core['packStraight']!(packed, w, 4 * n, k, n);
    core['gemmPacked']!(y, 4 * n, x, 4 * k, packed, 0, m, n, k);
  }
  loan.bring();
  return true;
}

function engineFor(
  out: NumberArray,
  a: NumberArray,
  b: NumberArray,
  work: number,
): Engine | undefined {
  const areFloats =
    out instanceof Float32Array && a instanceof Float32Array && b instanceof Float32Array;
  return areFloats && work >= worthwhile ? findEngine() : undefined;
}

/** A product's arrays in the engine's memory for its time: in their own place, or copied into scratch. */
class Loan {
  /** Addresses of the operands and of the result. */
  readonly a: number;
  readonly b: number;
  readonly out: number;
  readonly #isElsewhere: boolean;
  #next: number;

  /**
   * @param room numbers of scratch wanted besides
   * @param keepsOut whether the result's old content is read too
   */
  constructor(
    private readonly engine: Engine,
    private readonly result: NumberArray,
    a: NumberArray,
    b: NumberArray,
    room: number,
    keepsOut: boolean,
  ) {
    const ownsA = engine.owns(a);
    const ownsB = engine.owns(b);
    this.#isElsewhere = !engine.owns(result);
    let length = room + spareOf(5);
    if (!ownsA) length += a.length;
    if (!ownsB) length += b.length;
    if (this.#isElsewhere) length += result.length;
    this.#next = engine.scratch(length);
    this.a = ownsA ? a.byteOffset : engine.copy(a, this.scratch(a.length));
    this.b = ownsB ? b.byteOffset : engine.copy(b, this.scratch(b.length));
    this.out = this.#isElsewhere ? this.scratch(result.length) : result.byteOffset;
    if (this.#isElsewhere && keepsOut) engine.copy(result, this.out);
  }

  /** Takes the result to where it is wanted. */
  bring(): void {
    if (!this.#isElsewhere) return;
    const { result, out } = this;
    const { heap } = this.engine;
    const from = out / 4;
    // A view of the heap for a few numbers costs more than they do.
    if (result.length <= shortLength)
      for (let i = 0; i < result.length; i++) result[i] = heap[from + i]!;
    else result.set(heap.subarray(from, from + result.length));
  }

  /** Room for as many numbers, on cache lines of its own. */
  scratch(length: number): number {
    const address = this.#next;
    this.#next += 64 * Math.ceil(length / 16) + 64;
    return address;
  }
}

/** Numbers that pieces of scratch take beyond their lengths. */
const spareOf = (pieces: number): number => 32 * pieces;
