import { OptionError } from './errors.js';
import { resolveAxis, type Shape } from './ndarray.js';
import { none } from './ops/rule.js';
import type { OpAttributes, OpName } from './ops/table.js';

/**
 * What can be computed with: a `Tensor`, which has its numbers and computes at once, or a `Value` inside a
 * cell definition, which records the operation into the cell's program. One set of methods serves both,
 * so a cell's equations read the same in either.
 */
export abstract class Expression<Self extends Expression<Self>> {
  abstract readonly shape: Shape;

  /** Applies a primitive with `this` as first operand. */
  protected abstract apply<K extends OpName>(
    op: K,
    others: readonly (Self | number)[],
    attributes: OpAttributes[K],
  ): Self;

  /** A number as an operand of this expression's kind and element type. */
  abstract constant(value: number): Self;

  /** this + other, broadcast. */
  add(other: Self | number): Self {
    return this.apply('add', [other], none);
  }
  /** this − other, broadcast. */
  sub(other: Self | number): Self {
    return this.apply('sub', [other], none);
  }
  /** a ⊙ b, the elementwise product; broadcasts and throws as `add`. For matrices see `matmul` and `linear`. */
  mul(other: Self | number): Self {
    return this.apply('mul', [other], none);
  }
  /** a / b, elementwise; broadcasts and throws as `add`. */
  div(other: Self | number): Self {
    return this.apply('div', [other], none);
  }
  /** −x, elementwise. */
  neg(): Self {
    return this.apply('neg', [], none);
  }
  /** eˣ, elementwise; the derivative is eˣ itself. */
  exp(): Self {
    return this.apply('exp', [], none);
  }
  /** ln x, elementwise; −∞ at 0, NaN below; the derivative is 1/x. */
  log(): Self {
    return this.apply('log', [], none);
  }
  /** √x, elementwise; NaN below 0; the derivative is 1/(2·√x). */
  sqrt(): Self {
    return this.apply('sqrt', [], none);
  }
  /** σ(x) = 1 / (1 + e⁻ˣ), elementwise, without overflow for any x; the derivative is σ·(1 − σ). */
  sigmoid(): Self {
    return this.apply('sigmoid', [], none);
  }
  /** tanh x, elementwise; the derivative is 1 − tanh² x. */
  tanh(): Self {
    return this.apply('tanh', [], none);
  }
  /** max(x, 0), elementwise; the derivative is 1 above 0, else 0. */
  relu(): Self {
    return this.apply('relu', [], none);
  }
  /** |x|, elementwise; the derivative is the sign of x. */
  abs(): Self {
    return this.apply('abs', [], none);
  }
  /** xⁿ, elementwise, for a number n; the derivative is n·xⁿ⁻¹. NaN below 0 unless n is whole. */
  pow(exponent: number): Self {
    return this.apply('pow', [], { exponent });
  }
  /**
   * 1 where this > other, else 0, in this element type; broadcasts and throws as `add`. It does not hold where one is NaN.
   * The derivative is 0. For `where`, as `ge`, `lt`, `le`, `eq` and `ne` are.
   */
  gt(other: Self | number): Self {
    return this.apply('gt', [other], none);
  }
  /** 1 where this ≥ other, else 0; otherwise as `gt`. */
  ge(other: Self | number): Self {
    return this.apply('ge', [other], none);
  }
  /** 1 where this < other, else 0; otherwise as `gt`. */
  lt(other: Self | number): Self {
    return this.#operand(other).gt(this.#self);
  }
  /** 1 where this ≤ other, else 0; otherwise as `gt`. */
  le(other: Self | number): Self {
    return this.#operand(other).ge(this.#self);
  }
  /** 1 where the two are equal, else 0; otherwise as `gt`. */
  eq(other: Self | number): Self {
    return this.apply('eq', [other], none);
  }
  /** 1 where the two differ, or one is NaN, else 0; otherwise as `gt`. */
  ne(other: Self | number): Self {
    return this.constant(1).sub(this.eq(other));
  }
  /**
   * min where this is below it, max where it is above, else this; the derivative is 1 from min to max, else 0. NaN stays.
   * @throws OptionError if min is above max
   */
  clamp(min = -Infinity, max = Infinity): Self {
    if (min > max) throw new OptionError(`clamp: min is ${min}, expected at most max = ${max}`);
    const raised = min === -Infinity ? this.#self : where(this.lt(min), min, this.#self);
    return max === Infinity ? raised : where(this.gt(max), max, raised);
  }
  /** Matrix product, `[…, M, K]·[…, K, N]` → `[…, M, N]`, leading axes the same in both. @throws ShapeError otherwise */
  matmul(other: Self): Self {
    return this.apply('matmul', [other], none);
  }
  /** this·weightᵀ + bias, with this `[…, K]`, weight `[N, K]`, bias `[N]` → `[…, N]`. */
  linear(weight: Self, bias?: Self): Self {
    return this.apply('linear', bias === undefined ? [weight] : [weight, bias], none);
  }
  /** Elements [start, end) along an axis. */
  slice(axis: number, start: number, end: number): Self {
    return this.apply('slice', [], { axis: axis - (axis < 0 ? 0 : this.shape.length), start, end });
  }
  /** `count` slices of equal size along an axis (the last by default). @throws OptionError if uneven */
  chunk(count: number, axis = -1): Self[] {
    const extent = this.shape[resolveAxis('chunk', axis, this.shape)]!;
    if (!Number.isInteger(count) || count < 1 || extent % count !== 0)
      throw new OptionError(`chunk: ${extent} elements do not split into ${count} equal parts`);
    const size = extent / count;
    return Array.from({ length: count }, (_, k) => this.slice(axis, k * size, (k + 1) * size));
  }
  /** The slice at one index, without that axis. */
  select(axis: number, index: number): Self {
    const at = resolveAxis('select', axis, this.shape);
    const from = index < 0 ? index + this.shape[at]! : index;
    return this.slice(axis, from, from + 1).reshape(this.shape.filter((_, k) => k !== at));
  }
  /** The same elements under another shape; one extent may be -1 and is inferred. */
  reshape(shape: Shape): Self {
    return this.apply('reshape', [], { shape: inferExtent(shape, this.shape) });
  }
  /** Axis i of the result is axis `order[i]`. */
  permute(order: readonly number[]): Self {
    return this.apply('permute', [], { order: [...order] });
  }
  /** Swaps two axes. */
  transpose(a = -2, b = -1): Self {
    const order = this.shape.map((_, axis) => axis);
    const p = resolveAxis('transpose', a, this.shape);
    const q = resolveAxis('transpose', b, this.shape);
    order[p] = q;
    order[q] = p;
    return this.permute(order);
  }
  /** Sum over some axes, all by default. */
  sum(axes?: number | readonly number[], keepDims = false): Self {
    const list = typeof axes === 'number' ? [axes] : axes;
    return this.apply('sum', [], list === undefined ? { keepDims } : { axes: list, keepDims });
  }
  /**
   * The largest number over some axes, all by default, NaN where one is. The adjoint goes to the largest, in equal parts
   * where several are, as PyTorch's `amax` does. Where it stands along the last axis: `argmax`.
   * @throws ShapeError if there is no number
   */
  max(axes?: number | readonly number[], keepDims = false): Self {
    const list = typeof axes === 'number' ? [axes] : axes;
    return this.apply('max', [], list === undefined ? { keepDims } : { axes: list, keepDims });
  }
  /** The smallest number over some axes; otherwise as `max`. */
  min(axes?: number | readonly number[], keepDims = false): Self {
    return this.neg().max(axes, keepDims).neg();
  }
  /** Mean over some axes, all by default. */
  mean(axes?: number | readonly number[], keepDims = false): Self {
    const total = this.sum(axes, keepDims);
    const size = (shape: Shape) => shape.reduce((product, extent) => product * Math.abs(extent), 1);
    return total.mul(size(total.shape) / size(this.shape));
  }
  /** yᵢ = exp xᵢ / Σⱼ exp xⱼ over the last axis, shifted by the maximum so that nothing overflows. */
  softmax(): Self {
    return this.apply('softmax', [], none);
  }
  /** yᵢ = xᵢ − ln Σⱼ exp xⱼ over the last axis, exact where softmax underflows. */
  logSoftmax(): Self {
    return this.apply('logSoftmax', [], none);
  }
  /** Over the last axis: weight ⊙ (this − mean) / √(variance + eps) + bias; weight and bias may be left out. */
  layerNorm(weight?: Self, bias?: Self, eps = 1e-5): Self {
    const normal = this.apply('layerNorm', [], { eps, axes: 1 });
    const scaled = weight === undefined ? normal : normal.mul(weight);
    return bias === undefined ? scaled : scaled.add(bias);
  }

