/**
 * The main thread's side of an interrupt (`interruptState.ts` has the states, `interruptWorker.ts` the
 * other side). Terminating V8's execution has two consequences that are dealt with here:
 *
 * - It must not hit the kernel itself. Kernel work is bracketed by `protect`; and an entry from outside
 *   (a message, a timer) that finds a termination on its way lets it pass first (`absorb`).
 * - It leaves Node's stack of async ids as it was (`asyncHookChecks.ts`). The stack is emptied afterwards
 *   the only way there is: Node does it after an uncaught exception that is handled.
 */
import { Worker } from 'node:worker_threads';
import { controlFd } from '../contract/protocol.js';
import { AsyncHookChecks } from './asyncHookChecks.js';
import type { Evaluator } from './evaluator.js';
import {
  type InterruptWorkerData,
  type InterruptWorkerMessage,
  type MainThreadMessage,
  request,
  word,
} from './interruptState.js';

/** The longest that the main thread waits for a termination that was announced. */
const absorbMs = 1000;

/** Thrown to have Node empty its stack of async ids; means nothing else. */
class AsyncStackReset extends Error {}

export class Interrupts {
  readonly #state = new Int32Array(new SharedArrayBuffer(8));
  readonly #checks = new AsyncHookChecks();
  #waiting: (() => void)[] = [];
  #worker: Worker | undefined;
  #left: () => void = () => undefined;

  constructor(
    private readonly evaluator: Evaluator,
    /**
     * The cell that runs is to end now, if it is the one meant (or none is named).
     * `forced`: what it executed was terminated.
     */
    private readonly stopRunning: (parent: string | undefined, forced: boolean) => void,
  ) {
    evaluator.onTerminated = () => {
      Atomics.compareExchange(this.#state, word.request, request.forced, request.hit);
    };
  }

  /**
   * @param workerUrl The bundle of `interruptWorker.ts`.
   * @param ready Called when interrupts work. Nothing may run in this thread before.
   */
  listen(workerUrl: URL, ready: () => void): void {
    this.#checks.install();
    const workerData: InterruptWorkerData = {
      shared: this.#state.buffer,
      controlFd,
    };
    const worker = new Worker(workerUrl, { workerData, execArgv: [], stdin: false });
    worker.on('message', (message: InterruptWorkerMessage) => {
      if (message.type === 'connected') ready();
      else if (message.type === 'left') this.#left();
      else this.#heard(message);
    });
    worker.on('error', (error) => {
      throw error;
    });
    worker.unref();
    this.#worker = worker;
  }

  /** Runs kernel work that a termination must not tear. */
  protect<T>(work: () => T): T {
    Atomics.add(this.#state, word.kernelWork, 1);
    // Called from user code: a termination that is on its way belongs right here.
    while (this.#isForced) {
      Atomics.sub(this.#state, word.kernelWork, 1);
      this.#waitFor();
      Atomics.add(this.#state, word.kernelWork, 1);
    }
    try {
      return work();
    } finally {
      Atomics.sub(this.#state, word.kernelWork, 1);
    }
  }

  /** At an entry from outside: lets a termination that was announced pass, so that it hits nothing. */
  absorb(): void {
    this.#checks.off();
    if (!this.#isForced) return;
    this.evaluator.interruptible(() => this.#waitFor());
  }

  /** Calls back once no interrupt is under way: one meant for an earlier cell must not hit the next. */
  whenSettled(proceed: () => void): void {
    if (Atomics.load(this.#state, word.request) === request.none) proceed();
    else this.#waiting.push(proceed);
  }

  /** Tells the worker which request runs now. */
  running(id: string | null): void {
    this.#worker?.postMessage({ type: 'running', request: id } satisfies MainThreadMessage);
  }

  /** Lets go of the process, which can end then. */
  close(done: () => void): void {
    this.#left = done;
    if (this.#worker) this.#worker.postMessage({ type: 'leave' } satisfies MainThreadMessage);
    else done();
  }

  /** Whether an uncaught exception is this class's own. */
  isReset(error: unknown): boolean {
    return error instanceof AsyncStackReset;
  }

  get #isForced(): boolean {
    return Atomics.load(this.#state, word.request) === request.forced;
  }

  #waitFor(): void {
    const deadline = performance.now() + absorbMs;
    while (this.#isForced && performance.now() < deadline);
    // V8 terminates within microseconds; after this long it has, where nobody could notice.
    Atomics.compareExchange(this.#state, word.request, request.forced, request.hit);
  }

  #heard(message: Extract<InterruptWorkerMessage, { type: 'asked' | 'hit' }>): void {
    if (message.type === 'asked') {
      const { asked, none } = request;
      const before = Atomics.compareExchange(this.#state, word.request, asked, none);
      if (before !== asked) {
        this.absorb();
        return;
      }
      this.stopRunning(message.parent, false);
    } else {
      Atomics.store(this.#state, word.request, request.none);
      Atomics.store(this.#state, word.kernelWork, 0);
      this.stopRunning(undefined, true);
      setImmediate(() => {
        throw new AsyncStackReset();
      });
    }
    for (const proceed of this.#waiting.splice(0)) setImmediate(proceed);
  }
}
