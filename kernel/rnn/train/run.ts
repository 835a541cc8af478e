import { checkOptions, is, optional } from '../options.js';
import { TrainingHistory, type StepReport } from './history.js';
import { now } from './platform.js';
import { StopSignal } from './stopSignal.js';

/** What may be changed while a run is under way. */
export interface RunSettings {
  /** The optimiser's learning rate. */
  lr: number;
  /** Largest global gradient norm; undefined: no clipping. */
  clipNorm: number | undefined;
}

/** Where a run is. */
export type RunStatus = 'running' | 'paused' | 'done' | 'stopped' | 'failed';

/**
 * A training run that is under way.
 *
 * `await run` waits for its end and gives the history. `for await (const report of run)` goes step by step:
 * the next step waits until the loop's body is done, and leaving the loop stops the run.
 * `pause()` holds it between two steps until `resume()`; weights and learning rate may be changed meanwhile.
 */
export class Run implements PromiseLike<TrainingHistory>, AsyncIterable<StepReport> {
  readonly history = new TrainingHistory();
  /** Steps that the run will have, as far as is known; 0 before the first of several epochs is over. */
  totalSteps = 0;
  #status: RunStatus = 'running';
  readonly #stopping = new StopSignal();
  #abortReason: Error | undefined;
  #pausedMs = 0;
  /** Set while a pause is asked for. */
  #pause: { promise: Promise<void>; resolve: () => void } | undefined;
  readonly #abandoned = deferred();
  readonly #settings: RunSettings;
  readonly #observe: (run: Run) => void;
  #reader: Reader | undefined;
  readonly #end: Promise<TrainingHistory>;

