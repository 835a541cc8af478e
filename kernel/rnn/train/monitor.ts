import { OptionError } from '../errors.js';
import type { Metric } from '../metrics/metricTable.js';
import { checkOptions, is, optional } from '../options.js';
import { Tensor } from '../tensor.js';
import type { FitCallback, Training } from './callbacks.js';
import type { ValidationReport } from './history.js';

/** When `fit` ends before its steps are over. */
export interface EarlyStoppingOptions {
  /** Measurements in a row without an improvement that end the run. */
  patience: number;
  /** How much better than the best an improvement is, as a difference. Default 0. */
  minDelta?: number;
}

/** What tells good measurements from bad ones: `'loss'` or a metric's name, and whether less or more is better. */
export type MonitorOptions = string | { metric: string; mode: 'min' | 'max' };

export interface MonitoringOptions {
  /** Default `'loss'`. A function's metric needs its `mode`. */
  monitor?: MonitorOptions | undefined;
  /** Ends the run when measurements do not improve any more. */
  earlyStopping?: EarlyStoppingOptions | undefined;
  /** At the end the weights of the best measurement are put back; not where the run failed. Default false. */
  restoreBest?: boolean | undefined;
}

/** What `state()` gives. */
interface MonitorState {
  best: { metric: string; value: number; step: number } | undefined;
  waited: number;
  weights: Tensor[];
}

/** Keeps the best measurement, its weights where they are wanted, and ends a run that does not improve any more. */
export class Monitor implements FitCallback {
  readonly name = 'monitor';
  readonly #metric: string;
  readonly #mode: 'min' | 'max';
  #waited = 0;
  #weights: Tensor[] = [];
  #training: Training | undefined;
  #restored: MonitorState | undefined;

  constructor(
    private readonly options: MonitoringOptions,
    metrics: ReadonlyMap<string, Metric>,
  ) {
    const { monitor = 'loss', earlyStopping } = options;
    if (earlyStopping)
      checkOptions('fit: earlyStopping', earlyStopping, {
        patience: (value) => (value === Infinity ? undefined : is.positiveInteger(value)),
        minDelta: optional(is.nonNegative),
      });
    const given = typeof monitor === 'string' ? { metric: monitor } : monitor;
    checkOptions('fit: monitor', given, {
      metric: (value) => {
        const names = ['loss', ...metrics.keys()];
        return names.includes(String(value)) ? undefined : `one of ${names.join(', ')}`;
      },
      mode: optional(is.oneOf('min', 'max')),
    });
    this.#metric = given.metric;
    const known = given.metric === 'loss' ? 'min' : metrics.get(given.metric)!.better;
    const mode = 'mode' in given ? given.mode : known;
    if (!mode)
      throw new OptionError(
        `fit: whether less or more of '${given.metric}' is better is not known, expected monitor: { metric: '${given.metric}', mode: 'min' or 'max' }`,
      );
    this.#mode = mode;
  }

  /** What this looks at in a measurement. */
  valueOf({ loss, metrics }: ValidationReport): number {
    return this.#metric === 'loss' ? loss : metrics[this.#metric]!;
  }

  onStart(training: Training): void {
    this.#training = training;
    const { best, waited = 0, weights = [] } = this.#restored ?? {};
    training.run.history.best = best;
    this.#waited = waited;
    this.#weights = weights;
  }

  onValidate(report: ValidationReport, { run, optimizer }: Training): void {
    const { history } = run;
    const value = this.valueOf(report);
    if (this.#isBetter(value, history.best?.value)) {
      history.best = { metric: this.#metric, value, step: report.step };
      this.#waited = 0;
      if (this.options.restoreBest) this.#keep(optimizer.parameters);
      return;
    }
    this.#waited++;
    if (this.#waited < (this.options.earlyStopping?.patience ?? Infinity)) return;
    history.stoppedEarly = true;
    run.stop();
  }

  onEnd({ optimizer, error }: Training): void {
    if (error !== undefined) return;
    this.#weights.forEach(({ data }, k) => optimizer.parameters[k]!.data.set(data));
  }

  state(): MonitorState {
    const { best } = this.#training!.run.history;
    return { best, waited: this.#waited, weights: this.#weights };
  }

  loadState(state: MonitorState): void {
    this.#restored = state;
  }

  /** NaN is no improvement. */
  #isBetter(value: number, best: number | undefined): boolean {
    if (best === undefined) return !Number.isNaN(value);
    const { minDelta = 0 } = this.options.earlyStopping ?? {};
    const gain = this.#mode === 'min' ? best - value : value - best;
    return gain > minDelta;
  }

  #keep(parameters: readonly Tensor[]): void {
    if (this.#weights.length === 0)
      this.#weights = parameters.map(({ data, shape }) => new Tensor(data.slice(), shape));
    else this.#weights.forEach(({ data }, k) => data.set(parameters[k]!.data));
  }
}
