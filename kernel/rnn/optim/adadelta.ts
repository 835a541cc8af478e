import type { NumberArray } from '../ndarray.js';
import { is } from '../options.js';
import { Optimizer } from './optimizer.js';
import type { OptimizerParameters, SettingsSpec } from './parameterGroups.js';

export interface AdadeltaSettings {
  /** Default 1. */
  lr: number;
  /** Decay of the mean squares, ρ. Default 0.9. */
  rho: number;
  /** ε, under both roots. Default 1e-6. */
  eps: number;
  /** λ, added to the gradient as λθ. Default 0. */
  weightDecay: number;
}
/** Options of `Adadelta`. */
export type AdadeltaOptions = Partial<AdadeltaSettings>;

const spec: SettingsSpec<AdadeltaSettings> = {
  defaults: { lr: 1, rho: 0.9, eps: 1e-6, weightDecay: 0 },
  checks: { lr: is.positive, rho: is.decay, eps: is.positive, weightDecay: is.nonNegative },
};

/**
 * Adadelta:
 *
 *     g ← g + λθ      v ← ρv + (1−ρ)g²      d = √(u + ε)/√(v + ε) · g
 *     u ← ρu + (1−ρ)d²      θ ← θ − lr·d
 *
 * Source: M. D. Zeiler, "ADADELTA: an adaptive learning rate method", 2012, https://arxiv.org/abs/1212.5701
 */
export class Adadelta extends Optimizer<AdadeltaSettings> {
  readonly #square = this.moment('square');
  readonly #delta = this.moment('delta');

  constructor(parameters: OptimizerParameters<AdadeltaSettings>, options: AdadeltaOptions = {}) {
    super(parameters, options, spec);
  }

  protected override update(k: number, theta: NumberArray, gradient: NumberArray): void {
    const { lr, rho, eps, weightDecay } = this.settings(k);
    const v = this.#square[k]!;
    const u = this.#delta[k]!;
    const numbers = [lr, rho, 1 - rho, weightDecay, eps];
    if (this.runKernel('adadelta', theta, gradient, [v, u], numbers)) return;
    for (let i = 0; i < theta.length; i++) {
      const g = gradient[i]! + weightDecay * theta[i]!;
      v[i] = rho * v[i]! + (1 - rho) * g * g;
      const d = (Math.sqrt(u[i]! + eps) / Math.sqrt(v[i]! + eps)) * g;
      u[i] = rho * u[i]! + (1 - rho) * d * d;
      theta[i]! -= lr * d;
    }
  }
}
