/** What one training step was like. */
export interface StepReport {
  /** Steps done, from 1. */
  step: number;
  /** The training loss of this step's batch. */
  loss: number;
  /** ‖gradient‖₂ before clipping. */
  gradNorm: number;
  /** The learning rate of this step. */
  lr: number;
  /** Wall time since the run began. */
  seconds: number;
  /** The validation loss, at the steps where it was measured. */
  validation?: number;
}

/** A run so far, in columns: the i-th entry of each belongs to the i-th step. */
export class TrainingHistory {
  readonly step: number[] = [];
  readonly loss: number[] = [];
  readonly gradNorm: number[] = [];
  readonly lr: number[] = [];
  readonly seconds: number[] = [];
  readonly validation = { step: [] as number[], loss: [] as number[], seconds: [] as number[] };

  append(report: StepReport): void {
    for (const column of ['step', 'loss', 'gradNorm', 'lr', 'seconds'] as const)
      this[column].push(report[column]);
    if (report.validation === undefined) return;
    this.validation.step.push(report.step);
    this.validation.loss.push(report.validation);
    this.validation.seconds.push(report.seconds);
  }

  /** How Node prints the history: one line, the numbers are in the columns. */
  [Symbol.for('nodejs.util.inspect.custom')](): string {
    const last = (column: readonly number[]): string => column.at(-1)?.toFixed(4) ?? 'none';
    const validation =
      this.validation.loss.length > 0 ? `, validation ${last(this.validation.loss)}` : '';
    return `TrainingHistory of ${this.step.length} steps: loss ${last(this.loss)}${validation}, ${(this.seconds.at(-1) ?? 0).toFixed(1)} s`;
  }
}

export type RunStatus = 'running' | 'done' | 'stopped' | 'failed';

/**
 * A training run that is under way.
 *
 * `await run` waits for its end and gives the history. `for await (const report of run)` goes step by step:
 * the next step waits until the loop's body is done, and leaving the loop stops the run.
 */
export class Run implements PromiseLike<TrainingHistory>, AsyncIterable<StepReport> {
  readonly history = new TrainingHistory();
  #status: RunStatus = 'running';
  #stopRequested = false;
  #abortReason: Error | undefined;
  #reader: Reader | undefined;
  readonly #end: Promise<TrainingHistory>;

  /** @param steps makes one step per report; @param observe is told of every report and of the end */
  constructor(steps: AsyncIterator<StepReport>, observe: (run: Run) => void) {
    this.#end = this.#drive(steps, observe);
  }

  get status(): RunStatus {
    return this.#status;
  }

  /** Ends the run at the next step boundary; `await run` then gives the history so far. */
  stop(): void {
    this.#stopRequested = true;
    this.#reader?.resume();
  }

  /** Ends the run at the next step boundary, with `reason` as its error; `history` keeps the steps so far. */
  abort(reason: Error): void {
    this.#abortReason = reason;
    this.stop();
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
    return this.#stopRequested;
  }

  async #drive(
    steps: AsyncIterator<StepReport>,
    observe: (run: Run) => void,
  ): Promise<TrainingHistory> {
    // Let whoever asked for the run attach to it before the first step.
    await Promise.resolve();
    try {
      while (!this.#isStopping()) {
        await this.#reader?.wanted();
        if (this.#isStopping()) break;
        const result = await steps.next();
        if (result.done) break;
        this.history.append(result.value);
        this.#reader?.push(result.value);
        observe(this);
      }
      this.#status = this.#stopRequested ? 'stopped' : 'done';
    } catch (error) {
      this.#status = 'failed';
      throw error;
    } finally {
      observe(this);
    }
    if (this.#abortReason) throw this.#abortReason;
    return this.history;
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
