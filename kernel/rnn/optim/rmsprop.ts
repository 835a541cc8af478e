import type { NumberArray } from '../ndarray.js';
import { is } from '../options.js';
import { rmspropKernel } from '../wasm/updateKernels.js';
import { Optimizer } from './optimizer.js';
import type { OptimizerParameters, SettingsSpec } from './parameterGroups.js';

export interface RMSpropSettings {
  /** Default 1e-2. */
  lr: number;
  /** Decay of the mean square, α. Default 0.99. */
  alpha: number;
  /** ε. Default 1e-8. */
  eps: number;
  /** Where ε is added: to the root, as in PyTorch, or under it, as in Keras (`'inside'`). Default `'outside'`. */
  epsPlacement: 'outside' | 'inside';
  /** λ, added to the gradient as λθ. Default 0. */
  weightDecay: number;
  /** μ. Default 0. */
  momentum: number;
  /** Divide by an estimate of the variance instead of the mean square. Default false. */
  centered: boolean;
}
/** Options of `RMSprop`. */
export type RMSpropOptions = Partial<RMSpropSettings>;

const spec: SettingsSpec<RMSpropSettings> = {
  defaults: {
    lr: 1e-2,
    alpha: 0.99,
    eps: 1e-8,
    epsPlacement: 'outside',
    weightDecay: 0,
    momentum: 0,
    centered: false,
  },
  checks: {
    lr: is.positive,
    alpha: is.decay,
    eps: is.positive,
    epsPlacement: is.oneOf('outside', 'inside'),
    weightDecay: is.nonNegative,
    momentum: is.nonNegative,
    centered: is.boolean,
  },
};

/**
 * RMSprop:
 *
 *     g ← g + λθ      v ← αv + (1−α)g²      s = v      (centred: ḡ ← αḡ + (1−α)g, s = v − ḡ²)
 *     d = g / (√s + ε)      (epsPlacement inside: g / √(s + ε))
 *     θ ← θ − lr·d      (with momentum: b ← μb + d, θ ← θ − lr·b)
 *
 * Sources: T. Tieleman, G. Hinton, "Lecture 6.5 – RMSProp", Coursera, 2012; centred and with momentum: A. Graves,
 * "Generating sequences with recurrent neural networks", 2013.
 */
export class RMSprop extends Optimizer<RMSpropSettings> {
  readonly #square = this.moment('square');
  readonly #average = this.moment('average', ({ centered }) => centered);
  readonly #buffer = this.moment('buffer', ({ momentum }) => momentum > 0);

  constructor(parameters: OptimizerParameters<RMSpropSettings>, options: RMSpropOptions = {}) {
    super(parameters, options, spec);
  }

  protected override update(k: number, theta: NumberArray, gradient: NumberArray): void {
    const settings = this.settings(k);
    const { lr, alpha, weightDecay, momentum } = settings;
    // One of the two is 0.
    const inside = settings.epsPlacement === 'inside' ? settings.eps : 0;
    const outside = settings.eps - inside;
    const v = this.#square[k]!;
    const average = settings.centered ? this.#average[k] : undefined;
    const buffer = momentum > 0 ? this.#buffer[k] : undefined;
    const kernel = rmspropKernel(average !== undefined, buffer !== undefined);
    const moments = [v, average, buffer].filter((one) => one !== undefined);
    const numbers = [lr, alpha, 1 - alpha, inside, outside, weightDecay, momentum];
    if (this.runKernel(kernel, theta, gradient, moments, numbers)) return;
    for (let i = 0; i < theta.length; i++) {
      const g = gradient[i]! + weightDecay * theta[i]!;
      v[i] = alpha * v[i]! + (1 - alpha) * g * g;
      let spread = v[i]!;
      if (average) {
        average[i] = alpha * average[i]! + (1 - alpha) * g;
        // Rounding may leave a variance just below 0.
        spread = Math.max(0, spread - average[i]! * average[i]!);
      }
      let direction = g / (Math.sqrt(spread + inside) + outside);
      if (buffer) direction = buffer[i] = momentum * buffer[i]! + direction;
      theta[i]! -= lr * direction;
    }
  }
}
