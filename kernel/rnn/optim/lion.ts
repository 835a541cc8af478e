import type { NumberArray } from '../ndarray.js';
import { is } from '../options.js';
import { Optimizer } from './optimizer.js';
import type { OptimizerParameters, SettingsSpec } from './parameterGroups.js';

export interface LionSettings {
  /** Three to ten times smaller than Adam's. Default 1e-4. */
  lr: number;
  /** β₁ of the direction, β₂ of the moment. Default [0.9, 0.99]. */
  betas: readonly [number, number];
  /** λ, decoupled from the gradient: θ shrinks by lr·λ·θ. Default 0. */
  weightDecay: number;
}
/** Options of `Lion`. */
export type LionOptions = Partial<LionSettings>;

const spec: SettingsSpec<LionSettings> = {
  defaults: { lr: 1e-4, betas: [0.9, 0.99], weightDecay: 0 },
  checks: { lr: is.positive, betas: is.decays, weightDecay: is.nonNegative },
};

/**
 * Lion, every step of one size:
 *
 *     θ ← θ − lr·(sign(β₁m + (1−β₁)g) + λθ)      m ← β₂m + (1−β₂)g
 *
 * Source: X. Chen et al., "Symbolic discovery of optimization algorithms", NeurIPS 2023, algorithm 2.
 */
export class Lion extends Optimizer<LionSettings> {
  readonly #moment = this.moment('moment');

  constructor(parameters: OptimizerParameters<LionSettings>, options: LionOptions = {}) {
    super(parameters, options, spec);
  }

  protected override update(k: number, theta: NumberArray, gradient: NumberArray): void {
    const {
      lr,
      betas: [beta1, beta2],
      weightDecay,
    } = this.settings(k);
    const m = this.#moment[k]!;
    const numbers = [lr, beta1, 1 - beta1, beta2, 1 - beta2, weightDecay];
    if (this.runKernel('lion', theta, gradient, [m], numbers)) return;
    for (let i = 0; i < theta.length; i++) {
      const g = gradient[i]!;
      const direction = Math.sign(beta1 * m[i]! + (1 - beta1) * g);
      theta[i]! -= lr * (direction + weightDecay * theta[i]!);
      m[i] = beta2 * m[i]! + (1 - beta2) * g;
    }
  }
}
