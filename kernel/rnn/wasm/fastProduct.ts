import type { NumberArray } from '../ndarray.js';
import { packedLength, packStraight, packTransposed } from './packing.js';
import { findEngine, type Engine } from './engine.js';

/** Multiplications from which copying into the engine's memory pays. */
const worthwhile = 16_384;
/** Rows of K that one pass of a transposed product takes: they stay in the cache. */
const chunk = 128;

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
  if (![out, a.data, b.data].every((data) => data instanceof Float32Array)) return false;
  const isPacked = a.column === 1 && a.row === k && (b.column === 1 || b.row === 1);
  const isTransposed = a.row === 1 && a.column === m && b.column === 1 && b.row === n;
  const engine = isPacked || isTransposed ? findEngine() : undefined;
  if (!engine) return false;
  const target = engine.allocate(m * n).fill(0);
  const left = engine.allocate(m * k);
  left.set(a.data);
  if (isPacked) multiplyPacked(engine, target, left, b, m, n, k);
  else multiplyTransposed(engine, target, left, b, m, n, k);
  for (let i = 0; i < out.length; i++) out[i]! += target[i]!;
  engine.release(left);
  engine.release(target);
  return true;
}

type Sizes = [m: number, n: number, k: number];

function multiplyPacked(
  engine: Engine,
  target: Float32Array,
  left: Float32Array,
  b: Operand,
  ...[m, n, k]: Sizes
): void {
  const packed = engine.allocate(packedLength(n, k)).fill(0);
  if (b.row === 1) packTransposed(packed, b.data, 0, n, k);
  else packStraight(packed, b.data, 0, k, n);
  engine.gemmPacked(target.byteOffset, 4 * n, left.byteOffset, 4 * k, packed.byteOffset, m, n, k);
  engine.release(packed);
}

function multiplyTransposed(
  engine: Engine,
  target: Float32Array,
  left: Float32Array,
  b: Operand,
  ...[m, n, k]: Sizes
): void {
  const right = engine.allocate(n * k);
  right.set(b.data);
  for (let at = 0; at < k; at += chunk)
    engine.gemmTransposed(
      target.byteOffset,
      4 * n,
      left.byteOffset + 4 * at * m,
      4 * m,
      right.byteOffset + 4 * at * n,
      4 * n,
      m,
      n,
      Math.min(chunk, k - at),
    );
  engine.release(right);
}
