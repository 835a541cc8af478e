import { checkOptions, is, optional } from '../options.js';
import type { FitCallback, Training } from './callbacks.js';
import type { EpochReport, StepReport } from './history.js';
import type { TrainingSnapshot } from './snapshot.js';
import type { RunLength } from './validation.js';

/** How `fit` keeps what it takes to go on later. */
export interface CheckpointOptions {
  /** Keeps a snapshot; training waits for it. */
  save: (snapshot: TrainingSnapshot) => void | Promise<void>;
  /** Saved after every so many steps, or after each epoch; and at the end. Default: ten times a run, or `'epoch'`. */
  every?: number | 'epoch';
}

export function checkCheckpoint(options: CheckpointOptions): void {
  checkOptions('fit: checkpoint', options, { save: is.function, every: optional(isEvery) });
}

export const isEvery = (value: unknown): string | undefined =>
  value === 'epoch' || is.positiveInteger(value) === undefined
    ? undefined
    : "a positive integer or 'epoch'";

/** Saves snapshots along the way, after all else of a step is done, and at the end before best weights are put back. */
export class Checkpointing {
  readonly #every: number | 'epoch';
  #saved = -1;

  constructor(
    private readonly options: CheckpointOptions,
    { steps }: RunLength,
  ) {
    this.#every =
      options.every ?? (steps === Infinity ? 'epoch' : Math.max(1, Math.floor(steps / 10)));
  }

  /** The first of all callbacks. */
  readonly atEnd: FitCallback = {
    onEnd: async (training) => {
      if (training.error === undefined) await this.#save(training);
    },
  };

  /** The last of all. */
  readonly along: FitCallback = this.#along();

  #along(): FitCallback {
    const isEpochs = () => this.#every === 'epoch';
    return {
      get watchesEpochs() {
        return isEpochs();
      },
      onStepEnd: async ({ step }: StepReport, training) => {
        if (this.#every !== 'epoch' && step % this.#every === 0) await this.#save(training);
      },
      onEpochEnd: async (_report: EpochReport, training) => {
        if (isEpochs()) await this.#save(training);
      },
    };
  }

  async #save(training: Training): Promise<void> {
    if (training.step === this.#saved || training.step === 0) return;
    this.#saved = training.step;
    await this.options.save(training.snapshot());
  }
}
