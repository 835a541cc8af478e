import { norm } from './vectors.js';
import { gemm } from '../gemm.js';

/**
 * Singular values of an m×n matrix (row-major), largest first.
 *
 * Householder reflections bring it to bidiagonal form; the singular values are then the non-negative
 * eigenvalues of the symmetric tridiagonal matrix with zero diagonal and the bidiagonal's entries, interleaved,
 * beside it, found by implicit QL. Errors are of the order of 10⁻¹⁵ of the largest.
 * Source: G. Golub, W. Kahan, "Calculating the singular values and pseudo-inverse of a matrix", SIAM J.
 * Numer. Anal. B 2(2), 1965; H. Bowdler et al., "The QR and QL algorithms for symmetric matrices", 1968.
 */
export function singularValues(matrix: ArrayLike<number>, m: number, n: number): Float64Array {
  const tall = m >= n;
  const [rows, columns] = tall ? [m, n] : [n, m];
  const a = new Float64Array(rows * columns);
  for (let i = 0; i < m; i++)
    for (let j = 0; j < n; j++) a[tall ? i * n + j : j * m + i] = matrix[i * n + j]!;
  const offDiagonal = bidiagonalize(a, rows, columns);
  const eigenvalues = tridiagonalEigenvalues(new Float64Array(2 * columns), offDiagonal);
  // They come in pairs ±σ.
  return eigenvalues
    .sort((x, y) => y - x)
    .slice(0, columns)
    .map(Math.abs);
}

/** Overwrites a; returns the bidiagonal's entries d₀ e₀ d₁ e₁ …, 2n − 1 of them. */
function bidiagonalize(a: Float64Array, m: number, n: number): Float64Array {
  const entries = new Float64Array(2 * n - 1);
  for (let k = 0; k < n; k++) {
    entries[2 * k] = reflect(a, k * n + k, n, m - k, n - k - 1, 1);
    if (k + 1 < n) entries[2 * k + 1] = reflect(a, k * n + k + 1, 1, n - k - 1, m - k - 1, n);
  }
  return entries;
}

/**
 * Reflects the vector of `length` entries, `stride` apart from `start`, onto its first axis, and `count`
 * more vectors, each `next` further, along with it. @returns what the first entry became
 */
function reflect(
  a: Float64Array,
  start: number,
  stride: number,
  length: number,
  count: number,
  next: number,
): number {
  let squared = 0;
  for (let i = 0, p = start; i < length; i++, p += stride) squared += a[p]! * a[p]!;
  const size = Math.sqrt(squared);
  if (size === 0) return 0;
  const result = a[start]! > 0 ? -size : size;
  a[start]! -= result;
  const scale = 1 / (-result * a[start]!);
  if (next === 1) reflectColumns(a, start, stride, length, count, scale);
  else reflectRows(a, start, length, count, next, scale);
  return result;
}

/** The vectors stand below each other: four at a time, whose sums need not wait for each other. */
function reflectRows(
  a: Float64Array,
  start: number,
  length: number,
  count: number,
  next: number,
  scale: number,
): void {
  const together = count - (count % 4);
  for (let c = 1; c <= together; c += 4) {
    const shift = c * next;
    let [d0, d1, d2, d3] = [0, 0, 0, 0];
    const [r1, r2, r3] = [next, 2 * next, 3 * next];
    for (let p = start, q = start + shift; p < start + length; p++, q++) {
      const x = a[p]!;
      d0 += x * a[q]!;
      d1 += x * a[q + r1]!;
      d2 += x * a[q + r2]!;
      d3 += x * a[q + r3]!;
    }
    d0 *= scale;
    d1 *= scale;
    d2 *= scale;
    d3 *= scale;
    for (let p = start, q = start + shift; p < start + length; p++, q++) {
      const x = a[p]!;
      a[q]! -= d0 * x;
      a[q + r1]! -= d1 * x;
      a[q + r2]! -= d2 * x;
      a[q + r3]! -= d3 * x;
    }
  }
  for (let c = together + 1; c <= count; c++) {
    const shift = c * next;
    let dot = 0;
    for (let p = start; p < start + length; p++) dot += a[p]! * a[p + shift]!;
    dot *= scale;
    for (let p = start; p < start + length; p++) a[p + shift]! -= dot * a[p]!;
  }
}

/** The vectors stand side by side: row by row, two at a time, memory is read in order. */
function reflectColumns(
  a: Float64Array,
  start: number,
  stride: number,
  length: number,
  count: number,
  scale: number,
): void {
  const dots = new Float64Array(count);
  const paired = length - (length % 2);
  const end = start + length * stride;
  for (let i = 0, p = start; i < paired; i += 2, p += 2 * stride) {
    const [x, y] = [a[p]!, a[p + stride]!];
    for (let c = 0, q = p + 1; c < count; c++, q++)
      dots[c] = dots[c]! + x * a[q]! + y * a[q + stride]!;
  }
  if (paired < length)
    for (let c = 0, p = end - stride; c < count; c++) dots[c]! += a[p]! * a[p + 1 + c]!;
  for (let i = 0, p = start; i < length; i++, p += stride) {
    const factor = scale * a[p]!;
    for (let c = 0, q = p + 1; c < count; c++, q++) a[q]! -= factor * dots[c]!;
  }
}

/** Most QL sweeps for one eigenvalue; a handful is usual. */
const mostSweeps = 60;

