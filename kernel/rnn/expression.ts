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
  /** Elementwise product, broadcast. */
  mul(other: Self | number): Self {
    return this.apply('mul', [other], none);
  }
  /** Elementwise quotient, broadcast. */
  div(other: Self | number): Self {
    return this.apply('div', [other], none);
  }
  neg(): Self {
    return this.apply('neg', [], none);
  }
  exp(): Self {
    return this.apply('exp', [], none);
  }
  /** Natural logarithm. */
  log(): Self {
    return this.apply('log', [], none);
  }
  sqrt(): Self {
    return this.apply('sqrt', [], none);
  }
  /** 1 / (1 + e⁻ˣ) */
  sigmoid(): Self {
    return this.apply('sigmoid', [], none);
  }
  tanh(): Self {
    return this.apply('tanh', [], none);
  }
  /** max(x, 0) */
  relu(): Self {
    return this.apply('relu', [], none);
  }
  abs(): Self {
    return this.apply('abs', [], none);
  }
  /** Matrix product, `[…, M, K]·[…, K, N]` → `[…, M, N]`, the leading axes the same in both. */
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
  /** Mean over some axes, all by default. */
  mean(axes?: number | readonly number[], keepDims = false): Self {
    const total = this.sum(axes, keepDims);
    const size = (shape: Shape) => shape.reduce((product, extent) => product * Math.abs(extent), 1);
    return total.mul(size(total.shape) / size(this.shape));
  }
  /** Softmax over the last axis. */
  softmax(): Self {
    return this.apply('softmax', [], none);
  }
  /** ln softmax over the last axis. */
  logSoftmax(): Self {
    return this.apply('logSoftmax', [], none);
  }
  /** Over the last axis: weight ⊙ (this − mean) / √(variance + eps) + bias; weight and bias may be left out. */
  layerNorm(weight?: Self, bias?: Self, eps = 1e-5): Self {
    const normal = this.apply('layerNorm', [], { eps, axes: 1 });
    const scaled = weight === undefined ? normal : normal.mul(weight);
    return bias === undefined ? scaled : scaled.add(bias);
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

/** a + b, broadcast. */
export const add = binary('add');
/** a − b, broadcast. */
export const sub = binary('sub');
/** Elementwise product, broadcast. */
export const mul = binary('mul');
/** Elementwise quotient, broadcast. */
export const div = binary('div');

/** e to the power of x. */
export const exp = <S extends Expression<S>>(x: S): S => x.exp();
/** Natural logarithm. */
export const log = <S extends Expression<S>>(x: S): S => x.log();
/** 1 / (1 + e⁻ˣ) */
export const sigmoid = <S extends Expression<S>>(x: S): S => x.sigmoid();
export const tanh = <S extends Expression<S>>(x: S): S => x.tanh();
/** max(x, 0) */
export const relu = <S extends Expression<S>>(x: S): S => x.relu();
/** Softmax over the last axis. */
export const softmax = <S extends Expression<S>>(x: S): S => x.softmax();
/** ln softmax over the last axis. */
export const logSoftmax = <S extends Expression<S>>(x: S): S => x.logSoftmax();
/** x·weightᵀ + bias, with x `[…, K]`, weight `[N, K]`, bias `[N]` → `[…, N]`. */
export const linear = <S extends Expression<S>>(x: S, weight: S, bias?: S): S =>
  x.linear(weight, bias);
/** Matrix product, `[…, M, K]·[…, K, N]` → `[…, M, N]`, the leading axes the same in both. */
export const matmul = <S extends Expression<S>>(a: S, b: S): S => a.matmul(b);
