import { createNumbers, sizeOf, type DType, type Shape } from '../ndarray.js';
import { checkOptions, is, optional } from '../options.js';
import { randomStream } from '../random.js';
import { Tensor } from '../tensor.js';
import { Module } from './module.js';

/** Options of `Dropout`. */
export interface DropoutOptions {
  /** Probability that an element is dropped, 0 to 1. Default 0.5. */
  p?: number;
}

/**
 * In training, sets each element to 0 with probability p and divides the others by 1 − p, so that the expectation
 * stays; in evaluation, passes its input on. Which elements are dropped follows from `manualSeed`.
 *
 * Source: N. Srivastava et al., "Dropout: a simple way to prevent neural networks from overfitting", JMLR 15 (2014).
 */
export class Dropout extends Module {
  readonly p: number;

  constructor(options: DropoutOptions = {}) {
    super();
    checkOptions('Dropout', options, { p: optional(is.probability) });
    this.p = options.p ?? 0.5;
  }

  override forward(input: Tensor): Tensor {
    return dropout(input, this.p, this.training);
  }
}

/** What `Dropout` does to a tensor. */
export function dropout(input: Tensor, p: number, training: boolean): Tensor {
  if (!training || p === 0) return input;
  return input.mul(dropoutMask(input.shape, p, input.dtype));
}

/** 0 with probability p, else 1/(1 − p). */
export function dropoutMask(shape: Shape, p: number, dtype: DType): Tensor {
  const stream = randomStream('dropout');
  const scale = 1 / (1 - p);
  const kept = createNumbers(dtype, sizeOf(shape));
  // 32 bits an element suffice: p is met to 2⁻³².
  const threshold = p * 2 ** 32;
  if (p < 1) for (let i = 0; i < kept.length; i++) kept[i] = stream.bits() < threshold ? 0 : scale;
  return new Tensor(kept, shape);
}
