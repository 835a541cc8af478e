import type { NumberArray } from '../ndarray.js';
import type { None, Rule } from './rule.js';

export interface PowAttributes {
  exponent: number;
}

/**
 * Elementwise functions of one operand. Each is two loops written out, forward `y = f(x)` and backward
 * `gx += gy · f'(x)`: a loop shared between functions would call through a megamorphic site per element.
 */
function unary(
  name: string,
  forward: (y: NumberArray, x: NumberArray) => void,
  backward: (gx: NumberArray, gy: NumberArray, x: NumberArray, y: NumberArray) => void,
): Rule<None> {
  return {
    shape: ([x]) => [...x!],
    forward: (out, [x]) => forward(out.data, x!.data),
    backward: ([gx], adjoint, [x], output) => {
      if (gx) backward(gx.data, adjoint.data, x!.data, output.data);
    },
    equation: ([x]) => `${name}(${x!})`,
  };
}

/** y = −x */
export const neg = unary(
  'neg',
  (y, x) => {
    for (let i = 0; i < y.length; i++) y[i] = -x[i]!;
  },
  (gx, gy) => {
    for (let i = 0; i < gx.length; i++) gx[i]! -= gy[i]!;
  },
);

/** y = eˣ */
export const exp = unary(
  'exp',
  (y, x) => {
    for (let i = 0; i < y.length; i++) y[i] = Math.exp(x[i]!);
  },
  (gx, gy, _x, y) => {
    for (let i = 0; i < gx.length; i++) gx[i]! += gy[i]! * y[i]!;
  },
);

/** y = ln x */
export const log = unary(
  'log',
  (y, x) => {
    for (let i = 0; i < y.length; i++) y[i] = Math.log(x[i]!);
  },
  (gx, gy, x) => {
    for (let i = 0; i < gx.length; i++) gx[i]! += gy[i]! / x[i]!;
  },
);

/** y = √x */
export const sqrt = unary(
  'sqrt',
  (y, x) => {
    for (let i = 0; i < y.length; i++) y[i] = Math.sqrt(x[i]!);
  },
  (gx, gy, _x, y) => {
    for (let i = 0; i < gx.length; i++) gx[i]! += (0.5 * gy[i]!) / y[i]!;
  },
);

/** y = 1 / (1 + e⁻ˣ), computed from e^(−|x|) so that neither branch overflows. */
export const sigmoid = unary(
  'sigmoid',
  (y, x) => {
    for (let i = 0; i < y.length; i++) {
      const v = x[i]!;
      const e = Math.exp(v < 0 ? v : -v);
      y[i] = v < 0 ? e / (1 + e) : 1 / (1 + e);
    }
  },
  (gx, gy, _x, y) => {
    for (let i = 0; i < gx.length; i++) {
      const s = y[i]!;
      gx[i]! += gy[i]! * s * (1 - s);
    }
  },
);

/** y = tanh x */
export const tanh = unary(
  'tanh',
  (y, x) => {
    for (let i = 0; i < y.length; i++) y[i] = Math.tanh(x[i]!);
  },
  (gx, gy, _x, y) => {
    for (let i = 0; i < gx.length; i++) {
      const h = y[i]!;
      gx[i]! += gy[i]! * (1 - h * h);
    }
  },
);

/** y = max(x, 0), NaN kept; the derivative at 0 is 0. */
export const relu = unary(
  'relu',
  (y, x) => {
    for (let i = 0; i < y.length; i++) y[i] = x[i]! < 0 ? 0 : x[i]!;
  },
  (gx, gy, x) => {
    for (let i = 0; i < gx.length; i++) if (x[i]! > 0) gx[i]! += gy[i]!;
  },
);

/** y = |x|; the derivative at 0 is 0. */
export const abs = unary(
  'abs',
  (y, x) => {
    for (let i = 0; i < y.length; i++) y[i] = Math.abs(x[i]!);
  },
  (gx, gy, x) => {
    for (let i = 0; i < gx.length; i++) gx[i]! += gy[i]! * Math.sign(x[i]!);
  },
);

/** y = xⁿ for a number n; the derivative is n·xⁿ⁻¹, 0 for n = 0. NaN below 0 unless n is whole. */
export const pow: Rule<PowAttributes> = {
  shape: ([x]) => [...x!],
  forward: (out, [x], { exponent }) => {
    const [to, from] = [out.data, x!.data];
    for (let i = 0; i < to.length; i++) to[i] = from[i]! ** exponent;
  },
  backward: ([gx], { data: g }, [x], _output, { exponent }) => {
    if (!gx || exponent === 0) return;
    const [to, from] = [gx.data, x!.data];
    for (let i = 0; i < to.length; i++) to[i]! += g[i]! * exponent * from[i]! ** (exponent - 1);
  },
  equation: ([x], { exponent }) => `${x!}^${exponent}`,
};
