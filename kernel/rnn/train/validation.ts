import { checkOptions, is, optional } from '../options.js';
import { isTrainingData, type TrainingData } from './batchReader.js';
import type { Callbacks, FitCallback, Training } from './callbacks.js';
import { evaluate } from './evaluate.js';
import type { EpochReport, StepReport, ValidationReport } from './run.js';

export interface ValidationOptions {
  /** Batches held out, or a function that gives them; must come to an end. */
  data: TrainingData;
  /**
   * Measured after every so many steps, or after each epoch; and at the end. Default: ten times a run, or `'epoch'` in a
   * run of `epochs`.
   */
  every?: number | 'epoch';
}

export function checkValidation(options: ValidationOptions): void {
  checkOptions('fit: validation', options, {
    data: isTrainingData,
    every: optional((value) =>
      value === 'epoch' || is.positiveInteger(value) === undefined
        ? undefined
        : "a positive integer or 'epoch'",
    ),
  });
}

/** When a run ends: after so many steps or epochs, whatever comes first; Infinity where left out. */
export interface RunLength {
  readonly steps: number;
  readonly epochs: number;
}

/** Measures held-out data along the way and tells the other callbacks. */
export class Validation implements FitCallback {
  readonly #every: number | 'epoch';
  #report: StepReport | undefined;

  constructor(
    private readonly options: ValidationOptions,
    private readonly length: RunLength,
    private readonly others: () => Callbacks,
  ) {
    const { steps } = length;
    this.#every =
      options.every ?? (steps === Infinity ? 'epoch' : Math.max(1, Math.floor(steps / 10)));
  }

  get watchesEpochs(): boolean {
    return this.#every === 'epoch';
  }

  async onStepEnd(report: StepReport, training: Training): Promise<void> {
    this.#report = report;
    const isDue = this.#every !== 'epoch' && report.step % this.#every === 0;
    if (isDue || report.step === this.length.steps) await this.#measure(report, training);
  }

  async onEpochEnd(epoch: EpochReport, training: Training): Promise<void> {
    const report = this.#report!;
    const isDue = this.#every === 'epoch' || epoch.epoch === this.length.epochs;
    if (isDue && report.validation === undefined) await this.#measure(report, training);
    if (report.validation !== undefined) epoch.validation = report.validation;
  }

  async #measure(report: StepReport, training: Training): Promise<void> {
    const { model, loss, run } = training;
    const { data } = this.options;
    const { step, epoch, seconds } = report;
    const measured: ValidationReport = { step, epoch, loss: await evaluate({ model, data, loss }) };
    report.validation = measured.loss;
    run.history.appendValidation(measured, seconds);
    await this.others().call('onValidate', measured, training);
  }
}