  /** What `where` computes, with this as the condition. @internal */
  choose(a: Self | number, b: Self | number): Self {
    return this.apply('where', [a, b], none);
  }

  get #self(): Self {
    return this as unknown as Self;
  }

  #operand(other: Self | number): Self {
    return typeof other === 'number' ? this.constant(other) : other;
  }
}

function inferExtent(shape: Shape, from: Shape): number[] {
  const unknown = shape.indexOf(-1);
  if (unknown < 0 || from.includes(-1)) return [...shape];
  const known = shape.reduce(
    (product, extent, axis) => (axis === unknown ? product : product * extent),
    1,
  );
  return shape.with(unknown, from.reduce((product, extent) => product * extent, 1) / known);
}

/** Either operand may be a number, not both. */
function lift<S extends Expression<S>>(a: S | number, b: S | number): [S, S | number] {
  if (typeof a !== 'number') return [a, b];
  if (typeof b !== 'number') return [b.constant(a), b];
  throw new OptionError(`expected at least one tensor, got the numbers ${a} and ${b}`);
}

const binary =
  (method: 'add' | 'sub' | 'mul' | 'div') =>
  <S extends Expression<S>>(a: S | number, b: S | number): S => {
    const [x, y] = lift(a, b);
    return x[method](y);
  };

