/** One run of one cell, and whose work a piece of asynchronous code is. */
import { AsyncLocalStorage } from 'node:async_hooks';
import type { CellReference } from '../contract/protocol.js';
import { handOn, quietlyRejected } from './handOn.js';
import type { Place } from './stackFrames.js';

/** An `await` of a stopped cell throws this many times. */
const maxRefusals = 100;

/** More than one, as reading an error's members may run code that throws another. */
const maxThrown = 4;

export class Execution {
  readonly started = performance.now();
  /** The names that it declares or assigns to as it runs. */
  sets: string[] = [];
  readonly interruption = new AbortController();
  /** A `fit` of the cell is under way: when stopped, it ends at its next step. */
  isTraining = false;
  /** How far its training was when the user stopped the cell; the cell ends with that. */
  stoppedTraining: { step: number; totalSteps: number } | undefined;
  /** What its script left to be run (`compile/hoistBody.ts`). */
  body: (() => Promise<unknown>) | undefined;
  /** The reply was sent; what comes now is stray. */
  isFinished = false;
  /** What the cell's next `await` throws: it is to stop, and the event loop may not turn before. */
  stopping: Error | undefined;
  /** Its end has a time, however it goes on: an `await` of its own may have cancelled it before that. */
  isEnding = false;
  /** When it was cancelled: its `finally` blocks have some time from then on. */
  cancelledAt: number | undefined;
  #refusals = 0;
  /** Set while the cell, stopped or failed elsewhere, has not unwound: its body must not go on. */
  #cancelled: Error | undefined;
  /** Where values were thrown of late. */
  readonly #thrown: { value: unknown; at: Place }[] = [];
  readonly #strays = new Map<string, number>();
  readonly #waits = new Set<(reason: Error) => void>();
  #hasResult = false;
  #result: unknown;

  constructor(
    readonly id: string,
    readonly cell: CellReference,
    readonly executionCount: number,
  ) {}

  /** Every `await` of the cell's own code that is pending throws the reason; so does every later one. */
  cancel(reason: Error): void {
    if (this.#cancelled) return;
    this.#cancelled = reason;
    this.cancelledAt = performance.now();
    this.interruption.abort(reason);
    const waits = [...this.#waits];
    this.#waits.clear();
    for (const reject of waits) reject(reason);
  }

  /** The body has ended; what it left behind (a server's handlers, say) may wait again. */
  unwound(): void {
    this.#cancelled = undefined;
  }

  /** The promise, or the cancellation if that comes first. */
  wait(promise: PromiseLike<unknown>): Promise<unknown> {
    if (this.stopping && !this.isFinished) this.cancel(this.stopping);
    if (this.#cancelled) return this.#refuse(this.#cancelled);
    return new Promise((resolve, reject) => {
      const settled = () => this.#waits.delete(reject);
      this.#waits.add(reject);
      promise.then(resolve, reject);
      promise.then(settled, settled);
    });
  }

  /**
   * The same for a debugger, which is to see whoever awaits this as the one who handles what the promise throws.
   *
   * @param failed Told of the reason before that is handed on.
   */
  waitOpenly(promise: PromiseLike<unknown>, failed: (reason: unknown) => void): Promise<unknown> {
    if (this.stopping && !this.isFinished) this.cancel(this.stopping);
    if (this.#cancelled) return this.#refuse(this.#cancelled);
    let settle: (value: unknown) => void;
    const waiting = new Promise((resolve) => (settle = resolve));
    const reject = (reason: unknown) => settle(quietlyRejected(reason));
    this.#waits.add(reject);
    handOn(promise, {
      waiting,
      resolve: (value) => {
        this.#waits.delete(reject);
        settle(value);
      },
      reject: (reason) => {
        this.#waits.delete(reject);
        failed(reason);
        reject(reason);
      },
    });
    return waiting;
  }

  /** A value that may not know itself was thrown here, or came by from where it was thrown. */
  noteThrown(value: unknown, at: Place, isThrow: boolean): void {
    const known = this.#thrown.findIndex((one) => Object.is(one.value, value));
    // An error that is thrown on is still the one from there; a number may be another one.
    const isSame = !isThrow || (typeof value === 'object' && value !== null);
    if (known >= 0 && isSame) return;
    if (known >= 0) this.#thrown.splice(known, 1);
    this.#thrown.push({ value, at });
    if (this.#thrown.length > maxThrown) this.#thrown.shift();
  }

  whereThrown(value: unknown): Place | undefined {
    return this.#thrown.findLast((one) => Object.is(one.value, value))?.at;
  }

  /** How often an error that reads like this came after the cell's end. */
  countStray(stack: string): number {
    const times = (this.#strays.get(stack) ?? 0) + 1;
    this.#strays.set(stack, times);
    return times;
  }

  /** Code that catches whatever stops it, over and over, waits for ever in the end. */
  #refuse(reason: Error): Promise<never> {
    return ++this.#refusals > maxRefusals ? new Promise(() => undefined) : quietlyRejected(reason);
  }

  setResult(value: unknown): void {
    this.#hasResult = value !== undefined;
    this.#result = value;
  }

  /** The value of the last expression, handed out once so that nothing keeps it alive. */
  takeResult(): { value: unknown } | undefined {
    const taken = this.#hasResult ? { value: this.#result } : undefined;
    this.#hasResult = false;
    this.#result = undefined;
    return taken;
  }
}

/** Who started the code that runs now. */
export interface Flow {
  execution: Execution;
  /** A timer's callback: it belongs to the cell, but stopping the cell does not stop it. */
  isDetached: boolean;
}

export const flows = new AsyncLocalStorage<Flow>();
