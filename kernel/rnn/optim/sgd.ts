import { OptionError } from '../errors.js';
import type { NumberArray } from '../ndarray.js';
import { is } from '../options.js';
import { Optimizer } from './optimizer.js';
import type { OptimizerParameters, SettingsSpec } from './parameterGroups.js';

export interface SGDSettings {
  /** Must be given, for all or in each group. */
  lr: number;
  /** μ. Default 0. */
  momentum: number;
  /** λ, added to the gradient as λθ. Default 0. */
  weightDecay: number;
  /** Look ahead along the velocity; needs momentum. Default false. */
  nesterov: boolean;
}
/** Options of `SGD`. */
export type SGDOptions = Partial<SGDSettings> & {
  /** The learning rate; each group may have its own. */
  lr: number;
};

const spec: SettingsSpec<SGDSettings> = {
  defaults: { momentum: 0, weightDecay: 0, nesterov: false },
  checks: {
    lr: is.positive,
    momentum: is.nonNegative,
    weightDecay: is.nonNegative,
    nesterov: is.boolean,
  },
};

/**
 * Stochastic gradient descent, PyTorch's form of momentum (the first velocity is the gradient itself):
 *
 *     g ← g + λθ      v ← μv + g      θ ← θ − lr·v      (Nesterov: θ ← θ − lr·(g + μv))
 */
export class SGD extends Optimizer<SGDSettings> {
  readonly #velocity = this.moment('velocity', ({ momentum }) => momentum > 0);

  constructor(parameters: OptimizerParameters<SGDSettings>, options: SGDOptions) {
    super(parameters, options, spec);
    if (this.groups.some(({ nesterov, momentum }) => nesterov && momentum === 0))
      throw new OptionError('SGD: nesterov needs a momentum above 0');
  }

  protected override update(k: number, theta: NumberArray, gradient: NumberArray): void {
    const { lr, momentum: mu, weightDecay: lambda, nesterov } = this.settings(k);
    const velocity = this.#velocity[k];
    const numbers = [lr, mu, lambda, nesterov ? 1 : 0];
    if (velocity && this.runKernel('sgd', theta, gradient, [velocity], numbers)) return;
    for (let i = 0; i < theta.length; i++) {
      const g = gradient[i]! + lambda * theta[i]!;
      let step = g;
      if (velocity) {
        velocity[i] = mu * velocity[i]! + g;
        step = nesterov ? g + mu * velocity[i]! : velocity[i]!;
      }
      theta[i]! -= lr * step;
    }
  }
}
