import type { Batch } from '../data/batch.js';
import { OptionError } from '../errors.js';
import { randomStream, type RandomStream } from '../random.js';

/**
 * A task that makes its own data: an endless source of fresh batches for `fit`, and `take(n)` of them to
 * measure on. All is drawn from a named stream, so `manualSeed` repeats it.
 */
export interface Task<B extends Batch = Batch> extends Iterable<B> {
  /** The next batch. */
  batch(): B;
  /** The next `count` batches. */
  take(count: number): B[];
  /** Losses to compare with, by name, in the unit of the task's usual loss; fit for a chart's `baselines`. */
  readonly baselines: Readonly<Record<string, number>>;
}

/** Options that all tasks share. */
export interface TaskOptions {
  /** B, sequences in each batch. Default 32. */
  batchSize?: number;
  /**
   * Name of the random stream; give another one for data that must not depend on how much was drawn
   * before. Default: the task's name.
   */
  stream?: string;
}

/** Checks of `TaskOptions` for option tables. */
export const isStreamName = (value: unknown): string | undefined =>
  value === undefined || (typeof value === 'string' && value !== '') ? undefined : 'a name';

/** The task's stream; to be looked up anew for each draw, as `manualSeed` starts it again. */
export const taskStream = (name: string, { stream = name }: TaskOptions): RandomStream =>
  randomStream(`tasks.${stream}`);

export function createTask<B extends Batch>(
  name: string,
  options: TaskOptions,
  baselines: Readonly<Record<string, number>>,
  draw: (stream: RandomStream) => B,
): Task<B> {
  const batch = (): B => draw(taskStream(name, options));
  return {
    batch,
    baselines,
    take(count) {
      if (!Number.isInteger(count) || count < 1)
        throw new OptionError(`tasks.${name}: take needs a positive integer, got ${count}`);
      return Array.from({ length: count }, batch);
    },
    *[Symbol.iterator]() {
      while (true) yield batch();
    },
  };
}
