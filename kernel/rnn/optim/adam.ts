import type { NumberArray } from '../ndarray.js';
import { is } from '../options.js';
import { findEngine } from '../wasm/engine.js';
import { Optimizer } from './optimizer.js';
import type { OptimizerParameters, SettingsSpec } from './parameterGroups.js';

export interface AdamSettings {
  /** Default 1e-3. */
  lr: number;
  /** Decay of the first and second moment. Default [0.9, 0.999]. */
  betas: readonly [number, number];
  /** Added to the root. Default 1e-8. */
  eps: number;
  /** λ, added to the gradient as λθ. Default 0. */
  weightDecay: number;
}
/** Options of `Adam`. */
export type AdamOptions = Partial<AdamSettings>;

const spec: SettingsSpec<AdamSettings> = {
  defaults: { lr: 1e-3, betas: [0.9, 0.999], eps: 1e-8, weightDecay: 0 },
  checks: { lr: is.positive, betas: is.decays, eps: is.positive, weightDecay: is.nonNegative },
};

/**
 * Adam, in the t-th update of a parameter:
 *
 *     g ← g + λθ      m ← β₁m + (1−β₁)g      v ← β₂v + (1−β₂)g²
 *     θ ← θ − lr · (m / (1−β₁ᵗ)) / (√(v / (1−β₂ᵗ)) + ε)
 *
 * Source: D. P. Kingma, J. Ba, "Adam: a method for stochastic optimization", ICLR 2015, algorithm 1.
 */
export class Adam extends Optimizer<AdamSettings> {
  readonly #first = this.moment('first');
  readonly #second = this.moment('second');
  #corrections = { beta1: 0, beta2: 0, t: 0, values: [1, 1] as readonly [number, number] };

  constructor(parameters: OptimizerParameters<AdamSettings>, options: AdamOptions = {}) {
    super(parameters, options, spec);
  }

  protected override update(k: number, theta: NumberArray, gradient: NumberArray): void {
    const settings = this.settings(k);
    const [beta1, beta2] = settings.betas;
    const t = ++this.steps[k]!;
    const [first, second] = this.corrections(beta1, beta2, t);
    const stepSize = settings.lr / first;
    const correction = Math.sqrt(second);
    const m = this.#first[k]!;
    const v = this.#second[k]!;
    const { eps } = settings;
    const lambda = this.decay(theta, settings);
    const engine = findEngine();
    // Moments stand where their parameter does.
    if (engine?.owns(m)) {
      engine.core['adam']!(
        theta.byteOffset,
        engine.addressOf(gradient),
        m.byteOffset,
        v.byteOffset,
        theta.length,
        beta1,
        1 - beta1,
        beta2,
        1 - beta2,
        stepSize,
        1 / correction,
        eps,
        lambda,
      );
      return;
    }
    for (let i = 0; i < theta.length; i++) {
      const g = gradient[i]! + lambda * theta[i]!;
      m[i] = beta1 * m[i]! + (1 - beta1) * g;
      v[i] = beta2 * v[i]! + (1 - beta2) * g * g;
      theta[i]! -= (stepSize * m[i]!) / (Math.sqrt(v[i]!) / correction + eps);
    }
  }

  /** 1 − β₁ᵗ and 1 − β₂ᵗ: mostly the same for one parameter as for the one before it. */
  private corrections(beta1: number, beta2: number, t: number): readonly [number, number] {
    const last = this.#corrections;
    if (last.t !== t || last.beta1 !== beta1 || last.beta2 !== beta2)
      this.#corrections = { beta1, beta2, t, values: [1 - beta1 ** t, 1 - beta2 ** t] };
    return this.#corrections.values;
  }

  /** Weight decay before the update. @returns the λ that is added to the gradient as λθ */
  protected decay(_theta: NumberArray, { weightDecay }: Readonly<AdamSettings>): number {
    return weightDecay;
  }
}
