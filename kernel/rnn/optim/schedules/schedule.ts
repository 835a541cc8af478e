import { OptionError, StateDictError } from '../../errors.js';

/** What a schedule changes: an optimiser, whatever else it has. */
export interface Scheduled {
  readonly groups: readonly {
    lr: number;
    momentum?: number;
    betas?: readonly [number, number];
  }[];
}

/** What a schedule knows, as plain data. */
export type ScheduleState = Record<string, number | readonly number[]>;

/**
 * Changes an optimiser's learning rates over time. `step()` is called after each `optimizer.step()`, or once an epoch;
 * t counts these calls. The rate of a group is a function of t and of the rate that the group had when the schedule
 * was made, its base rate.
 */
export abstract class Schedule {
  readonly optimizer: Scheduled;
  #baseRates: readonly number[];
  #t = 0;

  /** @throws OptionError unless the first argument is an optimiser */
  constructor(optimizer: Scheduled) {
    const given: unknown = optimizer;
    if (typeof given !== 'object' || given === null || !('groups' in given))
      throw new OptionError(`${new.target.name}: expected an optimiser as first argument`);
    this.optimizer = optimizer;
    this.#baseRates = optimizer.groups.map(({ lr }) => lr);
  }

  /** The learning rate at t of a group whose base rate is `base`. */
  abstract rateAt(t: number, base: number): number;

  /** Calls of `step()` so far. */
  get t(): number {
    return this.#t;
  }

  step(): void {
    this.#t++;
    this.apply();
  }

  /** Sets the learning rates for t. */
  protected apply(): void {
    this.optimizer.groups.forEach((group, g) => {
      group.lr = this.rateAt(this.#t, this.#baseRates[g]!);
    });
  }

  /** What `loadState` needs to go on from here. */
  state(): ScheduleState {
    return { t: this.#t, baseRates: [...this.#baseRates] };
  }

  /** Goes on from a state, and sets the learning rates. @throws StateDictError if it does not fit */
  loadState({ t, baseRates }: ScheduleState): void {
    if (typeof t !== 'number' || !isRates(baseRates, this.#baseRates.length))
      throw new StateDictError(
        `${this.constructor.name}.loadState: expected { t, baseRates } of ${this.#baseRates.length} groups`,
      );
    this.#t = t;
    this.#baseRates = [...baseRates];
    this.apply();
  }
}

const isRates = (value: unknown, count: number): value is readonly number[] =>
  Array.isArray(value) && value.length === count;
