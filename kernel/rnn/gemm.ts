import type { NumberArray } from './ndarray.js';
import { fastProduct } from './wasm/fastProduct.js';

/** out[M, N] += a · b, the one matrix product of tensor operations: in WebAssembly where that applies. */
export function gemm(...product: Parameters<typeof referenceGemm>): void {
  const [out, a, aRow, aColumn, b, bRow, bColumn, m, n, k] = product;
  if (!fastProduct(out, a, [aRow, aColumn], b, [bRow, bColumn], m, n, k)) referenceGemm(...product);
}

/**
 * out[M, N] += a · b in plain TypeScript.
 *
 * `a` is read as [M, K] and `b` as [K, N] through strides, so that the three forms that training needs
 * (x·Wᵀ forward, g·W for the input's gradient, gᵀ·x for the weight's) are one loop. Blocks of 4×4 keep
 * sixteen sums in registers; sums are float64 whatever the element type.
 */
export function referenceGemm(
  out: NumberArray,
  a: NumberArray,
  aRow: number,
  aColumn: number,
  b: NumberArray,
  bRow: number,
  bColumn: number,
  m: number,
  n: number,
  k: number,
): void {
  if (k === 1) {
    outer(out, a, aRow, b, bColumn, m, n);
    return;
  }
  const blockedM = m - (m % 4);
  const blockedN = n - (n % 4);
  for (let i = 0; i < blockedM; i += 4)
    for (let j = 0; j < blockedN; j += 4)
      block4x4(out, a, i * aRow, aRow, aColumn, b, j * bColumn, bRow, bColumn, i * n + j, n, k);
  scalar(out, a, aRow, aColumn, b, bRow, bColumn, 0, blockedM, blockedN, n, n, k);
  scalar(out, a, aRow, aColumn, b, bRow, bColumn, blockedM, m, 0, n, n, k);
}

/** One row times one column: what a single sequence adds to a weight's gradient. */
function outer(
  out: NumberArray,
  a: NumberArray,
  aRow: number,
  b: NumberArray,
  bColumn: number,
  m: number,
  n: number,
): void {
  for (let i = 0, po = 0; i < m; i++) {
    const factor = a[i * aRow]!;
    for (let j = 0, pb = 0; j < n; j++, po++, pb += bColumn) out[po]! += factor * b[pb]!;
  }
}

function block4x4(
  out: NumberArray,
  a: NumberArray,
  pa: number,
  aRow: number,
  aColumn: number,
  b: NumberArray,
  pb: number,
  bRow: number,
  bColumn: number,
  po: number,
  n: number,
  k: number,
): void {
  // prettier-ignore
  let s00 = 0, s01 = 0, s02 = 0, s03 = 0, s10 = 0, s11 = 0, s12 = 0, s13 = 0,
      s20 = 0, s21 = 0, s22 = 0, s23 = 0, s30 = 0, s31 = 0, s32 = 0, s33 = 0;
  const aRow2 = 2 * aRow;
  const aRow3 = 3 * aRow;
  const bColumn2 = 2 * bColumn;
  const bColumn3 = 3 * bColumn;
  for (let l = 0; l < k; l++) {
    const a0 = a[pa]!;
    const a1 = a[pa + aRow]!;
    const a2 = a[pa + aRow2]!;
    const a3 = a[pa + aRow3]!;
    const b0 = b[pb]!;
    const b1 = b[pb + bColumn]!;
    const b2 = b[pb + bColumn2]!;
    const b3 = b[pb + bColumn3]!;
    // prettier-ignore
    { s00 += a0 * b0; s01 += a0 * b1; s02 += a0 * b2; s03 += a0 * b3;
      s10 += a1 * b0; s11 += a1 * b1; s12 += a1 * b2; s13 += a1 * b3;
      s20 += a2 * b0; s21 += a2 * b1; s22 += a2 * b2; s23 += a2 * b3;
      s30 += a3 * b0; s31 += a3 * b1; s32 += a3 * b2; s33 += a3 * b3; }
    pa += aColumn;
    pb += bRow;
  }
  const p1 = po + n;
  const p2 = p1 + n;
  const p3 = p2 + n;
  // prettier-ignore
  { out[po]! += s00; out[po + 1]! += s01; out[po + 2]! += s02; out[po + 3]! += s03;
    out[p1]! += s10; out[p1 + 1]! += s11; out[p1 + 2]! += s12; out[p1 + 3]! += s13;
    out[p2]! += s20; out[p2 + 1]! += s21; out[p2 + 2]! += s22; out[p2 + 3]! += s23;
    out[p3]! += s30; out[p3 + 1]! += s31; out[p3 + 2]! += s32; out[p3 + 3]! += s33; }
}

