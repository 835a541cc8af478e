import type { NumberArray } from '../ndarray.js';
import { scaleInPlace } from '../wasm/vectorArithmetic.js';
import { Adam, type AdamSettings } from './adam.js';
import type { OptimizerParameters } from './parameterGroups.js';

export interface AdamWSettings extends AdamSettings {
  /** λ, apart from the gradient: θ shrinks by lr·λ·θ. Default 1e-2. */
  weightDecay: number;
}
/** Options of `AdamW`. */
export type AdamWOptions = Partial<AdamWSettings>;

/**
 * Adam with weight decay apart from the gradient:
 *
 *     m ← β₁m + (1−β₁)g      v ← β₂v + (1−β₂)g²
 *     θ ← θ − lr·λθ − lr · (m / (1−β₁ᵗ)) / (√(v / (1−β₂ᵗ)) + ε)
 *
 * Source: I. Loshchilov, F. Hutter, "Decoupled weight decay regularization", ICLR 2019, algorithm 2.
 */
export class AdamW extends Adam {
  constructor(parameters: OptimizerParameters<AdamWSettings>, options: AdamWOptions = {}) {
    super(parameters, { ...options, weightDecay: options.weightDecay ?? 1e-2 });
  }

  protected override decay(theta: NumberArray, settings: Readonly<AdamSettings>): number {
    if (settings.weightDecay > 0) scaleInPlace(theta, 1 - settings.lr * settings.weightDecay);
    return 0;
  }
}
