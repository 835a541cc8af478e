import type { NumberArray } from '../ndarray.js';
import { is } from '../options.js';
import { Optimizer } from './optimizer.js';
import type { OptimizerParameters, SettingsSpec } from './parameterGroups.js';

export interface AdamWSettings {
  /** Default 1e-3. */
  lr: number;
  /** Decay of the first and second moment. Default [0.9, 0.999]. */
  betas: readonly [number, number];
  /** Added to the root. Default 1e-8. */
  eps: number;
  /** λ, decoupled from the gradient: θ shrinks by lr·λ·θ. Default 1e-2. */
  weightDecay: number;
}
export type AdamWOptions = Partial<AdamWSettings>;

const spec: SettingsSpec<AdamWSettings> = {
  defaults: { lr: 1e-3, betas: [0.9, 0.999], eps: 1e-8, weightDecay: 1e-2 },
  checks: { lr: is.positive, betas: is.decays, eps: is.positive, weightDecay: is.nonNegative },
};

/**
 * Adam with weight decay apart from the gradient:
 *
 *     m ← β₁m + (1−β₁)g      v ← β₂v + (1−β₂)g²
 *     θ ← θ − lr·λθ − lr · (m / (1−β₁ᵗ)) / (√(v / (1−β₂ᵗ)) + ε)
 *
 * Source: I. Loshchilov, F. Hutter, "Decoupled weight decay regularization", ICLR 2019, algorithm 2.
 */
export class AdamW extends Optimizer<AdamWSettings> {
  readonly #first = this.moment('first');
  readonly #second = this.moment('second');

  constructor(parameters: OptimizerParameters<AdamWSettings>, options: AdamWOptions = {}) {
    super(parameters, options, spec);
  }

  protected override update(k: number, theta: NumberArray, gradient: NumberArray): void {
    const { lr, betas, eps, weightDecay } = this.settings(k);
    const [beta1, beta2] = betas;
    const t = ++this.steps[k]!;
    const stepSize = lr / (1 - beta1 ** t);
    const correction = Math.sqrt(1 - beta2 ** t);
    const kept = 1 - lr * weightDecay;
    const m = this.#first[k]!;
    const v = this.#second[k]!;
    for (let i = 0; i < theta.length; i++) {
      const g = gradient[i]!;
      m[i] = beta1 * m[i]! + (1 - beta1) * g;
      v[i] = beta2 * v[i]! + (1 - beta2) * g * g;
      theta[i] = kept * theta[i]! - (stepSize * m[i]!) / (Math.sqrt(v[i]!) / correction + eps);
    }
  }
}
