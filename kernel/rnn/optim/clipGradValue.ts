import { NonFiniteError, OptionError } from '../errors.js';
import { showShape } from '../ndarray.js';
import { gradientOf, type Tensor } from '../tensor.js';
import { clipGradNorm } from './clip.js';

/**
 * Brings each element of the gradients into [−value, value].
 *
 * @returns the largest |element| before
 * @throws NonFiniteError if a gradient holds NaN or infinity; no gradient is changed then
 */
export function clipGradValue(parameters: Iterable<Tensor>, value: number): number {
  if (!(value > 0))
    throw new OptionError(`clipGradValue: value must be a positive number, got ${value}`);
  const list = [...parameters];
  let largest = 0;
  for (const parameter of list)
    for (const g of gradientOf(parameter) ?? []) {
      if (!Number.isFinite(g))
        throw new NonFiniteError(
          `gradient of a parameter ${showShape(parameter.shape)}: expected finite numbers, got ${g}; the weights are unchanged`,
        );
      largest = Math.max(largest, Math.abs(g));
    }
  if (largest > value)
    for (const parameter of list) {
      const gradient = gradientOf(parameter) ?? [];
      for (let i = 0; i < gradient.length; i++)
        gradient[i] = Math.min(value, Math.max(-value, gradient[i]!));
    }
  return largest;
}

/**
 * Scales the gradient of each parameter by itself so that its norm is at most maxNorm, as Keras's `clipnorm` does;
 * `clipGradNorm` scales all of them together.
 *
 * @returns each norm before clipping, 0 for a parameter without a gradient
 * @throws NonFiniteError if a gradient holds NaN or infinity
 */
export const clipGradNormEach = (parameters: Iterable<Tensor>, maxNorm: number): number[] =>
  [...parameters].map((parameter) => clipGradNorm([parameter], maxNorm));