/** Eigenvalues of a symmetric tridiagonal matrix, by the QL algorithm with implicit shifts. Overwrites d. */
function tridiagonalEigenvalues(d: Float64Array, offDiagonal: Float64Array): Float64Array {
  const n = d.length;
  const e = new Float64Array(n);
  e.set(offDiagonal);
  for (let l = 0; l < n; l++)
    for (let sweep = 0; sweep <= mostSweeps; sweep++) {
      const m = firstSplit(d, e, l);
      if (m === l) break;
      // Numbers that are not finite never split.
      if (sweep === mostSweeps) return d.fill(NaN);
      sweepOnce(d, e, l, m);
    }
  return d;
}

/** The first m ≥ l after which the matrix falls apart. */
function firstSplit(d: Float64Array, e: Float64Array, l: number): number {
  let m = l;
  for (; m < d.length - 1; m++) {
    const near = Math.abs(d[m]!) + Math.abs(d[m + 1]!);
    if (Math.abs(e[m]!) <= Number.EPSILON * near || Math.abs(e[m]!) < 1e-300) break;
  }
  return m;
}

/** √(f² + g²); the careful way only where a square would over- or underflow. */
function hypotenuse(f: number, g: number): number {
  const squared = f * f + g * g;
  return squared > 1e-280 && squared < 1e280 ? Math.sqrt(squared) : Math.hypot(f, g);
}

function sweepOnce(d: Float64Array, e: Float64Array, l: number, m: number): void {
  let g = (d[l + 1]! - d[l]!) / (2 * e[l]!);
  let r = hypotenuse(g, 1);
  g = d[m]! - d[l]! + e[l]! / (g + (g >= 0 ? r : -r));
  let s = 1;
  let c = 1;
  let p = 0;
  for (let i = m - 1; i >= l; i--) {
    const f = s * e[i]!;
    const b = c * e[i]!;
    r = hypotenuse(f, g);
    e[i + 1] = r;
    if (r === 0) {
      d[i + 1]! -= p;
      e[m] = 0;
      return;
    }
    s = f / r;
    c = g / r;
    g = d[i + 1]! - p;
    r = (d[i]! - g) * s + 2 * c * b;
    p = s * r;
    d[i + 1] = g + p;
    g = c * r - b;
  }
  d[l]! -= p;
  e[l] = g;
  e[m] = 0;
}

/**
 * Largest absolute value of the eigenvalues of an n×n matrix: Gelfand's formula, lim ‖Aᵏ‖^(1/k), in the form
 * (‖A²ᵏ‖/‖Aᵏ‖)^(1/k), in which constant factors cancel, with k = 2²⁹ by repeated squaring. Scaled at every
 * squaring, so that nothing over- or underflows.
 */
export function spectralRadius(matrix: ArrayLike<number>, n: number): number {
  let power = Float64Array.from(matrix);
  /** ln ‖A^(2^s)‖ / 2^s after s squarings, and after s − 1. */
  let logarithm = 0;
  let before = 0;
  for (let squarings = 0; squarings < 30; squarings++) {
    const size = norm(power);
    if (size === 0 || !Number.isFinite(size)) return size;
    for (let i = 0; i < power.length; i++) power[i]! /= size;
    before = logarithm;
    logarithm += Math.log(size) / 2 ** squarings;
    const square = new Float64Array(n * n);
    gemm(square, power, n, 1, power, n, 1, n, n, n);
    power = square;
  }
  return Math.exp(2 * logarithm - before);
}

/**
 * Largest singular value of an m×n matrix by power iteration on AᵀA, to 10⁻⁹ relative or the accuracy of 300
 * rounds. @param start a vector of length n to start from; overwritten with the right singular vector
 */
export function spectralNorm(
  matrix: Float64Array,
  m: number,
  n: number,
  start: Float64Array,
): number {
  let estimate = 0;
  const pulled = new Float64Array(n);
  for (let round = 0; round < 300; round++) {
    const length = norm(start);
    if (length === 0) return 0;
    for (let i = 0; i < n; i++) start[i]! /= length;
    const before = estimate;
    estimate = pullBack(matrix, m, n, start, pulled);
    if (Math.abs(estimate - before) <= 1e-9 * estimate) return estimate;
    start.set(pulled);
  }
  return estimate;
}

/** pulled = Aᵀ(A·x), four rows of A at a time, each read once. @returns ‖A·x‖ */
function pullBack(
  a: Float64Array,
  m: number,
  n: number,
  x: Float64Array,
  pulled: Float64Array,
): number {
  let squared = 0;
  pulled.fill(0);
  const together = m - (m % 4);
  for (let i = 0, p = 0; i < together; i += 4, p += 4 * n) {
    const [p1, p2, p3] = [p + n, p + 2 * n, p + 3 * n];
    let [y0, y1, y2, y3] = [0, 0, 0, 0];
    for (let j = 0; j < n; j++) {
      const factor = x[j]!;
      y0 += a[p + j]! * factor;
      y1 += a[p1 + j]! * factor;
      y2 += a[p2 + j]! * factor;
      y3 += a[p3 + j]! * factor;
    }
    for (let j = 0; j < n; j++)
      pulled[j] = pulled[j]! + y0 * a[p + j]! + y1 * a[p1 + j]! + y2 * a[p2 + j]! + y3 * a[p3 + j]!;
    squared += y0 * y0 + y1 * y1 + y2 * y2 + y3 * y3;
  }
  for (let i = together; i < m; i++) {
    let y = 0;
    for (let j = 0; j < n; j++) y += a[i * n + j]! * x[j]!;
    for (let j = 0; j < n; j++) pulled[j]! += y * a[i * n + j]!;
    squared += y * y;
  }
  return Math.sqrt(squared);
}
