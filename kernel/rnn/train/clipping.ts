import { OptionError } from '../errors.js';
import { clipGradNorm, gradNorm } from '../optim/clip.js';
import { clipGradNormEach, clipGradValue } from '../optim/clipGradValue.js';
import type { Tensor } from '../tensor.js';

/**
 * How `fit` clips gradients before each update, by at most one of three ways; the norm it reports is that before.
 */
export interface ClipOptions {
  /** Largest norm of all gradients together; left out: no clipping. */
  clipNorm?: number | undefined;
  /** Each element of a gradient is brought into [−clipValue, clipValue]; instead of `clipNorm`. */
  clipValue?: number | undefined;
  /** Largest norm of each parameter's gradient by itself, as Keras's `clipnorm`; instead of `clipNorm`. */
  clipNormEach?: number | undefined;
}

/** @throws OptionError where more than one way of clipping is asked for */
export function checkClipping({ clipNorm, clipValue, clipNormEach }: ClipOptions): void {
  const given = Object.entries({ clipNorm, clipValue, clipNormEach }).flatMap(([name, value]) =>
    value === undefined ? [] : [name],
  );
  if (given.length > 1)
    throw new OptionError(`fit: expected one way of clipping, got ${given.join(' and ')}`);
}

/**
 * @returns the norm of all gradients before clipping
 * @throws NonFiniteError if a gradient holds NaN or infinity
 */
export function clipGradients(
  parameters: readonly Tensor[],
  { clipNorm, clipValue, clipNormEach }: ClipOptions,
): number {
  if (clipNorm !== undefined) return clipGradNorm(parameters, clipNorm);
  const norm = gradNorm(parameters);
  if (clipValue !== undefined) clipGradValue(parameters, clipValue);
  else if (clipNormEach !== undefined) clipGradNormEach(parameters, clipNormEach);
  return norm;
}
