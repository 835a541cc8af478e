import { OptionError } from '../../errors.js';
import { checkOptions, is, optional } from '../../options.js';
import { Schedule, type Scheduled } from './schedule.js';

/** Options of `StepLR`. */
export interface StepLROptions {
  /** Steps between two falls. */
  stepSize: number;
  /** What the rate is multiplied by each time, γ. Default 0.1. */
  gamma?: number;
}

/** lr = base · γ^⌊t / stepSize⌋ */
export class StepLR extends Schedule {
  readonly #stepSize: number;
  readonly #gamma: number;

  constructor(optimizer: Scheduled, options: StepLROptions) {
    super(optimizer);
    checkOptions('StepLR', options, {
      stepSize: is.positiveInteger,
      gamma: optional(is.positive),
    });
    this.#stepSize = options.stepSize;
    this.#gamma = options.gamma ?? 0.1;
    this.apply();
  }

  override rateAt(t: number, base: number): number {
    return base * this.#gamma ** Math.floor(t / this.#stepSize);
  }
}

/** lr = base · γᵗ */
export class ExponentialLR extends Schedule {
  readonly #gamma: number;

  constructor(optimizer: Scheduled, options: { gamma: number }) {
    super(optimizer);
    checkOptions('ExponentialLR', options, { gamma: is.positive });
    this.#gamma = options.gamma;
    this.apply();
  }

  override rateAt(t: number, base: number): number {
    return base * this.#gamma ** t;
  }
}

/** Options of `CosineLR`. */
export interface CosineLROptions {
  /** Steps from the base rate down to etaMin; with restarts, of the first cycle. */
  tMax: number;
  /** The least rate. Default 0. */
  etaMin?: number;
  /** Begin again from the base rate when a cycle ends. Default false: stay at etaMin. */
  restarts?: boolean;
  /** Each cycle is so many times as long as the one before. Default 1. */
  tMult?: number;
}

/**
 * Half a cosine: lr = etaMin + (base − etaMin)·(1 + cos(π·s/S))/2 at step s of a cycle of S steps.
 *
 * Unlike PyTorch's `CosineAnnealingLR`, the rate stays at etaMin after tMax instead of rising again; `restarts` is
 * `CosineAnnealingWarmRestarts`.
 * Source: I. Loshchilov, F. Hutter, "SGDR: stochastic gradient descent with warm restarts", ICLR 2017.
 */
export class CosineLR extends Schedule {
  readonly #options: Required<CosineLROptions>;

  constructor(optimizer: Scheduled, options: CosineLROptions) {
    super(optimizer);
    checkOptions('CosineLR', options, {
      tMax: is.positiveInteger,
      etaMin: optional(is.nonNegative),
      restarts: optional(is.boolean),
      tMult: optional(is.positiveInteger),
    });
    const { tMax, etaMin = 0, restarts = false, tMult = 1 } = options;
    if (tMult > 1 && !restarts)
      throw new OptionError(
        'CosineLR: tMult needs restarts: true, without them there is one cycle',
      );
    this.#options = { tMax, etaMin, restarts, tMult };
    this.apply();
  }

  override rateAt(t: number, base: number): number {
    const { tMax, etaMin, restarts, tMult } = this.#options;
    let [s, length] = [t, tMax];
    if (!restarts) s = Math.min(t, tMax);
    else for (; s >= length; length *= tMult) s = tMult === 1 ? s % length : s - length;
    return etaMin + ((base - etaMin) * (1 + Math.cos((Math.PI * s) / length))) / 2;
  }
}

/** Options of `Warmup`. */
export interface WarmupOptions {
  /** Steps until the base rate. */
  steps: number;
  /** The part of the base rate at the first step. Default 1/3. */
  startFactor?: number;
  /** The schedule that takes over; it is at its t = 0 when the warm-up ends. Default: the base rate stays. */
  then?: Schedule;
}

/**
 * lr rises in a line from startFactor·base to base over `steps`, then follows another schedule.
 *
 * @example
 * const schedule = new Warmup(optimizer, { steps: 100, then: new CosineLR(optimizer, { tMax: 900 }) });
 */
export class Warmup extends Schedule {
  readonly #steps: number;
  readonly #startFactor: number;
  readonly #then: Schedule | undefined;

  constructor(optimizer: Scheduled, options: WarmupOptions) {
    super(optimizer);
    checkOptions('Warmup', options, {
      steps: is.positiveInteger,
      startFactor: optional(is.probability),
      then: optional((value) => (value instanceof Schedule ? undefined : 'a schedule')),
    });
    this.#steps = options.steps;
    this.#startFactor = options.startFactor ?? 1 / 3;
    this.#then = options.then;
    this.apply();
  }

  override rateAt(t: number, base: number): number {
    if (t >= this.#steps) return this.#then?.rateAt(t - this.#steps, base) ?? base;
    return base * (this.#startFactor + ((1 - this.#startFactor) * t) / this.#steps);
  }
}
