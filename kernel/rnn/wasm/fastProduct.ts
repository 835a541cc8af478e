import type { NumberArray } from '../ndarray.js';
import { findEngine, type Engine } from './engine.js';
import { transposedScratch } from './gemmKernels.js';
import { packedLength } from './packing.js';

/** Multiplications from which the engine pays, where operands have to be copied into its memory. */
const worthwhile = 2048;

interface Operand {
  readonly data: NumberArray;
  /** Distance of rows and of columns, as `gemm` has them. */
  readonly row: number;
  readonly column: number;
}

/**
 * out[M, N] += a · b in WebAssembly, for float32 operands that lie row after row or column after column.
 * @returns false where it does not apply; `out` is then unchanged
 */
export function fastProduct(
  out: NumberArray,
  a: Operand,
  b: Operand,
  m: number,
  n: number,
  k: number,
): boolean {
  if (m * n * k < worthwhile) return false;
  if (
    !(out instanceof Float32Array) ||
    !(a.data instanceof Float32Array) ||
    !(b.data instanceof Float32Array)
  )
    return false;
  const isStraight = a.column === 1 && a.row === k && (b.column === 1 || b.row === 1);
  const isTransposed = a.row === 1 && a.column === m && b.column === 1 && b.row === n;
  const engine = isStraight || isTransposed ? findEngine() : undefined;
  if (!engine) return false;
  const borrowed = new Borrowed(engine);
  const [x, w] = [borrowed.read(a.data), borrowed.read(b.data)];
  const y = borrowed.write(out);
  if (isTransposed)
    engine.core['gemmTransposed']!(
      ...[y, 4 * n, x, 4 * m, w, 4 * n, m, n, k],
      borrowed.scratch(transposedScratch(n) / 4),
    );
  else multiplyStraight(engine, borrowed, { y, x, w }, b.row === 1, m, n, k);
  borrowed.giveBack();
  return true;
}

/** Rows from which packing the right operand pays. */
const packedRows = 4;

function multiplyStraight(
  { core }: Engine,
  borrowed: Borrowed,
  { y, x, w }: Record<'y' | 'x' | 'w', number>,
  isRowByRow: boolean,
  ...[m, n, k]: [number, number, number]
): void {
  if (m < packedRows) {
    if (isRowByRow) core['gemvRows']!(y, 4 * n, x, 4 * k, w, 4 * k, 0, m, n, k);
    else core['gemvColumns']!(y, 4 * n, x, 4 * k, w, 4 * n, m, n, k);
    return;
  }
  const packed = borrowed.scratch(packedLength(n, k));
  if (isRowByRow) core['packTransposed']!(packed, w, 4 * k, n, k);
  else core['packStraight']!(packed, w, 4 * n, k, n);
  core['gemmPacked']!(y, 4 * n, x, 4 * k, packed, 0, m, n, k);
}

/** Arrays in the engine's memory for the time of one call: their own place, or a copy. */
class Borrowed {
  readonly #pieces: Float32Array[] = [];
  readonly #results: [Float32Array, Float32Array][] = [];

  constructor(private readonly engine: Engine) {}

  read(data: Float32Array): number {
    if (this.engine.owns(data)) return data.byteOffset;
    const copy = this.#take(data.length);
    copy.set(data);
    return copy.byteOffset;
  }

  /** What is written there comes back with `giveBack`. */
  write(data: Float32Array): number {
    if (this.engine.owns(data)) return data.byteOffset;
    const copy = this.#take(data.length);
    copy.set(data);
    this.#results.push([data, copy]);
    return copy.byteOffset;
  }

  scratch(length: number): number {
    return this.#take(length).byteOffset;
  }

  giveBack(): void {
    for (const [data, copy] of this.#results) data.set(copy);
    for (const piece of this.#pieces) this.engine.release(piece);
  }

  #take(length: number): Float32Array {
    const piece = this.engine.allocate(length);
    this.#pieces.push(piece);
    return piece;
  }
}
