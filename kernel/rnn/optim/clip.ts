import { NonFiniteError, OptionError } from '../errors.js';
import { gradientOf, type Tensor } from '../tensor.js';
import { scaleInPlace, sumOfSquares } from '../wasm/vectorArithmetic.js';

/**
 * ‖g‖₂ over all gradients as one vector; parameters without a gradient count as zero.
 * @throws NonFiniteError if a gradient holds NaN or infinity, so that it never reaches a weight
 */
export function gradNorm(parameters: Iterable<Tensor>): number {
  let total = 0;
  for (const parameter of parameters) {
    const gradient = gradientOf(parameter);
    const sum = gradient ? sumOfSquares(gradient) : 0;
    if (!Number.isFinite(sum))
      throw new NonFiniteError(
        `gradient of a parameter [${parameter.shape.join(', ')}]: expected finite numbers, its norm is ${sum}; the weights are unchanged`,
      );
    total += sum;
  }
  return Math.sqrt(total);
}

/**
 * Scales all gradients together so that their norm is at most maxNorm: g ← g · min(1, maxNorm / (‖g‖ + 10⁻⁶)).
 *
 * @returns the norm before clipping
 * @throws NonFiniteError if a gradient holds NaN or infinity
 * Source: R. Pascanu, T. Mikolov, Y. Bengio, "On the difficulty of training recurrent neural networks", ICML 2013.
 */
export function clipGradNorm(parameters: Iterable<Tensor>, maxNorm: number): number {
  if (!(maxNorm > 0))
    throw new OptionError(`clipGradNorm: maxNorm must be a positive number, got ${maxNorm}`);
  const list = [...parameters];
  const norm = gradNorm(list);
  const factor = maxNorm / (norm + 1e-6);
  if (factor < 1)
    for (const parameter of list) {
      const gradient = gradientOf(parameter);
      if (gradient) scaleInPlace(gradient, factor);
    }
  return norm;
}
