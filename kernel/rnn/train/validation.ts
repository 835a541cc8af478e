import type { Metric } from '../metrics/metricTable.js';
import type { WeightAverage } from '../optim/weightAverage.js';
import { checkOptions, optional } from '../options.js';
import { isTrainingData, type TrainingData } from './batchReader.js';
import type { Callbacks, FitCallback, Training } from './callbacks.js';
import { isEvery } from './checkpointing.js';
import { measure } from './evaluate.js';
import { metricOptions, toMetrics, type MetricOptions } from './metricCollector.js';
import type { EpochReport, StepReport } from './history.js';

/** Held-out data of `fit`, how often it is measured and by what. */
export interface ValidationOptions extends MetricOptions {
  /** Batches held out, or a function that gives them; must come to an end. */
  data: TrainingData;
  /**
   * Measured after every so many steps, or after each epoch; and at the end. Default: ten times a run, or `'epoch'` in a
   * run of `epochs`.
   */
  every?: number | 'epoch';
}

/** When a run ends: after so many steps or epochs, whatever comes first; Infinity where left out. */
export interface RunLength {
  readonly steps: number;
  readonly epochs: number;
}

/** Measures held-out data along the way and tells the other callbacks. */
export class Validation implements FitCallback {
  readonly metrics: ReadonlyMap<string, Metric>;
  readonly #every: number | 'epoch';
  #report: StepReport | undefined;

  /** @param average its weights are what is measured, where there is one */
  constructor(
    private readonly options: ValidationOptions,
    private readonly length: RunLength,
    private readonly average: WeightAverage | undefined,
    private readonly callbacks: () => Callbacks,
  ) {
    checkOptions('fit: validation', options, {
      ...metricOptions,
      data: isTrainingData,
      every: optional(isEvery),
    });
    this.metrics = toMetrics('fit: validation', options);
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

  /** Whoever hears of the measurement sees the weights that were measured. */
  async #measure(report: StepReport, training: Training): Promise<void> {
    const { average } = this;
    if (average) await average.use(() => this.#measureNow(report, training));
    else await this.#measureNow(report, training);
  }

  async #measureNow(report: StepReport, training: Training): Promise<void> {
    const { model, loss } = training;
    const options = { ...this.options, model, loss };
    const measured = await measure('fit: validation', options, this.metrics);
    report.validation = measured.loss;
    report.metrics = measured.metrics;
    const { step, epoch, seconds } = report;
    const told = { step, epoch, seconds, ...measured };
    training.run.history.appendValidation(told);
    await this.callbacks().call('onValidate', told, training);
  }
}
