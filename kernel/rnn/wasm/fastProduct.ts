import type { NumberArray } from '../ndarray.js';
import { findEngine, type Engine } from './engine.js';
import { transposedScratch } from './gemmKernels.js';
import { packedLength } from './packing.js';

/** Multiplications from which the engine pays, where operands have to be copied into its memory. */
const worthwhile = 2048;
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
  const loan = new Loan(engine, [x, w, out], packedLength(n, k) + packedLength(n, 1));
  const sum = loan.scratch(packedLength(n, 1));
  engine.heap.fill(0, sum / 4, sum / 4 + n);
  if (bias) engine.heap.set(bias, sum / 4);
  const [xAt, wAt, y] = [loan.read(x), loan.read(w), loan.place(out)];
  if (m < packedRows) engine.core['gemvRows']!(y, 4 * n, xAt, 4 * k, wAt, 4 * k, sum, m, n, k);
  else {
    const packed = loan.scratch(packedLength(n, k));
    engine.core['packTransposed']!(packed, wAt, 4 * k, n, k);
    engine.core['gemmPacked']!(y, 4 * n, xAt, 4 * k, packed, sum, m, n, k);
  }
  loan.bring(out, y);
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
  const loan = new Loan(engine, [a, b, out], room);
  const [x, w, y] = [loan.read(a), loan.read(b), loan.read(out)];
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
  loan.bring(out, y);
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

/** Arrays in the engine's memory for the time of one operation: in their own place, or copied into its scratch. */
class Loan {
  #next: number;

  /** @param room numbers of scratch wanted besides */
  constructor(
    private readonly engine: Engine,
    arrays: readonly NumberArray[],
    room: number,
  ) {
    let length = room + 16 * (arrays.length + 2);
    for (const array of arrays) if (!engine.owns(array)) length += array.length;
    this.#next = engine.scratch(length);
  }

  /** Where an array can be read. */
  read(array: NumberArray): number {
    if (this.engine.owns(array)) return array.byteOffset;
    const address = this.scratch(array.length);
    this.engine.heap.set(array, address / 4);
    return address;
  }

  /** Where an array's new content is to be written; `bring` then takes it there. */
  place(array: NumberArray): number {
    return this.engine.owns(array) ? array.byteOffset : this.scratch(array.length);
  }

  bring(array: NumberArray, address: number): void {
    if (this.engine.owns(array)) return;
    array.set(this.engine.heap.subarray(address / 4, address / 4 + array.length));
  }

  /** Room for as many numbers, on a cache line of its own. */
  scratch(length: number): number {
    const address = this.#next;
    this.#next += 64 * Math.ceil(length / 16) + 64;
    return address;
  }
}
