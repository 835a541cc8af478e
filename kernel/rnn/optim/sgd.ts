import { OptionError } from '../errors.js';
import type { NumberArray } from '../ndarray.js';
import { checkOptions, is, optional } from '../options.js';
import type { Tensor } from '../tensor.js';
import { findEngine } from '../wasm/engine.js';
import { Optimizer } from './optimizer.js';

export interface SGDOptions {
  lr: number;
  /** μ. Default 0. */
  momentum?: number;
  /** λ, added to the gradient as λθ. Default 0. */
  weightDecay?: number;
  /** Look ahead along the velocity; needs momentum. Default false. */
  nesterov?: boolean;
}

/**
 * Stochastic gradient descent, PyTorch's form of momentum (the first velocity is the gradient itself):
 *
 *     g ← g + λθ      v ← μv + g      θ ← θ − lr·v      (Nesterov: θ ← θ − lr·(g + μv))
 */
export class SGD extends Optimizer {
  readonly #momentum: number;
  readonly #weightDecay: number;
  readonly #nesterov: boolean;
  readonly #velocity: NumberArray[];

  constructor(parameters: Iterable<Tensor>, options: SGDOptions) {
    checkOptions('SGD', options, {
      lr: is.positive,
      momentum: optional(is.nonNegative),
      weightDecay: optional(is.nonNegative),
      nesterov: optional(is.boolean),
    });
    super(parameters, { lr: options.lr }, { defaults: {}, checks: { lr: is.positive } });
    this.#momentum = options.momentum ?? 0;
    this.#weightDecay = options.weightDecay ?? 0;
    this.#nesterov = options.nesterov ?? false;
    if (this.#nesterov && this.#momentum === 0)
      throw new OptionError('SGD: nesterov needs a momentum above 0');
    this.#velocity = this.#momentum > 0 ? this.zerosLikeParameters() : [];
  }

  protected override update(k: number, theta: NumberArray, gradient: NumberArray): void {
    const { lr } = this;
    const mu = this.#momentum;
    const lambda = this.#weightDecay;
    const velocity = this.#velocity[k];
    const engine = findEngine();
    if (velocity && engine?.owns(theta) && engine.owns(velocity)) {
      const address = engine.addressOf(gradient);
      const look = this.#nesterov ? 1 : 0;
      engine.core['sgd']!(
        theta.byteOffset,
        address,
        velocity.byteOffset,
        theta.length,
        lr,
        mu,
        lambda,
        look,
      );
      return;
    }
    for (let i = 0; i < theta.length; i++) {
      const g = gradient[i]! + lambda * theta[i]!;
      let step = g;
      if (velocity) {
        velocity[i] = mu * velocity[i]! + g;
        step = this.#nesterov ? g + mu * velocity[i]! : velocity[i]!;
      }
      theta[i]! -= lr * step;
    }
  }
}
