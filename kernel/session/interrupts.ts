/**
 * The main thread's side of an interrupt (`interruptGate.ts` tells how it is decided, `interruptWorker.ts` is
 * the other side). An interrupt names the request that it means, and:
 *
 * - It ends code of that request's cell. Code of another cell that is not running any more (a timer's
 *   callback) is ended only where it keeps the meant cell from being stopped for long.
 * - It never ends the kernel's own work: that is inside `kernel` (from the event loop) or `protect` (called
 *   by code of the user), and the worker asks again. The same holds for Node's code outside of the user's.
 * - Code of the user runs where a termination does no harm (`userCode.ts`).
 * - It leaves Node's stack of async ids as it was (`asyncHookChecks.ts`). The stack is emptied afterwards
 *   the only way there is: Node does it after an uncaught exception that is handled.
 */
import { fileURLToPath } from 'node:url';
import { Worker } from 'node:worker_threads';
import { controlFd } from '../contract/protocol.js';
import { AsyncHookChecks } from './asyncHookChecks.js';
import { codeOnStack } from './codeOnStack.js';
import {
  type Ask,
  askKey,
  type InterruptWorkerData,
  type InterruptWorkerMessage,
  type LeaveMessage,
  verdict,
} from './interruptGate.js';
import { type Execution, type Flow, flows } from './execution.js';
import { setImmediate } from './kernelTimers.js';
import { Interrupted } from './sessionErrors.js';
import { UserCode } from './userCode.js';

/** Training may end at its next step for this long before its code is terminated. */
export const stepWithinMs = 1200;
/** A cell that was told to stop has this long for its `finally` blocks. */
export const unwindWithinMs = 500;
/**
 * A loop that awaits ends at its next `await`. V8 drops the promise jobs that wait behind code it terminates,
 * other cells' among them, so that is for code that runs on for longer.
 */
const awaitWithinMs = 50;
/** For this long the innermost frame is awaited to be the user's, not Node's or the kernel's below it. */
const calmWithinMs = 300;
/** For this long code of another cell, one that has ended, may hold the thread. */
const otherWithinMs = 1000;
/** A termination that was ordered comes at once; where it has not by now, it was for code that ended. */
const hitsWithinMs = 20;
/** The worker gives its order within microseconds; it has died where it takes this long. */
const ordersWithinMs = 500;

/** Thrown to have Node empty its stack of async ids; means nothing else. */
class AsyncStackReset extends Error {}

export interface InterruptTarget {
  /**
   * The cell that is meant; `waiting` where it has not begun (and will then end at once), `over` where
   * there is nothing to stop.
   * @param parent Its request, or null: the one that runs, or `waiting` for whatever there is.
   */
  find: (parent: string | null) => Execution | 'waiting' | 'over';
  /** The cell is to stop by itself: called from the event loop. */
  stop: (execution: Execution) => void;
  /** Its training, which was told to end at its next step, has had its time: called as `stop` is, after it. */
  hasten: (execution: Execution) => void;
  /**
   * Code was terminated: called from the event loop, after what `runUserCode` was given.
   * @param flow Whose code it was, where that is known.
   * @param isTold Whether `runUserCode` knew of it.
   */
  terminated: (flow: Flow | undefined, isTold: boolean) => void;
  /** A line on the control pipe meant nothing. */
  refused: (reason: string) => void;
}

const nothingRuns: InterruptTarget = {
  find: () => 'over',
  stop: () => undefined,
  hasten: () => undefined,
  terminated: () => undefined,
  refused: () => undefined,
};

export class Interrupts {
  readonly #userCode = new UserCode();
  readonly #gate = new Int32Array(new SharedArrayBuffer(4));
  readonly #noted = new WeakSet<Execution>();
  readonly #checks = new AsyncHookChecks();
  #kernelWork = 0;
  /** What runs is about to be terminated: at the next check of V8's, which may be a few calls away. */
  #isCondemned = false;
  #heldSince: number | undefined;
  #worker: Worker | undefined;
  #left: () => void = () => undefined;
  #target: InterruptTarget = nothingRuns;
  readonly #kernelUrls: string[];

  /** @param bundles URL of the folder that holds the kernel's bundles. */
  constructor(private readonly bundles: URL) {
    this.#kernelUrls = ['kernel.js', 'typescript.cjs'].map((file) => new URL(file, bundles).href);
    // V8 knows a CommonJS file by its path.
    this.#kernelUrls.push(fileURLToPath(this.#kernelUrls[1]!));
  }

  /** From now on interrupts are for this one's cells. */
  serve(target: InterruptTarget): void {
    this.#target = target;
  }

