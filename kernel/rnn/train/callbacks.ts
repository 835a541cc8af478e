import type { Batch } from '../data/batch.js';
import type { Optimizer } from '../optim/optimizer.js';
import type { EpochReport, StepReport, ValidationReport } from './history.js';
import type { Loss, TrainableModel } from './model.js';
import type { Run } from './run.js';
import type { TrainingSnapshot } from './snapshot.js';

/** A training run, as callbacks see it: one object for the whole run. */
export interface Training {
  /** Its history and settings; `run.stop()` ends it after this step, `run.change()` steers it. */
  readonly run: Run;
  readonly model: TrainableModel<unknown>;
  readonly optimizer: Optimizer;
  readonly loss: Loss;
  /** The optimiser step under way or just done, from 1; 0 before the first. */
  readonly step: number;
  /** The epoch that the batch is of, from 1; 0 before the first. */
  readonly epoch: number;
  /** The batch under way or just trained on; undefined before the first. */
  readonly batch: Batch | undefined;
  /** The state that the batch was started from; undefined where it started anew. */
  readonly initialState: unknown;
  /** What the run failed with; known in `onEnd`. */
  readonly error: unknown;
  /** Everything that a run needs to go on from here: for `saveCheckpoint`, and the option `resume`. */
  snapshot(): TrainingSnapshot;
}

type Hooked = void | Promise<void>;

/**
 * Something that is told how training goes. Every hook may be left out, and may return a promise, which training waits
 * for. What a hook throws ends the run with that error.
 *
 * Hooks are called in the order in which they stand here; of several callbacks the first one first.
 */
export interface FitCallback {
  /** Before the first step. */
  onStart?(training: Training): Hooked;
  /** Before the forward pass of each batch; `training.batch` and `training.initialState` are what it will get. */
  onBatchStart?(training: Training): Hooked;
  /** When the gradients of a step are there, before clipping and before the update. */
  onGradients?(training: Training): Hooked;
  /** After the update. At a step where validation is due, it was measured and is in the report. */
  onStepEnd?(report: StepReport, training: Training): Hooked;
  /** After each measurement of the validation data, before `onStepEnd` and `onEpochEnd`. */
  onValidate?(report: ValidationReport, training: Training): Hooked;
  /** After the last step of each epoch. */
  onEpochEnd?(report: EpochReport, training: Training): Hooked;
  /** When the run is over: done, stopped, or failed with `training.error`. */
  onEnd?(training: Training): Hooked;
  /** Whether `onEpochEnd` matters to this callback, as far as it has it: to see an end takes reading a batch ahead. */
  readonly watchesEpochs?: boolean;
  /** Under which name `state()` stands in checkpoints. */
  readonly name?: string;
  /** Plain data and tensors, from which `loadState` goes on in a resumed run. */
  state?(): unknown;
  loadState?(state: never): void;
}

const hooks = [
  'onStart',
  'onBatchStart',
  'onGradients',
  'onStepEnd',
  'onValidate',
  'onEpochEnd',
  'onEnd',
] as const;
type Hook = (typeof hooks)[number];

/** Callbacks by hook, so that a hook that nobody has costs nothing. */
export class Callbacks {
  readonly #byHook: Readonly<Record<Hook, readonly FitCallback[]>>;

  constructor(readonly list: readonly FitCallback[]) {
    this.#byHook = Object.fromEntries(
      hooks.map((hook) => [hook, list.filter((one) => one[hook] !== undefined)]),
    ) as Record<Hook, FitCallback[]>;
  }

  has(hook: Hook): boolean {
    return this.#byHook[hook].length > 0;
  }

  get watchEpochs(): boolean {
    return this.#byHook.onEpochEnd.some(({ watchesEpochs = true }) => watchesEpochs);
  }

  /** Calls one hook of every callback that has it, one after the other. */
  async call<H extends Hook>(
    hook: H,
    ...values: Parameters<NonNullable<FitCallback[H]>>
  ): Promise<void> {
    for (const callback of this.#byHook[hook])
      await (callback[hook] as (...values: unknown[]) => Hooked).apply(callback, values);
  }
}

export const isCallback = (value: unknown): string | undefined =>
  typeof value === 'object' && value !== null && !Array.isArray(value)
    ? undefined
    : 'a callback: an object with hooks such as onStepEnd';

export const isCallbacks = (value: unknown): string | undefined =>
  (Array.isArray(value) ? value : [value]).every((one) => isCallback(one) === undefined)
    ? undefined
    : 'a callback (an object with hooks such as onStepEnd), or an array of them';