/**
 * a + b, elementwise. Shapes broadcast as in NumPy: from the last axis on, extents are equal or one of them is 1. Either operand may be a
 * number.
 * @throws ShapeError if shapes do not broadcast, DTypeError if element types differ
 */
export const add = binary('add');
/**
 * a − b, elementwise; broadcasts and throws as `add`.
 */
export const sub = binary('sub');
/** a ⊙ b, the elementwise product; broadcasts and throws as `add`. For matrices see `matmul` and `linear`. */
export const mul = binary('mul');
/** a / b, elementwise; broadcasts and throws as `add`. */
export const div = binary('div');

/**
 * a where the condition is not 0, else b; the three broadcast as in `add`, and a and b may be numbers. What is not chosen does
 * not count, be it NaN, and gets no gradient; the condition gets none.
 *
 * @param condition as `x.gt(0)` gives it; a tensor's may have another element type than a and b
 * @throws ShapeError if shapes do not broadcast, DTypeError if a and b differ in element type
 * @example `where(x.gt(0), x.log(), -1)`
 */
export const where = <S extends Expression<S>>(condition: S, a: S | number, b: S | number): S =>
  condition.choose(a, b);

/** eˣ, elementwise; the derivative is eˣ itself. */
export const exp = <S extends Expression<S>>(x: S): S => x.exp();
/** ln x, elementwise; −∞ at 0, NaN below; the derivative is 1/x. */
export const log = <S extends Expression<S>>(x: S): S => x.log();
/** σ(x) = 1 / (1 + e⁻ˣ), elementwise, without overflow for any x; the derivative is σ·(1 − σ). */
export const sigmoid = <S extends Expression<S>>(x: S): S => x.sigmoid();
/** tanh x = (eˣ − e⁻ˣ) / (eˣ + e⁻ˣ), elementwise; the derivative is 1 − tanh² x. */
export const tanh = <S extends Expression<S>>(x: S): S => x.tanh();
/** max(x, 0), elementwise; the derivative is 1 above 0, else 0. */
export const relu = <S extends Expression<S>>(x: S): S => x.relu();
/** yᵢ = exp xᵢ / Σⱼ exp xⱼ over the last axis, shifted by the maximum so that nothing overflows. */
export const softmax = <S extends Expression<S>>(x: S): S => x.softmax();
/** yᵢ = xᵢ − ln Σⱼ exp xⱼ over the last axis, exact where softmax underflows. */
export const logSoftmax = <S extends Expression<S>>(x: S): S => x.logSoftmax();
/**
 * x·weightᵀ + bias, with x `[…, K]`, weight `[N, K]`, bias `[N]` (may be left out) → `[…, N]`: PyTorch's
 * `nn.functional.linear`.
 * @throws ShapeError unless the shapes fit
 */
export const linear = <S extends Expression<S>>(x: S, weight: S, bias?: S): S =>
  x.linear(weight, bias);
/** Matrix product, `[…, M, K]·[…, K, N]` → `[…, M, N]`, leading axes the same in both. @throws ShapeError otherwise */
export const matmul = <S extends Expression<S>>(a: S, b: S): S => a.matmul(b);