/** Rows [m0, m1) and columns [n0, n1), row by row: the edges that blocks leave. */
function scalar(
  out: NumberArray,
  a: NumberArray,
  aRow: number,
  aColumn: number,
  b: NumberArray,
  bRow: number,
  bColumn: number,
  m0: number,
  m1: number,
  n0: number,
  n1: number,
  n: number,
  k: number,
): void {
  for (let i = m0; i < m1; i++) {
    const wide = n1 - ((n1 - n0) % 8);
    for (let j = n0; j < wide; j += 8)
      block1x8(out, a, i * aRow, aColumn, b, j * bColumn, bRow, bColumn, i * n + j, k);
    const blocked = n1 - ((n1 - n0) % 4);
    for (let j = wide; j < blocked; j += 4)
      block1x4(out, a, i * aRow, aColumn, b, j * bColumn, bRow, bColumn, i * n + j, k);
    for (let j = blocked; j < n1; j++) {
      let sum = 0;
      let pa = i * aRow;
      let pb = j * bColumn;
      for (let l = 0; l < k; l++) {
        sum += a[pa]! * b[pb]!;
        pa += aColumn;
        pb += bRow;
      }
      out[i * n + j]! += sum;
    }
  }
}

/** Eight sums of one row. */
function block1x8(
  out: NumberArray,
  a: NumberArray,
  pa: number,
  aColumn: number,
  b: NumberArray,
  pb: number,
  bRow: number,
  bColumn: number,
  po: number,
  k: number,
): void {
  let [s0, s1, s2, s3, s4, s5, s6, s7] = [0, 0, 0, 0, 0, 0, 0, 0];
  for (let l = 0; l < k; l++) {
    const x = a[pa]!;
    let p = pb;
    s0 += x * b[p]!;
    s1 += x * b[(p += bColumn)]!;
    s2 += x * b[(p += bColumn)]!;
    s3 += x * b[(p += bColumn)]!;
    s4 += x * b[(p += bColumn)]!;
    s5 += x * b[(p += bColumn)]!;
    s6 += x * b[(p += bColumn)]!;
    s7 += x * b[p + bColumn]!;
    pa += aColumn;
    pb += bRow;
  }
  out[po]! += s0;
  out[po + 1]! += s1;
  out[po + 2]! += s2;
  out[po + 3]! += s3;
  out[po + 4]! += s4;
  out[po + 5]! += s5;
  out[po + 6]! += s6;
  out[po + 7]! += s7;
}

/** Four sums of one row: for a single sequence, they need not wait for each other. */
function block1x4(
  out: NumberArray,
  a: NumberArray,
  pa: number,
  aColumn: number,
  b: NumberArray,
  pb: number,
  bRow: number,
  bColumn: number,
  po: number,
  k: number,
): void {
  let [s0, s1, s2, s3] = [0, 0, 0, 0];
  const bColumn2 = 2 * bColumn;
  const bColumn3 = 3 * bColumn;
  for (let l = 0; l < k; l++) {
    const a0 = a[pa]!;
    s0 += a0 * b[pb]!;
    s1 += a0 * b[pb + bColumn]!;
    s2 += a0 * b[pb + bColumn2]!;
    s3 += a0 * b[pb + bColumn3]!;
    pa += aColumn;
    pb += bRow;
  }
  out[po]! += s0;
  out[po + 1]! += s1;
  out[po + 2]! += s2;
  out[po + 3]! += s3;
}
