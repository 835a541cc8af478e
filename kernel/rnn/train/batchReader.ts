import type { Batch } from '../data/batch.js';
import { describeValue } from '../describeValue.js';
import { OptionError, StateDictError } from '../errors.js';
import { getRngState, setRngState, type RngState } from '../random.js';
import { Tensor } from '../tensor.js';
import type { StopSignal } from './stopSignal.js';
import { cutWindows, type TruncationOptions } from './truncation.js';

/** Batches, at hand or arriving; or one batch, which is all there is in an epoch. */
export type BatchSource = Batch | Iterable<Batch> | AsyncIterable<Batch>;

/**
 * What a model is trained on: batches that are read again from the start in each epoch (an array, a task, anything
 * iterable), one batch, or a function that is called for the batches of each epoch: `() => draw()` draws a batch for each
 * step.
 */
export type TrainingData = BatchSource | ((epoch: number) => BatchSource | Promise<BatchSource>);

export const isTrainingData = (value: unknown): string | undefined =>
  typeof value === 'function' || isSource(value) ? undefined : `${sources}, or a function`;

const sources = 'a batch { input, target } of tensors, an iterable or async iterable of batches';

const isSource = (value: unknown): value is BatchSource =>
  typeof value === 'object' &&
  value !== null &&
  (Symbol.iterator in value || Symbol.asyncIterator in value || isBatch(value));

const isBatch = (value: unknown): value is Batch => {
  const { input, target } = (value ?? {}) as Partial<Batch>;
  return input instanceof Tensor && target instanceof Tensor;
};

/** A place in the data, as plain data. */
export interface ReaderState {
  epoch: number;
  position: number;
  /** Whether the epoch's end was not seen yet. */
  isOpen: boolean;
  isAhead: boolean;
  /** Random streams when the epoch began. */
  random: RngState;
}

/** Reads data epoch after epoch, one batch at a time, each only when it is asked for. */
export class BatchReader {
  /** The epoch being read, from 1. */
  epoch = 0;
  /** Batches given out in this epoch. */
  position = 0;
  #iterator: Iterator<Batch> | AsyncIterator<Batch> | undefined;
  /** Read to see whether the epoch goes on. */
  #ahead: Batch | undefined;
  #isWaiting = false;
  /** Random streams when the epoch began: from there the same batches come again. */
  #random = getRngState();

  constructor(
    private readonly owner: string,
    private readonly data: TrainingData,
    private readonly epochs: number,
    private readonly stopping: StopSignal,
    private readonly tbptt?: TruncationOptions,
  ) {}

  /** The next batch; undefined when the epochs are over, or training is to end. */
  async next(): Promise<Batch | undefined> {
    let batch = this.#ahead;
    this.#ahead = undefined;
    while (!batch) {
      if (!this.#iterator && !(await this.#openEpoch())) return undefined;
      batch = await this.#read();
      if (!batch && this.stopping.requested) return undefined;
    }
    this.position++;
    return batch;
  }

  /** Whether there is no next batch because training is to end. */
  get isInterrupted(): boolean {
    return this.stopping.requested;
  }

  /** Whether the batch given last was the last of its epoch. Has to read one ahead. */
  async isEpochOver(): Promise<boolean> {
    if (!this.#ahead && this.#iterator) this.#ahead = await this.#read();
    return !this.#iterator;
  }

  /** Lets the source know that nothing more will be read. */
  async close(): Promise<void> {
    const iterator = this.#iterator;
    this.#iterator = undefined;
    const closing = iterator?.return?.();
    if (!(closing instanceof Promise)) return;
    // A read that nobody waits for any more may never end, and what it comes to concerns nobody.
    if (this.#isWaiting) closing.catch(() => undefined);
    else await closing;
  }

  state(): ReaderState {
    const { epoch, position } = this;
    const isAhead = this.#ahead !== undefined;
    return { epoch, position, isOpen: this.#iterator !== undefined, isAhead, random: this.#random };
  }

  /** Reads the epoch again up to a place. @throws StateDictError if it is too short */
  async goTo({ epoch, position, isOpen, isAhead, random }: ReaderState): Promise<void> {
    this.epoch = isOpen ? epoch - 1 : epoch;
    this.position = position;
    if (!isOpen) return;
    setRngState(random);
    await this.#openEpoch();
    while (this.position < position) {
      if (!(await this.#read())) {
        if (this.stopping.requested) return;
        throw new StateDictError(
          `${this.owner}: resume: expected data of ${position} batches or more, as when the checkpoint was made, got ${this.position}`,
        );
      }
      this.position++;
    }
    if (isAhead) await this.isEpochOver();
  }

  async #openEpoch(): Promise<boolean> {
    if (this.epoch >= this.epochs) return false;
    this.epoch++;
    this.position = 0;
    this.#random = getRngState();
    const { data } = this;
    const given = typeof data === 'function' ? await data(this.epoch) : data;
    if (!isSource(given))
      throw new OptionError(
        `${this.owner}: data(${this.epoch}) gave ${describeValue(given)}, expected ${sources}`,
      );
    const batches = isBatch(given) ? [given] : given;
    const source = this.tbptt ? cutWindows(batches, this.tbptt) : batches;
    this.#iterator =
      Symbol.asyncIterator in source ? source[Symbol.asyncIterator]() : source[Symbol.iterator]();
    return true;
  }

  /** The next batch of this epoch; without one the epoch is closed, unless training is to end. */
  async #read(): Promise<Batch | undefined> {
    let result = this.#iterator!.next();
    if (result instanceof Promise) {
      this.#isWaiting = true;
      const arrived = await this.stopping.orStopped(result);
      if (!arrived) return undefined;
      this.#isWaiting = false;
      result = arrived;
    }
    if (!result.done) {
      if (isBatch(result.value)) return result.value;
      throw new OptionError(
        `${this.owner}: batch ${this.position + 1} of epoch ${this.epoch} is ${describeValue(result.value)}, expected { input, target } of tensors`,
      );
    }
    if (this.position === 0)
      throw new OptionError(
        this.epoch === 1
          ? `${this.owner}: the data gave no batch`
          : `${this.owner}: the data gave no batch in epoch ${this.epoch}; a generator can be read once, expected something to read again or a function that makes it: data: () => batches()`,
      );
    this.#iterator = undefined;
    return undefined;
  }
}
