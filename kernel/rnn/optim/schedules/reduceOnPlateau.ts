import { OptionError, StateDictError } from '../../errors.js';
import { checkOptions, is, optional } from '../../options.js';
import type { Scheduled, ScheduleState } from './schedule.js';

/** Options of `ReduceOnPlateau`. */
export interface ReduceOnPlateauOptions {
  /** Whether the metric should fall or rise. Default `'min'`. */
  mode?: 'min' | 'max';
  /** What the rate is multiplied by, below 1. Default 0.1. */
  factor?: number;
  /** Steps without an improvement that are tolerated. Default 10. */
  patience?: number;
  /** How much better than the best an improvement is. Default 1e-4. */
  threshold?: number;
  /** Whether threshold is a part of the best (`'rel'`) or a difference (`'abs'`). Default `'rel'`. */
  thresholdMode?: 'rel' | 'abs';
  /** Steps after a reduction in which nothing is counted. Default 0. */
  cooldown?: number;
  /** Rates do not fall below. Default 0. */
  minLr?: number;
  /** A rate that would change by less stays. Default 1e-8. */
  eps?: number;
}

const table = {
  mode: is.oneOf('min', 'max'),
  factor: is.decay,
  patience: is.nonNegative,
  threshold: is.nonNegative,
  thresholdMode: is.oneOf('rel', 'abs'),
  cooldown: is.nonNegative,
  minLr: is.nonNegative,
  eps: is.nonNegative,
};

/** Lowers the learning rates when a metric has stopped improving: `step(validationLoss)` after each measurement. */
export class ReduceOnPlateau {
  readonly optimizer: Scheduled;
  readonly #options: Required<ReduceOnPlateauOptions>;
  #best: number;
  #badSteps = 0;
  #cooldown = 0;

  /** @throws OptionError for an option out of range */
  constructor(optimizer: Scheduled, options: ReduceOnPlateauOptions = {}) {
    const defaults = {
      mode: 'min',
      factor: 0.1,
      patience: 10,
      threshold: 1e-4,
      thresholdMode: 'rel',
      cooldown: 0,
      minLr: 0,
      eps: 1e-8,
    } as const;
    checkOptions(
      'ReduceOnPlateau',
      options,
      Object.fromEntries(Object.entries(table).map(([name, check]) => [name, optional(check)])),
    );
    this.optimizer = optimizer;
    const given = Object.entries(options).filter(([, value]) => value !== undefined);
    this.#options = { ...defaults, ...(Object.fromEntries(given) as ReduceOnPlateauOptions) };
    this.#best = this.#options.mode === 'min' ? Infinity : -Infinity;
  }

  /** The best metric so far. */
  get best(): number {
    return this.#best;
  }

  /** @throws OptionError unless the metric is a number; NaN counts as no improvement */
  step(metric: number): void {
    if (typeof metric !== 'number')
      throw new OptionError(`ReduceOnPlateau.step: expected a metric, got ${typeof metric}`);
    if (this.#isBetter(metric)) {
      this.#best = metric;
      this.#badSteps = 0;
    } else this.#badSteps++;
    if (this.#cooldown > 0) {
      this.#cooldown--;
      this.#badSteps = 0;
    }
    if (this.#badSteps <= this.#options.patience) return;
    this.#reduce();
    this.#cooldown = this.#options.cooldown;
    this.#badSteps = 0;
  }

  #isBetter(metric: number): boolean {
    const { mode, threshold, thresholdMode } = this.#options;
    const sign = mode === 'min' ? -1 : 1;
    if (thresholdMode === 'abs') return sign * (metric - this.#best) > threshold;
    return mode === 'min'
      ? metric < this.#best * (1 - threshold)
      : metric > this.#best * (1 + threshold);
  }

  #reduce(): void {
    const { factor, minLr, eps } = this.#options;
    for (const group of this.optimizer.groups) {
      const rate = Math.max(group.lr * factor, minLr);
      if (group.lr - rate > eps) group.lr = rate;
    }
  }

  /** What `loadState` needs to go on from here. */
  state(): ScheduleState {
    return {
      best: this.#best,
      badSteps: this.#badSteps,
      cooldown: this.#cooldown,
      rates: this.optimizer.groups.map(({ lr }) => lr),
    };
  }

  /** Goes on from a state, and sets the learning rates. @throws StateDictError if it does not fit */
  loadState({ best, badSteps, cooldown, rates }: ScheduleState): void {
    const { groups } = this.optimizer;
    if (
      typeof best !== 'number' ||
      typeof badSteps !== 'number' ||
      typeof cooldown !== 'number' ||
      typeof rates !== 'object' ||
      rates.length !== groups.length
    )
      throw new StateDictError(
        `ReduceOnPlateau.loadState: expected { best, badSteps, cooldown, rates } of ${groups.length} groups`,
      );
    this.#best = best;
    this.#badSteps = badSteps;
    this.#cooldown = cooldown;
    groups.forEach((group, g) => (group.lr = rates[g]!));
  }
}
