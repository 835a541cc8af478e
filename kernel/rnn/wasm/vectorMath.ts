import type { FunctionBuilder, Local } from './assembler.js';

/**
 * Elementary functions on four float32 at once, written into a function as instructions.
 *
 * eˣ: x = n·ln 2 + r with |r| ≤ ln 2 / 2, a polynomial in r, times 2ⁿ. tanh: an odd polynomial below 0.625, else
 * 1 − 2/(e^(2|x|)+1) with the sign of x. Coefficients: S. L. Moshier, Cephes Mathematical Library, `expf.c` and
 * `tanhf.c`. Errors, measured in test/unit/rnn/vectorMath.test.ts: below 2·10⁻⁷ relative.
 */
const expPolynomial = [
  1.98756915e-4, 1.3981999507e-3, 8.3334519073e-3, 4.1665795894e-2, 1.6666665459e-1,
  5.0000001201e-1,
];
const tanhPolynomial = [
  -5.70498872745e-3, 2.06390887954e-2, -5.37397155531e-2, 1.33314422036e-1, -3.33332819422e-1,
];

/** Stack: → e^x, x in a local. Overflows to infinity, underflows to 0, keeps NaN. */
export function pushExp(f: FunctionBuilder, x: Local): void {
  const [n, r, half] = [f.local('v128'), f.local('v128'), f.local('v128')];
  // Beyond ±126 the result is 0 or infinity anyway, and n stays within the exponents of two factors.
  f.get(x).f32x4(-126).op('f32x4_max').f32x4(126).op('f32x4_min').tee(r);
  f.f32x4(Math.LOG2E).op('f32x4_mul').op('f32x4_nearest').set(n);
  f.get(r).get(n).f32x4(0.693359375).op('f32x4_mul').op('f32x4_sub');
  f.get(n).f32x4(-2.1219444e-4).op('f32x4_mul').op('f32x4_sub').set(r);
  pushPolynomial(f, r, expPolynomial);
  f.get(r).op('f32x4_mul').get(r);
  f.multiplyAdd(() => f.get(r))
    .f32x4(1)
    .op('f32x4_add');
  // 2ⁿ in two factors: one alone cannot hold the smallest and the largest.
  f.get(n).op('i32x4_trunc_sat_f32x4_s').tee(n).i32x4ShiftRight(1).set(half);
  for (const part of [() => f.get(half), () => f.get(n).get(half).op('i32x4_sub')]) {
    part();
    f.i32x4(127).op('i32x4_add').i32x4ShiftLeft(23).op('f32x4_mul');
  }
}

/** Stack: → 1 / (1 + e⁻ˣ) */
export function pushSigmoid(f: FunctionBuilder, x: Local): void {
  const negated = f.local('v128');
  f.get(x).op('f32x4_neg').set(negated);
  f.f32x4(1).f32x4(1);
  pushExp(f, negated);
  f.op('f32x4_add').op('f32x4_div');
}

/** Stack: → tanh x */
export function pushTanh(f: FunctionBuilder, x: Local): void {
  const [magnitude, square, doubled] = [f.local('v128'), f.local('v128'), f.local('v128')];
  const sign = -0x80000000;
  f.get(x).op('f32x4_abs').tee(magnitude).get(magnitude).op('f32x4_add').set(doubled);
  // Small: x + x·z·P(z), z = x²
  f.get(x).get(x).op('f32x4_mul').set(square);
  pushPolynomial(f, square, tanhPolynomial);
  f.get(square).op('f32x4_mul').get(x);
  f.multiplyAdd(() => f.get(x));
  // Large: sign(x) · (1 − 2 / (e^(2|x|) + 1))
  f.f32x4(1).f32x4(2);
  pushExp(f, doubled);
  f.f32x4(1).op('f32x4_add').op('f32x4_div').op('f32x4_sub');
  f.get(x).i32x4(sign).op('v128_and').op('v128_or');
  f.get(magnitude).f32x4(0.625).op('f32x4_lt').op('v128_bitselect');
}

/** Stack: → c₀xᵏ + c₁xᵏ⁻¹ + … by Horner's rule */
function pushPolynomial(f: FunctionBuilder, x: Local, coefficients: readonly number[]): void {
  f.f32x4(coefficients[0]!);
  for (const coefficient of coefficients.slice(1)) f.get(x).multiplyAdd(() => f.f32x4(coefficient));
}
