import { OptionError } from '../errors.js';
import { ReduceOnPlateau } from '../optim/schedules/reduceOnPlateau.js';
import { Schedule, type ScheduleState } from '../optim/schedules/schedule.js';
import type { FitCallback, Training } from './callbacks.js';
import type { ValidationReport } from './history.js';

export type AnySchedule = Schedule | ReduceOnPlateau;

/** Schedules of learning rates within `fit`. */
export interface ScheduleOptions {
  /** Changes learning rates along the way; `ReduceOnPlateau` does so after measurements of the validation data. */
  schedule?: AnySchedule | readonly AnySchedule[];
  /** How often the schedule steps; `ReduceOnPlateau` steps at each measurement. Default `'step'`. */
  scheduleEvery?: 'step' | 'epoch';
}

export const isSchedule = (value: unknown): string | undefined =>
  [value].flat().every((one) => one instanceof Schedule || one instanceof ReduceOnPlateau)
    ? undefined
    : 'a schedule, or an array of schedules';

/** Steps schedules when it is time. */
export class Scheduling implements FitCallback {
  readonly name = 'schedule';
  readonly #timed: readonly Schedule[];
  readonly #plateaus: readonly ReduceOnPlateau[];

  /** @param valueOf what plateaus look at; undefined without validation */
  constructor(
    schedules: readonly AnySchedule[],
    private readonly every: 'step' | 'epoch',
    private readonly valueOf: ((report: ValidationReport) => number) | undefined,
  ) {
    this.#timed = schedules.filter((one) => one instanceof Schedule);
    this.#plateaus = schedules.filter((one) => one instanceof ReduceOnPlateau);
    if (this.#plateaus.length > 0 && !valueOf)
      throw new OptionError('fit: ReduceOnPlateau needs validation: { data }, got none');
  }

  get watchesEpochs(): boolean {
    return this.every === 'epoch' && this.#timed.length > 0;
  }

  onStepEnd(): void {
    if (this.every === 'step') for (const schedule of this.#timed) schedule.step();
  }

  onEpochEnd(): void {
    if (this.every === 'epoch') for (const schedule of this.#timed) schedule.step();
  }

  onValidate(report: ValidationReport, { run, optimizer }: Training): void {
    const from = optimizer.lr;
    for (const schedule of this.#plateaus) schedule.step(this.valueOf!(report));
    const to = optimizer.lr;
    if (from !== to) run.history.changes.push({ step: report.step + 1, name: 'lr', from, to });
  }

  state(): ScheduleState[] {
    return [...this.#timed, ...this.#plateaus].map((schedule) => schedule.state());
  }

  loadState(states: readonly ScheduleState[]): void {
    [...this.#timed, ...this.#plateaus].forEach((schedule, k) => schedule.loadState(states[k]!));
  }
}
