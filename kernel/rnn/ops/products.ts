import { ShapeError } from '../errors.js';
import { gemm } from '../gemm.js';
import { showShape, sizeOf, type Shape } from '../ndarray.js';
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
    return [...x!.slice(0, -1), n];
  },
  forward: (out, [x, w, b]) => {
    const [n, k] = w!.shape as [number, number];
    const m = out.data.length / n;
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
    if (gb) for (let i = 0, p = 0; i < m; i++) for (let j = 0; j < n; j++) gb.data[j]! += g[p++]!;
  },
  equation: ([x, w, b]) => `${w!}·${x!}${b === undefined ? '' : ` + ${b}`}`,
};

/** C = A·B, with A `[M, K]` and B `[K, N]`. */
export const matmul: Rule<None> = {
  shape: ([a, b]) => {
    const [m, k] = matrix('matmul', 'left operand', a!);
    const [rows, n] = matrix('matmul', 'right operand', b!);
    if (k !== rows)
      throw new ShapeError(
        `matmul: shapes ${showShape(a!)} and ${showShape(b!)} do not fit, expected ${k} rows on the right, got ${rows}`,
      );
    return [m, n];
  },
  forward: (out, [a, b]) => {
    const [m, k] = a!.shape as [number, number];
    const n = b!.shape[1]!;
    out.data.fill(0);
    gemm(out.data, a!.data, k, 1, b!.data, n, 1, m, n, k);
  },
  backward: ([ga, gb], adjoint, [a, b]) => {
    const [m, k] = a!.shape as [number, number];
    const n = b!.shape[1]!;
    if (ga) gemm(ga.data, adjoint.data, n, 1, b!.data, 1, n, m, k, n);
    if (gb) gemm(gb.data, a!.data, 1, k, adjoint.data, n, 1, k, n, m);
  },
  equation: ([a, b]) => `${a!}·${b!}`,
};

function matrix(owner: string, operand: string, shape: Shape): [number, number] {
  if (shape.length !== 2 || sizeOf(shape) === 0)
    throw new ShapeError(
      `${owner}: ${operand} is ${showShape(shape)}, expected a matrix that is not empty`,
    );
  return shape as [number, number];
}
