import { OptionError } from '../errors.js';
import { createNumbers, type NumberArray } from '../ndarray.js';
import { Tensor } from '../tensor.js';

/** Changes parameters along their gradients. */
export abstract class Optimizer {
  readonly parameters: readonly Tensor[];
  /** Learning rate; may be changed between steps. */
  lr: number;

  /** @throws OptionError if there is nothing to train */
  constructor(parameters: Iterable<Tensor>, lr: number) {
    this.parameters = [...parameters];
    this.lr = lr;
    const name = new.target.name;
    if (this.parameters.length === 0)
      throw new OptionError(`${name}: expected at least one parameter, got none`);
    if (!this.parameters.every((one) => one instanceof Tensor && one.requiresGrad))
      throw new OptionError(`${name}: expected parameters that require gradients`);
  }

  /** Updates every parameter that has a gradient. */
  step(): void {
    this.beginStep();
    this.parameters.forEach((parameter, k) => {
      if (parameter.grad) this.update(k, parameter.data, parameter.grad.data);
    });
  }

  zeroGrad(): void {
    for (const parameter of this.parameters) parameter.grad = null;
  }

  protected beginStep(): void {
    // Optimisers that count steps do it here.
  }

  /** Updates the k-th parameter in place. */
  protected abstract update(k: number, parameter: NumberArray, gradient: NumberArray): void;

  /** One array of zeros like each parameter: a moment that the optimiser keeps. */
  protected zerosLikeParameters(): NumberArray[] {
    return this.parameters.map(({ dtype, size }) => createNumbers(dtype, size));
  }
}
