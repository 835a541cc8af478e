import type { NumberArray } from '../ndarray.js';
import { OptionError } from '../errors.js';
import { checkOptions, is, optional } from '../options.js';
import type { Tensor } from '../tensor.js';
import { findEngine } from '../wasm/engine.js';
import { Optimizer } from './optimizer.js';

export interface AdamOptions {
  /** Default 1e-3. */
  lr?: number;
  /** Decay of the first and second moment. Default [0.9, 0.999]. */
  betas?: readonly [number, number];
  /** Added to the root. Default 1e-8. */
  eps?: number;
  /** λ, added to the gradient as λθ. Default 0. */
  weightDecay?: number;
}

/**
 * Adam:
 *
 *     m ← β₁m + (1−β₁)g      v ← β₂v + (1−β₂)g²
 *     θ ← θ − lr · (m / (1−β₁ᵗ)) / (√(v / (1−β₂ᵗ)) + ε)
 *
 * Source: D. P. Kingma, J. Ba, "Adam: a method for stochastic optimization", ICLR 2015, algorithm 1.
 */
export class Adam extends Optimizer {
  readonly #betas: readonly [number, number];
  readonly #eps: number;
  readonly #weightDecay: number;
  readonly #first: NumberArray[];
  readonly #second: NumberArray[];
  /** t of the formula, for each parameter: one without a gradient is not stepped. */
  readonly #steps: number[];

  constructor(parameters: Iterable<Tensor>, options: AdamOptions = {}) {
    checkOptions('Adam', options, {
      lr: optional(is.positive),
      betas: () => undefined,
      eps: optional(is.positive),
      weightDecay: optional(is.nonNegative),
    });
    super(parameters, { lr: options.lr ?? 1e-3 }, { defaults: {}, checks: { lr: is.positive } });
    this.#betas = options.betas ?? [0.9, 0.999];
    if (!this.#betas.every((beta) => beta >= 0 && beta < 1))
      throw new OptionError(
        `Adam: betas must be two numbers from 0 to below 1, got ${JSON.stringify(options.betas)}`,
      );
    this.#eps = options.eps ?? 1e-8;
    this.#weightDecay = options.weightDecay ?? 0;
    this.#first = this.zerosLikeParameters();
    this.#second = this.zerosLikeParameters();
    this.#steps = this.parameters.map(() => 0);
  }

  protected override update(k: number, theta: NumberArray, gradient: NumberArray): void {
    const [beta1, beta2] = this.#betas;
    const t = ++this.#steps[k]!;
    const stepSize = this.lr / (1 - beta1 ** t);
    const correction = Math.sqrt(1 - beta2 ** t);
    const m = this.#first[k]!;
    const v = this.#second[k]!;
    const eps = this.#eps;
    const lambda = this.#weightDecay;
    const engine = findEngine();
    if (engine?.owns(theta) && engine.owns(m) && engine.owns(v)) {
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
}
