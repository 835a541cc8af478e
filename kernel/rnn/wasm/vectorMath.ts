import type { FunctionBuilder, Local } from './assembler.js';

/**
 * Elementary functions on four float32 at once, written into a function as instructions.
 *
 * eˣ: x = n·ln 2 + r with |r| ≤ ln 2 / 2, a polynomial in r, times 2ⁿ. tanh x = e / (e + 2) with e = e^(2|x|) − 1, in
 * which nothing cancels, and the sign of x. Coefficients: S. L. Moshier, Cephes Mathematical Library, `expf.c`.
 * Errors, measured in test/unit/rnn/vectorMath.test.ts: below 2·10⁻⁷ relative.
 */
const expPolynomial = [
  1.98756915e-4, 1.3981999507e-3, 8.3334519073e-3, 4.1665795894e-2, 1.6666665459e-1,
  5.0000001201e-1,
];

/**
 * 1.5·2²³: added to a number below 2²² it leaves no fraction, so that the sum is rounded to a whole n, which then
 * stands in its lowest bits.
 */
const toWhole = 1.5 * 2 ** 23;

/** Sets `whole` to n + 1.5·2²³ and pushes e^r − 1, for x = n·ln 2 + r. */
function pushReduced(f: FunctionBuilder, x: Local, whole: Local): void {
  const [n, r] = f.locals('v128', 2) as [Local, Local];
  f.get(x).f32x4(Math.LOG2E);
  f.multiplyAdd(() => f.f32x4(toWhole)).set(whole);
  f.get(whole).f32x4(toWhole).op('f32x4_sub').set(n);
  f.get(n).f32x4(-0.693359375);
  f.multiplyAdd(() => f.get(x)).set(r);
  f.get(n).f32x4(2.1219444e-4);
  f.multiplyAdd(() => f.get(r)).set(r);
  pushPolynomial(f, r, expPolynomial);
  f.get(r).op('f32x4_mul').get(r);
  f.multiplyAdd(() => f.get(r));
}

/** Stack: n + 1.5·2²³ → 2ⁿ, for n from −126 to 128; 2¹²⁸ is infinity. */
function pushPower(f: FunctionBuilder): void {
  f.i32x4ShiftLeft(23)
    .i32x4(127 << 23)
    .op('i32x4_add');
}

/** Stack: → e^x, x in a local. Overflows to infinity, underflows to 0, keeps NaN. */
export function pushExp(f: FunctionBuilder, x: Local): void {
  const [whole, clamped, half] = f.locals('v128', 3) as [Local, Local, Local];
  // Beyond ±126 the result is 0 or infinity anyway, and n stays within the exponents of two factors.
  f.get(x).f32x4(-126).op('f32x4_pmax').f32x4(126).op('f32x4_pmin').set(clamped);
  pushReduced(f, clamped, whole);
  f.f32x4(1).op('f32x4_add');
  // 2ⁿ in two factors: one alone cannot hold the smallest and the largest.
  f.get(whole).f32x4(toWhole).op('f32x4_sub').f32x4(0.5);
  f.multiplyAdd(() => f.f32x4(toWhole)).tee(half);
  pushPower(f);
  f.op('f32x4_mul').get(whole).get(half).op('f32x4_sub').f32x4(toWhole).op('f32x4_add');
  pushPower(f);
  f.op('f32x4_mul');
}

/** Stack: → 1 / (1 + e⁻ˣ) */
export function pushSigmoid(f: FunctionBuilder, x: Local): void {
  const [whole, negated] = f.locals('v128', 2) as [Local, Local];
  // Up to where e⁻ˣ is infinity, and down to where it is nothing beside 1.
  f.get(x).op('f32x4_neg').f32x4(-80).op('f32x4_pmax').f32x4(89).op('f32x4_pmin').set(negated);
  f.f32x4(1);
  pushReduced(f, negated, whole);
  f.f32x4(1).op('f32x4_add').get(whole);
  pushPower(f);
  f.multiplyAdd(() => f.f32x4(1)).op('f32x4_div');
}

/** Stack: → tanh x */
export function pushTanh(f: FunctionBuilder, x: Local): void {
  const [doubled, whole, power, e] = f.locals('v128', 4) as [Local, Local, Local, Local];
  // From 10 on, tanh is 1 in float32.
  f.get(x).op('f32x4_abs').f32x4(10).op('f32x4_pmin').tee(doubled).get(doubled).op('f32x4_add');
  f.set(doubled);
  pushReduced(f, doubled, whole);
  f.get(whole);
  pushPower(f);
  f.tee(power);
  f.multiplyAdd(() => f.get(power).f32x4(1).op('f32x4_sub')).tee(e);
  f.get(e).f32x4(2).op('f32x4_add').op('f32x4_div');
  f.get(x).i32x4(-0x80000000).op('v128_and').op('v128_or');
}

/** Stack: → c₀xᵏ + c₁xᵏ⁻¹ + … by Horner's rule */
function pushPolynomial(f: FunctionBuilder, x: Local, coefficients: readonly number[]): void {
  f.f32x4(coefficients[0]!);
  for (const coefficient of coefficients.slice(1)) f.get(x).multiplyAdd(() => f.f32x4(coefficient));
}
