import { ShapeError } from '../errors.js';
import { gemm } from '../gemm.js';
import {
  sameShape,
  showShape,
  sizeOf,
  type NdArray,
  type NumberArray,
  type Shape,
} from '../ndarray.js';
import { fastColumnSums, fastLinear } from '../wasm/fastProduct.js';
import type { None, Rule } from './rule.js';

/**
 * y = x·Wᵀ + b, with x `[…, K]`, W `[N, K]`, b `[N]` (may be left out), y `[…, N]`.
 * The form and layout of PyTorch's `nn.functional.linear`.
 */
export const linear: Rule<None> = {
  shape: ([x, w, b]) => {
    const [n, k] = matrix('linear', 'weight', w!);
    if (x!.at(-1) !== k)
      throw new ShapeError(
        `linear: input is ${showShape(x!)}, expected last dimension ${k} for weight ${showShape(w!)}`,
      );
    if (b && (b.length !== 1 || b[0] !== n))
      throw new ShapeError(`linear: bias is ${showShape(b)}, expected [${n}]`);
    const y = x!.slice();
    y[y.length - 1] = n;
    return y;
  },
  forward: (out, [x, w, b]) => {
    const [n, k] = w!.shape as [number, number];
    const m = out.data.length / n;
    if (fastLinear(out.data, x!.data, w!.data, b?.data, m, n, k)) return;
    if (b) for (let i = 0; i < m; i++) out.data.set(b.data, i * n);
    else out.data.fill(0);
    gemm(out.data, x!.data, k, 1, w!.data, 1, k, m, n, k);
  },
  backward: ([gx, gw, gb], adjoint, [x, w]) => {
    const [n, k] = w!.shape as [number, number];
    const g = adjoint.data;
    const m = g.length / n;
    if (gx) gemm(gx.data, g, n, 1, w!.data, k, 1, m, k, n);
    if (gw) gemm(gw.data, g, 1, n, x!.data, k, 1, n, k, m);
    if (gb && !fastColumnSums(gb.data, g, m, n))
      for (let i = 0, p = 0; i < m; i++) for (let j = 0; j < n; j++) gb.data[j]! += g[p++]!;
  },
  equation: ([x, w, b]) => `${w!}·${x!}${b === undefined ? '' : ` + ${b}`}`,
};

/**
 * C = A·B, with A `[…, M, K]` and B `[…, K, N]` → C `[…, M, N]`: one product for each index of the leading axes, which
 * both have in common.
 */
export const matmul: Rule<None> = {
  shape: ([a, b]) => {
    const [m, k] = matrix('matmul', 'left operand', a!.slice(-2), a);
    const [rows, n] = matrix('matmul', 'right operand', b!.slice(-2), b);
    const leading = a!.slice(0, -2);
    if (k !== rows || !sameShape(leading, b!.slice(0, -2)))
      throw new ShapeError(
        `matmul: shapes ${showShape(a!)} and ${showShape(b!)} do not fit, expected ${showShape([...leading, k, n])} on the right`,
      );
    return [...leading, m, n];
  },
  forward: (out, [a, b]) => {
    out.data.fill(0);
    eachProduct(a!.shape, b!.shape, (m, n, k, x, y, z) =>
      gemm(part(out, z, m * n), part(a!, x, m * k), k, 1, part(b!, y, k * n), n, 1, m, n, k),
    );
  },
  backward: ([ga, gb], adjoint, [a, b]) => {
    eachProduct(a!.shape, b!.shape, (m, n, k, x, y, z) => {
      const g = part(adjoint, z, m * n);
      if (ga) gemm(part(ga, x, m * k), g, n, 1, part(b!, y, k * n), 1, n, m, k, n);
      if (gb) gemm(part(gb, y, k * n), part(a!, x, m * k), 1, k, g, n, 1, k, n, m);
    });
  },
  equation: ([a, b]) => `${a!}·${b!}`,
};

/** Visits the products of a `matmul`: their extents and where their operands and results begin. */
function eachProduct(
  a: Shape,
  b: Shape,
  visit: (m: number, n: number, k: number, x: number, y: number, z: number) => void,
): void {
  const [m, k] = a.slice(-2) as [number, number];
  const n = b.at(-1)!;
  const count = sizeOf(a.slice(0, -2));
  for (let i = 0; i < count; i++) visit(m, n, k, i * m * k, i * k * n, i * m * n);
}

const part = ({ data }: NdArray, from: number, size: number): NumberArray =>
  data.subarray(from, from + size);

function matrix(owner: string, operand: string, shape: Shape, whole = shape): [number, number] {
  if (shape.length !== 2 || sizeOf(shape) === 0)
    throw new ShapeError(
      `${owner}: ${operand} is ${showShape(whole)}, expected a matrix that is not empty`,
    );
  return shape as [number, number];
}
