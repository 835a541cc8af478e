import { NonFiniteError, OptionError } from '../errors.js';
import type { Tensor } from '../tensor.js';

/**
 * ‖g‖₂ over all gradients as one vector; parameters without a gradient count as zero.
 * @throws NonFiniteError if a gradient holds NaN or infinity, so that it never reaches a weight
 */
export function gradNorm(parameters: Iterable<Tensor>): number {
  let total = 0;
  for (const parameter of parameters) {
    const gradient = parameter.grad?.data ?? [];
    let sum = 0;
    for (const g of gradient) sum += g * g;
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
    for (const { grad } of list)
      if (grad) for (let i = 0; i < grad.size; i++) grad.data[i]! *= factor;
  return norm;
}
