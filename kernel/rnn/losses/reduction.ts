import { DTypeError, OptionError, ShapeError } from '../errors.js';
import {
  createNdArray,
  sameShape,
  showShape,
  sizeOf,
  type NdArray,
  type NumberArray,
  type Shape,
} from '../ndarray.js';
import { is, optional } from '../options.js';
import { expectTensor, record, Tensor } from '../tensor.js';

/** What becomes of the losses of single positions: their mean, their sum, or each of them. */
export type Reduction = 'mean' | 'sum' | 'none';

/** Options that all losses share. */
export interface LossOptions {
  /**
   * How the losses of single positions become the result: their mean over the positions that count, their
   * sum, or `'none'`: each of them. Default `'mean'`.
   */
  reduction?: Reduction;
  /**
   * 1 where a position counts and 0 where it is padding, over the leading axes of the losses: `[T, B]` for
   * losses `[T, B]` or `[T, B, F]`. What is at padding is never read: its loss and its gradient are exactly 0.
   */
  mask?: Tensor;
}

export const isTensor = (value: unknown): string | undefined =>
  value instanceof Tensor ? undefined : 'a tensor';

/** The rows of every loss's table of options; see `checkOptions`. */
export const lossOptions = {
  reduction: optional(is.oneOf('mean', 'sum', 'none')),
  mask: optional(isTensor),
};

/** Which positions count; all where undefined. */
export type Counted = Uint8Array | undefined;

/**
 * A loss as two loops over its positions. `step` is 1 where each position has a number of its own, and 0 where
 * all share `losses[0]` or `adjoints[0]`: a mean or a sum then needs no memory per position.
 */
export interface LossLoops {
  /** Adds the loss of each counted position i to `losses[i * step]`; returns what a mean divides by. */
  forward(losses: Float64Array, step: 0 | 1, counted: Counted): number;
  /** Adds `adjoints[i * step]` times the derivative of position i's loss to each gradient that is not null. */
  backward(
    gradients: readonly (NdArray | null)[],
    adjoints: NumberArray,
    step: 0 | 1,
    counted: Counted,
  ): void;
}

/**
 * The loops of a loss for given operands, in any floating-point type; whatever else it reads stays as it is.
 * A loss of fewer operands reads only the first.
 */
export type LossLoopsOf = (inputs: readonly [NdArray, NdArray, NdArray]) => LossLoops;

/** What a loss's tape node says of itself: how to compute it again, position by position. */
export class LossDetail {
  constructor(
    readonly positions: Shape,
    readonly loopsOf: LossLoopsOf,
    readonly counted: Counted,
    readonly reduction: Reduction,
    /** What the loss was multiplied by: 1/divisor for a mean, else 1. */
    readonly scale: number,
  ) {}
}

/**
 * Runs a loss and puts it on the tape as one node.
 *
 * @param positions the shape of the losses before reduction
 * @param loopsOf gives the loops, given the numbers of `inputs`
 * @param options already checked against `lossOptions`
 * @throws ShapeError or OptionError for a mask that does not fit, OptionError for a mean over no position
 */
export function applyLoss(
  name: string,
  inputs: readonly Tensor[],
  positions: Shape,
  loopsOf: LossLoopsOf,
  { reduction = 'mean', mask }: LossOptions,
): Tensor {
  const counted = mask && toCounted(name, mask, positions);
  const loops = loopsOf(inputs as readonly NdArray[] as readonly [NdArray, NdArray, NdArray]);
  const step = reduction === 'none' ? 1 : 0;
  const losses = new Float64Array(step ? sizeOf(positions) : 1);
  const divisor = loops.forward(losses, step, counted);
  const scale = reduction === 'mean' ? 1 / divisor : 1;
  if (scale === Infinity)
    throw new OptionError(
      `${name}: expected at least one position to take the mean of, got none in losses ${showShape(positions)}`,
    );
  const out = createNdArray(inputs[0]!.dtype, step ? positions : []);
  if (step) out.data.set(losses);
  else out.data[0] = losses[0]! * scale;
  const [result] = record(
    name,
    inputs,
    [out],
    ([adjoint], gradients) => {
      if (!adjoint) return;
      const adjoints = step ? adjoint.data : Float64Array.of(adjoint.data[0]! * scale);
      loops.backward(gradients, adjoints, step, counted);
    },
    new LossDetail(positions, loopsOf, counted, reduction, scale),
  );
  return result!;
}

/** Spreads a mask over the axes that it leaves out. */
function toCounted(name: string, mask: Tensor, positions: Shape): Uint8Array {
  if (!sameShape(mask.shape, positions.slice(0, mask.shape.length)))
    throw new ShapeError(
      `${name}: mask is ${showShape(mask.shape)}, expected leading axes of the losses ${showShape(positions)}`,
    );
  const inner = sizeOf(positions.slice(mask.shape.length));
  const counted = new Uint8Array(mask.size * inner);
  mask.data.forEach((value, i) => {
    if (value !== 0 && value !== 1)
      throw new OptionError(`${name}: mask must hold 0 and 1, got ${value}`);
    if (value === 1) counted.fill(1, i * inner, (i + 1) * inner);
  });
  return counted;
}

/** What the mean of an elementwise loss divides by. */
export function countPositions(size: number, counted: Counted): number {
  if (!counted) return size;
  let count = 0;
  for (let i = 0; i < size; i++) count += counted[i]!;
  return count;
}

/** @throws ShapeError unless both have one shape, DTypeError unless both hold one kind of floating point */
export function checkAlike(name: string, what: string, a: Tensor, other: string, b: Tensor): void {
  expectTensor(name, what, a);
  expectTensor(name, other, b);
  if (!sameShape(a.shape, b.shape))
    throw new ShapeError(
      `${name}: ${what} is ${showShape(a.shape)}, expected the shape of the ${other} ${showShape(b.shape)}`,
    );
  checkFloats(name, what, a, other, b);
}

/** @throws DTypeError unless both hold one kind of floating point */
export function checkFloats(name: string, what: string, a: Tensor, other: string, b: Tensor): void {
  if (a.dtype !== b.dtype || a.dtype === 'int32')
    throw new DTypeError(
      `${name}: ${what} is ${a.dtype} and ${other} is ${b.dtype}, expected one floating-point type; use to('float32')`,
    );
}
