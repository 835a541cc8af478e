import type { NumberArray } from '../ndarray.js';
import { is } from '../options.js';
import { Optimizer } from './optimizer.js';
import type { OptimizerParameters, SettingsSpec } from './parameterGroups.js';

export interface AdagradSettings {
  /** Default 1e-2. */
  lr: number;
  /** η: the learning rate falls as 1/(1 + η(t−1)). Default 0. */
  lrDecay: number;
  /** λ, added to the gradient as λθ. Default 0. */
  weightDecay: number;
  /** What the sum of squares starts at. Default 0. */
  initialAccumulatorValue: number;
  /** ε, added to the root. Default 1e-10. */
  eps: number;
}
/** Options of `Adagrad`. */
export type AdagradOptions = Partial<AdagradSettings>;

const spec: SettingsSpec<AdagradSettings> = {
  defaults: { lr: 1e-2, lrDecay: 0, weightDecay: 0, initialAccumulatorValue: 0, eps: 1e-10 },
  checks: {
    lr: is.positive,
    lrDecay: is.nonNegative,
    weightDecay: is.nonNegative,
    initialAccumulatorValue: is.nonNegative,
    eps: is.positive,
  },
};

/**
 * Adagrad, in the t-th update:
 *
 *     g ← g + λθ      v ← v + g²      θ ← θ − lr/(1 + η(t−1)) · g / (√v + ε)
 *
 * Source: J. Duchi, E. Hazan, Y. Singer, "Adaptive subgradient methods for online learning and stochastic
 * optimization", JMLR 12 (2011).
 */
export class Adagrad extends Optimizer<AdagradSettings> {
  readonly #sum = this.moment('sum');

  constructor(parameters: OptimizerParameters<AdagradSettings>, options: AdagradOptions = {}) {
    super(parameters, options, spec);
    this.#sum.forEach((sum, k) => sum.fill(this.settings(k).initialAccumulatorValue));
  }

  protected override update(k: number, theta: NumberArray, gradient: NumberArray): void {
    const { lr, lrDecay, weightDecay, eps } = this.settings(k);
    const rate = lr / (1 + this.steps[k]!++ * lrDecay);
    const sum = this.#sum[k]!;
    if (this.runKernel('adagrad', theta, gradient, [sum], [rate, weightDecay, eps])) return;
    for (let i = 0; i < theta.length; i++) {
      const g = gradient[i]! + weightDecay * theta[i]!;
      sum[i]! += g * g;
      theta[i]! -= (rate * g) / (Math.sqrt(sum[i]!) + eps);
    }
  }
}
