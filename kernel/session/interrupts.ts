/**
 * The main thread's side of an interrupt (`interruptState.ts` has the states, `interruptWorker.ts` the
 * other side). Terminating V8's execution ends whatever the main thread does, so:
 *
 * - Code of the user runs where that does no harm (`userCode.ts`).
 * - It must not hit the kernel. All kernel work is inside `kernel` (from the event loop) or `protect`
 *   (called by code of the user): while it lasts, the worker waits; if a termination is on its way
 *   already, the work waits.
 * - It leaves Node's stack of async ids as it was (`asyncHookChecks.ts`). The stack is emptied afterwards
 *   the only way there is: Node does it after an uncaught exception that is handled.
 */
import { Worker } from 'node:worker_threads';
import { controlFd } from '../contract/protocol.js';
import { AsyncHookChecks } from './asyncHookChecks.js';
import {
  type InterruptWorkerData,
  type InterruptWorkerMessage,
  type MainThreadMessage,
  request,
  word,
} from './interruptState.js';
import { type Flow, flows } from './execution.js';
import { setImmediate } from './kernelTimers.js';
import { UserCode } from './userCode.js';

/** V8 terminates within microseconds of the order; after this long it has, where nobody noticed. */
const terminatesWithinMs = 1000;

/** Thrown to have Node empty its stack of async ids; means nothing else. */
class AsyncStackReset extends Error {}

export class Interrupts {
  readonly #userCode = new UserCode();
  readonly #state = new Int32Array(new SharedArrayBuffer(8));
  readonly #checks = new AsyncHookChecks();
  #waiting: (() => void)[] = [];
  #worker: Worker | undefined;
  #left: () => void = () => undefined;

  constructor(
    /**
     * The cell that runs is to end now, if it is the one meant (or none is named).
     * `forced`: what it executed was terminated.
     */
    private readonly stopRunning: (parent: string | undefined, forced: boolean) => void,
  ) {}

  /**
   * @param workerUrl The bundle of `interruptWorker.ts`.
   * @param ready Called when interrupts work. Nothing may run in this thread before.
   */
  listen(workerUrl: URL, ready: () => void): void {
    this.#checks.install();
    const workerData: InterruptWorkerData = { shared: this.#state.buffer, controlFd };
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

  /** Kernel work that the event loop starts: now, or once a termination on its way has passed. */
  kernel(work: () => void): void {
    this.#checks.off();
    Atomics.add(this.#state, word.kernelWork, 1);
    const mustWait = this.#isForced;
    try {
      if (!mustWait) work();
    } finally {
      Atomics.sub(this.#state, word.kernelWork, 1);
    }
    if (mustWait) this.#absorb(() => this.kernel(work));
  }

  /**
   * Runs code of the user, as part of a flow.
   *
   * @param terminated Called later if the code was terminated.
   */
  runUserCode(flow: Flow, work: () => void, terminated: () => void = () => undefined): void {
    // A timer can fire between a termination and the news of it.
    this.whenSettled(() => flows.run(flow, () => this.#userCode.run(work, terminated)));
  }

  /** Kernel work that code of the user calls, which a termination on its way is meant for. */
  protect<T>(work: () => T): T {
    Atomics.add(this.#state, word.kernelWork, 1);
    while (this.#isForced) {
      // A termination skips `finally`, so nothing may be left to undo when it comes.
      Atomics.sub(this.#state, word.kernelWork, 1);
      this.#spin();
      Atomics.add(this.#state, word.kernelWork, 1);
    }
    try {
      return work();
    } finally {
      Atomics.sub(this.#state, word.kernelWork, 1);
    }
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

  /** Gives a termination on its way something to hit, unless it has hit already. */
  #absorb(proceed: () => void): void {
    this.#waiting.push(proceed);
    if (this.#userCode.isUnfinished) return;
    this.#userCode.run(
      () => this.#spin(),
      () => undefined,
    );
  }

  #spin(): void {
    const deadline = performance.now() + terminatesWithinMs;
    while (this.#isForced && performance.now() < deadline);
    Atomics.compareExchange(this.#state, word.request, request.forced, request.hit);
  }

  #heard(message: Extract<InterruptWorkerMessage, { type: 'asked' | 'hit' }>): void {
    if (message.type === 'asked') {
      const { asked, none } = request;
      const before = Atomics.compareExchange(this.#state, word.request, asked, none);
      if (before === asked) {
        this.kernel(() => this.stopRunning(message.parent, false));
        this.#proceed();
      } else if (before === request.forced) this.#absorb(() => undefined);
      return;
    }
    Atomics.store(this.#state, word.kernelWork, 0);
    Atomics.store(this.#state, word.request, request.none);
    this.kernel(() => {
      this.#userCode.wasTerminated();
      this.stopRunning(undefined, true);
    });
    setImmediate(() => {
      throw new AsyncStackReset();
    });
    this.#proceed();
  }

  #proceed(): void {
    for (const proceed of this.#waiting.splice(0)) setImmediate(proceed);
  }
}