  /**
   * @param createSteps makes one step per report, and waits for nothing once a stop is requested
   * @param settings what the next step uses
   * @param observe is told of every report, of pauses and of the end
   */
  constructor(
    createSteps: (run: Run, stopping: StopSignal) => AsyncGenerator<StepReport>,
    settings: RunSettings,
    observe: (run: Run) => void,
  ) {
    this.#settings = settings;
    this.#observe = observe;
    this.#end = Promise.race([
      this.#drive(createSteps(this, this.#stopping)),
      this.#abandoned.promise.then(() => Promise.reject(this.#abortReason!)),
    ]);
  }

  get status(): RunStatus {
    return this.#status;
  }

  /** The learning rate and the clipping of the next step. */
  get settings(): Readonly<RunSettings> {
    const { lr, clipNorm } = this.#settings;
    return { lr, clipNorm };
  }

  /** How VS Code's debugger shows it, in a line. */
  [Symbol.for('debug.description')](): string {
    const { step } = this.history;
    const steps = this.totalSteps > 0 ? `${step.length} of ${this.totalSteps}` : step.length;
    return `Run, ${this.status}, ${steps} steps`;
  }

  /** Milliseconds that the run was held, so far. */
  get pausedMs(): number {
    return this.#pausedMs;
  }

  /** Holds the run at the next step boundary, until `resume()`. */
  pause(): void {
    if (!this.#isStopping() && this.#status === 'running') this.#pause ??= deferred();
  }

  /** Goes on after `pause()`. */
  resume(): void {
    this.#pause?.resolve();
    this.#pause = undefined;
  }

  /**
   * Changes the learning rate or the clipping (`clipNorm: null`: none) from the next step on; `history.changes` tells.
   * @throws OptionError for a value that is not a positive number
   */
  change(changes: { lr?: number; clipNorm?: number | null }): void {
    checkOptions('run.change', changes, {
      lr: optional(is.positive),
      clipNorm: optional((value) => (value === null ? undefined : is.positive(value))),
    });
    const before = this.settings;
    if (changes.lr !== undefined) this.#settings.lr = changes.lr;
    if (changes.clipNorm !== undefined) this.#settings.clipNorm = changes.clipNorm ?? undefined;
    this.#noteChanges(before);
    this.#observe(this);
  }

  /** Ends the run at the next step boundary; `await run` then gives the history so far. */
  stop(): void {
    this.#stopping.request();
    this.resume();
    this.#reader?.resume();
  }

  /** Ends the run at the next step boundary, with `reason` as its error; `history` keeps the steps so far. */
  abort(reason: Error): void {
    this.#abortReason = reason;
    this.stop();
  }

  /** Ends the run now, with `reason` as its error: its step was torn off and will never return. */
  abandon(reason: Error): void {
    if (this.#status !== 'running' && this.#status !== 'paused') return;
    this.abort(reason);
    this.#status = 'stopped';
    this.#abandoned.resolve();
    this.#observe(this);
  }

  then<A = TrainingHistory, B = never>(
    onFulfilled?: ((history: TrainingHistory) => A | PromiseLike<A>) | null,
    onRejected?: ((error: unknown) => B | PromiseLike<B>) | null,
  ): Promise<A | B> {
    return this.#end.then(onFulfilled, onRejected);
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<StepReport> {
    const reader = (this.#reader = new Reader());
    this.#end.then(
      () => reader.close(),
      () => reader.close(),
    );
    try {
      for (let report = await reader.next(); report; report = await reader.next()) yield report;
    } finally {
      this.stop();
      await this.#end;
    }
  }

  /** Asked anew after every wait: `stop()` may have been called meanwhile. */
  #isStopping(): boolean {
    return this.#stopping.requested;
  }

  #isPausing(): boolean {
    return this.#pause !== undefined;
  }

  async #drive(steps: AsyncGenerator<StepReport>): Promise<TrainingHistory> {
    // Let whoever asked for the run attach to it before the first step.
    await Promise.resolve();
    try {
      while (!this.#isStopping()) {
        await this.#reader?.wanted();
        await this.#held();
        if (this.#isStopping()) break;
        const result = await steps.next();
        if (result.done) break;
        this.#reader?.push(result.value);
        this.#observe(this);
      }
      const isStopped = this.#isStopping();
      await steps.return(undefined);
      this.#status = isStopped ? 'stopped' : 'done';
    } catch (error) {
      this.#status = 'failed';
      throw error;
    } finally {
      this.#observe(this);
    }
    if (this.#abortReason) throw this.#abortReason;
    return this.history;
  }

  /** Waits while the run is paused. */
  async #held(): Promise<void> {
    if (!this.#pause) return;
    const began = now();
    const before = this.settings;
    this.#status = 'paused';
    this.#observe(this);
    // A second pause may have been asked for when the first is over.
    while (this.#isPausing()) await this.#pause.promise;
    this.#pausedMs += now() - began;
    this.#status = 'running';
    this.#noteChanges(before);
    this.#observe(this);
  }

  /** Whoever changed them: `change`, or another cell that had the optimiser at hand during a pause. */
  #noteChanges(before: Readonly<RunSettings>): void {
    const { changes } = this.history;
    const step = (this.history.step.at(-1) ?? 0) + 1;
    for (const name of ['lr', 'clipNorm'] as const) {
      const [from, to] = [before[name], this.#settings[name]];
      const isNoted = changes.some(
        (one) => one.step === step && one.name === name && one.to === to,
      );
      if (from !== to && !isNoted) changes.push({ step, name, from, to });
    }
  }
}

/** Hands reports from a run to a loop, one at a time, each only when it is asked for. */
class Reader {
  #want: { promise: Promise<void>; resolve: () => void } = deferred();
  #deliver: ((report: StepReport | undefined) => void) | undefined;
  #closed = false;

  /** Called by the loop. */
  next(): Promise<StepReport | undefined> {
    if (this.#closed) return Promise.resolve(undefined);
    return new Promise((resolve) => {
      this.#deliver = resolve;
      this.#want.resolve();
    });
  }

  /** Called by the run before each step. */
  wanted(): Promise<void> {
    return this.#want.promise;
  }

  push(report: StepReport): void {
    this.#want = deferred();
    this.#deliver?.(report);
  }

  resume(): void {
    this.#want.resolve();
  }

  close(): void {
    this.#closed = true;
    this.#deliver?.(undefined);
  }
}

function deferred(): { promise: Promise<void>; resolve: () => void } {
  let resolve: () => void = () => undefined;
  const promise = new Promise<void>((settle) => (resolve = settle));
  return { promise, resolve };
}
