import { showNumber } from '../showNumbers.js';
import type { GradientFlow } from './gradientFlow.js';

/** What one training step was like. */
export interface StepReport {
  /** Steps done, from 1. */
  step: number;
  /** The epoch that the step's last batch is of, from 1. */
  epoch: number;
  /** The training loss of this step's batch. */
  loss: number;
  /** ‖gradient‖₂ before clipping. */
  gradNorm: number;
  /** The learning rate of this step. */
  lr: number;
  /** Wall time since the run began, pauses left out. */
  seconds: number;
  /** The validation loss, at the steps where it was measured. */
  validation?: number;
  /** The metrics of the validation data, by name, at these steps. */
  metrics?: Readonly<Record<string, number>>;
}

/** What one pass through the data was like. */
export interface EpochReport {
  /** Epochs done, from 1. */
  epoch: number;
  /** Steps done. */
  step: number;
  /** The mean of the epoch's training losses. */
  loss: number;
  /** Wall time since the run began, pauses left out. */
  seconds: number;
  /** The validation loss, where it was measured after the epoch's last step. */
  validation?: number;
}

/** What one measurement of the validation data gave. */
export interface ValidationReport {
  /** Steps done. */
  step: number;
  /** Epoch of the last step, from 1. */
  epoch: number;
  /** The mean loss over all targets that count. */
  loss: number;
  /** By name. */
  metrics: Readonly<Record<string, number>>;
  /** Wall time since the run began, pauses left out. */
  seconds: number;
}

/** The best measurement of the validation data. */
export interface BestMeasurement {
  /** `'loss'`, or the name of the metric. */
  metric: string;
  value: number;
  /** Steps done then. */
  step: number;
}

/** What was changed while a run was under way. */
export interface SettingChange {
  /** The first step that it holds for. */
  step: number;
  name: 'lr' | 'clipNorm';
  /** Undefined: no clipping. */
  from: number | undefined;
  to: number | undefined;
}

/** A history as plain data. */
export interface HistoryState {
  columns: Record<string, Float64Array>;
  validation: Record<string, Float64Array>;
  metrics: Record<string, Float64Array>;
  epochs: EpochReport[];
  changes: SettingChange[];
  best: BestMeasurement | undefined;
}

/** A run so far, in columns: the i-th entry of each belongs to the i-th step. */
export class TrainingHistory {
  readonly step: number[] = [];
  readonly loss: number[] = [];
  readonly gradNorm: number[] = [];
  readonly lr: number[] = [];
  readonly seconds: number[] = [];
  /** Changes of the learning rate or the clipping by `run.change`, or while the run was paused. */
  readonly changes: SettingChange[] = [];
  readonly epochs: EpochReport[] = [];
  /** Measurements of the validation data, in columns; `metrics` has a column for each metric. */
  readonly validation = {
    step: [] as number[],
    loss: [] as number[],
    seconds: [] as number[],
    metrics: {} as Record<string, number[]>,
  };
  /** How far back in time the gradient reached, where `inspectEvery` asked for it. */
  gradientFlow: GradientFlow | undefined;
  /** The best measurement by the loss, or by what `monitor` says. */
  best: BestMeasurement | undefined;
  /** Whether the run ended because nothing improved any more. */
  stoppedEarly = false;

  append(report: StepReport): void {
    for (const column of ['step', 'loss', 'gradNorm', 'lr', 'seconds'] as const)
      this[column].push(report[column]);
  }

  appendValidation(report: ValidationReport): void {
    for (const column of ['step', 'loss', 'seconds'] as const)
      this.validation[column].push(report[column]);
    for (const [name, value] of Object.entries(report.metrics))
      (this.validation.metrics[name] ??= []).push(value);
  }

  /** A copy, as plain data. */
  state(): HistoryState {
    const columns = (from: Record<string, number[]>) =>
      Object.fromEntries(Object.entries(from).map(([name, all]) => [name, Float64Array.from(all)]));
    const { step, loss, gradNorm, lr, seconds, validation, best } = this;
    const { metrics, ...measured } = validation;
    return {
      columns: columns({ step, loss, gradNorm, lr, seconds }),
      validation: columns(measured),
      metrics: columns(metrics),
      epochs: this.epochs.map((one) => ({ ...one })),
      changes: this.changes.map((one) => ({ ...one })),
      best: best && { ...best },
    };
  }

  /** Goes on from a state; for an empty history. */
  loadState({ columns, validation, metrics, epochs, changes, best }: HistoryState): void {
    for (const name of ['step', 'loss', 'gradNorm', 'lr', 'seconds'] as const)
      for (const value of columns[name] ?? []) this[name].push(value);
    for (const name of ['step', 'loss', 'seconds'] as const)
      for (const value of validation[name] ?? []) this.validation[name].push(value);
    for (const [name, all] of Object.entries(metrics)) this.validation.metrics[name] = [...all];
    this.epochs.push(...epochs);
    this.changes.push(...changes);
    this.best = best;
  }

  /** How Node prints the history: one line, the numbers are in the columns. */
  [Symbol.for('nodejs.util.inspect.custom')](): string {
    const last = (column: readonly number[]): string =>
      column.length > 0 ? showNumber(column.at(-1)!) : 'none';
    const { loss, metrics } = this.validation;
    const measured = [
      ...(loss.length > 0 ? [`validation ${last(loss)}`] : []),
      ...Object.entries(metrics).map(([name, column]) => `${name} ${last(column)}`),
      ...(this.best ? [`best ${showNumber(this.best.value)} at step ${this.best.step}`] : []),
    ];
    return [
      `TrainingHistory of ${this.step.length} steps: loss ${last(this.loss)}`,
      ...measured,
      `${(this.seconds.at(-1) ?? 0).toFixed(1)} s`,
    ].join(', ');
  }

  /** How VS Code's debugger shows it. */
  [Symbol.for('debug.description')](): string {
    const last = this.loss.at(-1);
    const loss = last === undefined ? '' : `: loss ${showNumber(last)}`;
    return `TrainingHistory of ${this.step.length} steps${loss}`;
  }
}
