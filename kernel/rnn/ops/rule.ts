import type { NdArray, Shape } from '../ndarray.js';

/**
 * One primitive operation: everything the runtime knows of it, in one place.
 *
 * The same rule runs eagerly on tensors, node by node inside a cell program, and backward in both.
 * `forward` overwrites `out`; `backward` *adds* to the gradients, so that a value used twice gets the sum.
 */
export interface Rule<A> {
  /** The result's shape. @throws ShapeError where the operands do not fit. */
  shape(inputs: readonly Shape[], attributes: A): number[];
  forward(out: NdArray, inputs: readonly NdArray[], attributes: A): void;
  /**
   * Adds to each gradient that is wanted (non-null) the vector-Jacobian product of `adjoint`, the
   * derivative of the loss by `output`.
   */
  backward(
    gradients: readonly (NdArray | null)[],
    adjoint: NdArray,
    inputs: readonly NdArray[],
    output: NdArray,
    attributes: A,
  ): void;
  /** Places of operands that decide instead of counting: their derivative is 0, and a small move may make the result jump. */
  readonly deciding?: readonly number[];
  /** The right-hand side as text, given the operands' names. */
  equation(operands: readonly string[], attributes: A): string;
}

/** Attributes of an operation that has none. */
export type None = Readonly<Record<string, never>>;

export const none: None = Object.freeze({});
