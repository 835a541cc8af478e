import type { Batch } from '../data/batch.js';
import { OptionError, ShapeError } from '../errors.js';
import { cat } from '../factories.js';
import { showShape } from '../ndarray.js';
import { checkOptions, is, optional } from '../options.js';
import { noGrad, type Tensor } from '../tensor.js';
import { callModel, detachState, type Model, type ModelResult } from './model.js';

/**
 * Truncated backpropagation through time, TBPTT(k₁, k₂): after every k₁ time steps one step of training, with the losses
 * of these k₁ and gradients that go back k₂ time steps at most.
 */
export interface TruncationOptions {
  /** Time steps from one backward pass to the next. */
  k1: number;
  /** Time steps that a backward pass goes back. Default k1. */
  k2?: number;
  /** Sequences are `[B, T, …]` instead of `[T, B, …]`. Default false. */
  batchFirst?: boolean;
}

export function checkTruncation(options: TruncationOptions): void {
  checkOptions('fit: tbptt', options, {
    k1: is.positiveInteger,
    k2: optional(is.positiveInteger),
    batchFirst: optional(is.boolean),
  });
}

/** What a window wants beside a batch; target and mask are those of its last time steps only. */
interface Window extends Batch {
  readonly window: {
    readonly axis: number;
    /** Time steps at its start without gradients (k₂ < k₁). */
    readonly free: number;
    /** Time steps at its end whose losses count. */
    readonly counted: number;
    /** Time steps after which the next window begins. */
    readonly kept: number;
  };
}

/** Sequences cut into windows that each train once. */
export function cutWindows(
  source: Iterable<Batch> | AsyncIterable<Batch>,
  options: TruncationOptions,
): Iterable<Batch> | AsyncIterable<Batch> {
  const cutter = new WindowCutter(options);
  if (Symbol.asyncIterator in source)
    return (async function* () {
      for await (const batch of source) yield* cutter.add(batch);
      yield* cutter.end();
    })();
  return (function* () {
    for (const batch of source) yield* cutter.add(batch);
    yield* cutter.end();
  })();
}

/**
 * Positions count time steps in what is buffered. A window that does not fill k₁ waits for a batch that continues.
 *
 *     begin ─────────── done ─────────── end
 *       run again         k₁ counted
 *               └ the next window's begin: its state is kept
 */
class WindowCutter {
  readonly #k1: number;
  readonly #k2: number;
  readonly #axis: number;
  #buffer: { input: Tensor; target: Tensor; mask: Tensor | undefined } | undefined;
  #begin = 0;
  #done = 0;
  #isFirst = true;

  constructor({ k1, k2 = k1, batchFirst = false }: TruncationOptions) {
    this.#k1 = k1;
    this.#k2 = k2;
    this.#axis = batchFirst ? 1 : 0;
  }

  *add(batch: Batch): Generator<Batch> {
    this.#check(batch);
    if (batch.continues && this.#buffer) this.#append(batch);
    else {
      yield* this.end();
      const { input, target, mask } = batch;
      this.#buffer = { input, target, mask };
    }
    while (this.#length - this.#done >= this.#k1) yield this.#cut(this.#k1);
  }

  /** What is left of a sequence that k₁ does not divide. */
  *end(): Generator<Batch> {
    const rest = this.#length - this.#done;
    if (rest > 0) yield this.#cut(rest);
    this.#buffer = undefined;
    this.#begin = this.#done = 0;
    this.#isFirst = true;
  }

  get #length(): number {
    return this.#buffer?.input.shape[this.#axis] ?? 0;
  }

  #append({ input, target, mask }: Batch): void {
    const buffer = this.#buffer!;
    const [axis, begin, length] = [this.#axis, this.#begin, this.#length];
    const join = (old: Tensor, next: Tensor): Tensor =>
      begin === length ? next : noGrad(() => cat([old.slice(axis, begin, length), next], axis));
    this.#buffer = {
      mask: buffer.mask && mask && join(buffer.mask, mask),
      target: join(buffer.target, target),
      input: join(buffer.input, input),
    };
    this.#done -= this.#begin;
    this.#begin = 0;
  }

  #cut(steps: number): Window {
    const { input, target, mask } = this.#buffer!;
    const [begin, done, end] = [this.#begin, this.#done, this.#done + steps];
    const next = this.#k2 < this.#k1 ? end : Math.max(begin, end + this.#k1 - this.#k2);
    const free = Math.max(0, end - this.#k2 - done);
    const part = (tensor: Tensor, from: number): Tensor =>
      noGrad(() => tensor.slice(this.#axis, from, end));
    const window: Window = {
      input: part(input, begin),
      target: part(target, done + free),
      ...(mask && { mask: part(mask, done + free) }),
      continues: !this.#isFirst,
      window: { axis: this.#axis, free, counted: steps - free, kept: next - begin },
    };
    this.#begin = next;
    this.#done = end;
    this.#isFirst = false;
    return window;
  }

  #check({ input, target, continues = false }: Batch): void {
    const axis = this.#axis;
    if (typeof continues !== 'boolean')
      throw new OptionError(
        'fit: tbptt: expected batches of which all sequences go on or none, got continues as an array',
      );
    if (target.shape[axis] !== input.shape[axis])
      throw new ShapeError(
        `fit: tbptt needs a target for each time step, got input ${showShape(input.shape)} and target ${showShape(target.shape)}`,
      );
  }
}

export const isWindow = (batch: Batch): batch is Window => 'window' in batch;

/** Of an output of all of a batch's time steps those that the batch has targets for. */
export function countedOutput(batch: Batch, output: Tensor): Tensor {
  if (!isWindow(batch)) return output;
  const { axis, counted } = batch.window;
  const size = output.shape[axis]!;
  return size === counted ? output : output.slice(axis, size - counted, size);
}

/**
 * Runs a window: the output of the time steps that count, and the state that the next window starts from. The model is
 * run in pieces where that state is in the midst; gradients flow through.
 */
export function runWindow<State>(
  model: Model<State>,
  batch: Window,
  state: State | undefined,
): ModelResult<State> {
  const { input, window } = batch;
  const { axis, free, kept } = window;
  const length = input.shape[axis]!;
  const run = (from: number, to: number, start: State | undefined): ModelResult<State> =>
    callModel(model, from === 0 && to === length ? input : input.slice(axis, from, to), start);
  const start = free > 0 ? detachState(noGrad(() => run(0, free, state)).state) : state;
  if (kept <= free || kept >= length) {
    const result = run(free, length, start);
    return {
      ...result,
      output: countedOutput(batch, result.output),
      state: kept === 0 ? state : result.state,
    };
  }
  const before = run(free, kept, start);
  const after = run(kept, length, before.state);
  const all = cat([before.output, after.output], axis);
  return { output: countedOutput(batch, all), state: before.state, beside: {} };
}