  /** @param ready Called when interrupts work. Nothing may run in this thread before. */
  listen(ready: () => void): void {
    this.#checks.install();
    Object.defineProperty(globalThis, Symbol.for(askKey), {
      value: ((...question) => this.#asked(...question)) satisfies Ask,
    });
    const workerData: InterruptWorkerData = { gate: this.#gate.buffer, controlFd };
    const workerUrl = new URL('interruptWorker.js', this.bundles);
    const worker = new Worker(workerUrl, { workerData, execArgv: [], stdin: false });
    worker.on('message', (message: InterruptWorkerMessage) => {
      if (message.type === 'connected') ready();
      else if (message.type === 'left') this.#left();
      else this.kernel(() => this.#target.refused(message.reason));
    });
    worker.on('error', (error) => {
      throw error;
    });
    worker.unref();
    this.#worker = worker;
  }

  /** Kernel work that the event loop starts. */
  kernel(work: () => void): void {
    this.#checks.off();
    this.#isCondemned = false;
    this.protect(work);
  }

  /** Kernel work that code of the user calls. */
  protect<T>(work: () => T): T {
    if (this.#isCondemned) this.#meetTermination();
    this.#kernelWork++;
    try {
      return work();
    } finally {
      this.#kernelWork--;
    }
  }

  /**
   * Runs code of the user, as part of a flow.
   *
   * @param terminated Called later if the code was terminated.
   */
  runUserCode(flow: Flow, work: () => void, terminated: () => void = () => undefined): void {
    this.#isCondemned = false;
    flows.run(flow, () => this.#userCode.run(work, terminated));
  }

  /** Lets go of the process, which can end then. */
  close(done: () => void): void {
    this.#left = done;
    if (this.#worker) this.#worker.postMessage({ type: 'leave' } satisfies LeaveMessage);
    else done();
  }

  /** Whether an uncaught exception is this class's own. */
  isReset(error: unknown): boolean {
    return error instanceof AsyncStackReset;
  }

  /** Called in the middle of whatever runs. */
  #asked(...question: Parameters<Ask>): void {
    const answer = this.#decide(...question);
    Atomics.store(this.#gate, 0, answer);
    Atomics.notify(this.#gate, 0);
    if (answer !== verdict.terminate) return;
    // Not `Atomics.wait`: code that is in one itself would find it disturbed.
    const deadline = performance.now() + ordersWithinMs;
    while (Atomics.load(this.#gate, 0) === verdict.terminate && performance.now() < deadline);
    Atomics.compareExchange(this.#gate, 0, verdict.terminate, verdict.later);
  }

  #decide(...[parent, waited, tried]: Parameters<Ask>): number {
    const meant = this.#target.find(parent);
    if (meant === 'over') return verdict.over;
    if (this.#kernelWork > 0) return verdict.later;
    const code = codeOnStack((url) => this.#kernelUrls.includes(url));
    if (code === 'none') {
      if (meant === 'waiting') return verdict.over;
      this.#note(meant);
      if (waited > stepWithinMs) this.#hasten(meant);
      return verdict.noted;
    }
    const isUsers = code !== 'foreign' || this.#userCode.isRunning;
    if (!isUsers) return verdict.later;
    if (code !== 'user' && tried < calmWithinMs) {
      if (meant !== 'waiting' && meant === flows.getStore()?.execution) this.#note(meant);
      return verdict.later;
    }
    const flow = flows.getStore();
    const answer = this.#judge(meant, flow, waited, parent === null);
    if (answer !== verdict.terminate) return answer;
    this.#isCondemned = true;
    setImmediate(() => this.#terminated(flow));
    return answer;
  }

  /** Whether the code that runs, which is the flow's, is to be ended so that the cell stops. */
  #judge(
    meant: Execution | 'waiting',
    flow: Flow | undefined,
    waited: number,
    isAny: boolean,
  ): number {
    const owner = flow?.execution;
    if (meant !== 'waiting') {
      if (owner === undefined || owner === meant) return this.#judgeOwn(meant, waited);
      this.#note(meant);
    }
    const isCell = owner !== undefined && !owner.isFinished && flow?.isDetached !== true;
    if (isCell) return meant === 'waiting' ? verdict.over : verdict.later;
    if (isAny) return verdict.terminate;
    return this.#heldFor() > otherWithinMs ? verdict.terminate : verdict.later;
  }

  /** Gives the termination something to hit that is not the kernel's. */
  #meetTermination(): void {
    const deadline = performance.now() + hitsWithinMs;
    while (this.#isCondemned && performance.now() < deadline);
    this.#isCondemned = false;
  }

  #judgeOwn(meant: Execution, waited: number): number {
    const { isTraining, cancelledAt } = meant;
    if (isTraining) this.#note(meant);
    if (isTraining && waited < stepWithinMs) return verdict.later;
    if (waited < awaitWithinMs) {
      this.#note(meant);
      return verdict.later;
    }
    const isUnwinding =
      cancelledAt !== undefined && performance.now() - cancelledAt < unwindWithinMs;
    return isUnwinding ? verdict.later : verdict.terminate;
  }

  /** How long the event loop has not turned since this was first asked. */
  #heldFor(): number {
    if (this.#heldSince === undefined) {
      this.#heldSince = performance.now();
      setImmediate(() => (this.#heldSince = undefined));
    }
    return performance.now() - this.#heldSince;
  }

  /** The cell stops at its next `await`, or as soon as the event loop turns. */
  #note(execution: Execution): void {
    if (this.#noted.has(execution)) return;
    this.#noted.add(execution);
    // One that trains has its history first.
    if (!execution.isTraining) execution.stopping ??= new Interrupted();
    setImmediate(() => this.kernel(() => this.#target.stop(execution)));
  }

  /** Nothing of a cell that trains is running: it waits for data, say. */
  #hasten(execution: Execution): void {
    setImmediate(() => this.kernel(() => this.#target.hasten(execution)));
  }

  #terminated(flow: Flow | undefined): void {
    this.#kernelWork = 0;
    this.kernel(() => {
      const isTold = this.#userCode.wasTerminated();
      this.#target.terminated(flow, isTold);
    });
    setImmediate(() => {
      throw new AsyncStackReset();
    });
  }
}
