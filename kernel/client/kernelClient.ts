/**
 * A front end's side of a kernel: start it, run cells, interrupt, restart. The process behind it may
 * change; a cell always gets its reply. No `vscode` here: the command line uses it too.
 *
 *   const kernel = startKernel({ kernelPath, cwd });
 *   const reply = await kernel.execute({ id, cell, code }, (event) => show(event));
 *   await kernel.shutdown();
 */
import type { Json } from '../contract/mime.js';
import type {
  Answer,
  CompleteReply,
  DebugReply,
  ExecuteReply,
  ExecuteRequest,
  ForgetReply,
  KernelEvent,
  KernelRequest,
  MemoryReply,
  ReadyEvent,
  SliceReply,
  TimersReply,
  TrainingRequest,
  VariablesReply,
} from '../contract/protocol.js';
import type { SliceWish } from '../contract/valueSlice.js';
import { type CommOutcome, CommRequests } from './commRequests.js';
import {
  KernelDiedError,
  KernelReplacedError,
  KernelStartError,
  toReport,
} from './kernelErrors.js';
import {
  type KernelExit,
  type KernelOptions,
  KernelProcess,
  type KernelProcessListener,
} from './kernelProcess.js';
import type { SpareKernel } from './spareKernel.js';

export type { CommOutcome } from './commRequests.js';
export type { KernelExit, KernelOptions } from './kernelProcess.js';
export { SpareKernel } from './spareKernel.js';
export { KernelDiedError, KernelReplacedError, KernelStartError } from './kernelErrors.js';

/** An event that belongs to a request. */
export type CellEvent = Extract<KernelEvent, { parent: string }>;
/** An event of no cell: `comm`, `refused`. */
export type FreeEvent = Exclude<KernelEvent, CellEvent | ReadyEvent | Answer>;
export type CellRequest = Omit<ExecuteRequest, 'type'>;
type Listener<T> = (value: T) => void;
/** The types of all answers, complete by type. */
const answers: Record<Answer['type'], true> = {
  completeReply: true,
  variablesReply: true,
  sliceReply: true,
  forgetReply: true,
  memoryReply: true,
  timersReply: true,
  debugReply: true,
};
const isAnswer = (event: KernelEvent): event is Answer => Object.hasOwn(answers, event.type);

export interface KernelEnd extends KernelExit {
  /** It was restarted, shut down or disposed; it did not crash. */
  expected: boolean;
}

interface Outstanding {
  onEvent: (event: CellEvent) => void;
  resolve: (reply: ExecuteReply) => void;
  state: 'waiting' | 'running' | 'paused';
}

const shutdownWithinMs = 2000;
/** A process that was killed and waits for the system (a disk that does not answer) must not hold up the next one. */
const goneWithinMs = 5000;

/** @param spare Gives the process where it has one that fits, also at a restart and after a crash. */
export function startKernel(options: KernelOptions, spare?: SpareKernel): KernelClient {
  return new KernelClient(options, spare);
}

export class KernelClient {
  /** In the order sent; the first is the one that runs. */
  readonly #outstanding = new Map<string, Outstanding>();
  readonly #questions = new Map<string, Listener<Answer | undefined>>();
  readonly #comms = new CommRequests();
  readonly #strayListeners = new Set<Listener<CellEvent>>();
  readonly #freeListeners = new Set<Listener<FreeEvent>>();
  readonly #exitListeners = new Set<Listener<KernelEnd>>();
  /** Processes that were told to end. */
  readonly #expected = new WeakSet<KernelProcess>();
  #process: KernelProcess | undefined;
  #crashed = false;
  #asked = 0;

  constructor(
    private readonly options: KernelOptions,
    private readonly spare?: SpareKernel,
  ) {
    this.#process = this.#spawn();
  }

  /** Resolves when the process takes requests; rejects with a `KernelStartError`. */
  get ready(): Promise<ReadyEvent> {
    return (this.#process ??= this.#spawn()).ready;
  }

  get pid(): number | undefined {
    return this.#process?.pid;
  }

  /**
   * Runs a cell; `onEvent` gets what it says until its reply. A second request waits in the kernel for
   * the first, and runs whether or not that failed. Where the process has died, a fresh one is started.
   */
  execute(request: CellRequest, onEvent: (event: CellEvent) => void): Promise<ExecuteReply> {
    const { id: parent } = request;
    return new Promise((resolve) => {
      this.#outstanding.set(parent, { onEvent, resolve, state: 'waiting' });
      if (this.#crashed) {
        const text = 'A fresh kernel was started: the variables of earlier cells are gone.\n';
        onEvent({ type: 'stream', parent, name: 'stderr', text });
      }
      this.#crashed = false;
      this.#send({ type: 'execute', ...request });
    });
  }

  /**
   * Stops a cell, also one that is busy; its variables stay. Only that cell: where it has ended meanwhile,
   * nothing happens.
   *
   * @param parent Its request; by default the first that has no reply (one that is paused comes last), else
   * whatever holds the kernel.
   * @param now Training is terminated, too; by default it has 1.2 s to end at its next step.
   */
  interrupt(parent = this.#first(), now = false): void {
    const meant = parent === undefined ? {} : { parent };
    this.#process?.control({ type: 'interrupt', ...meant, ...(now ? { now } : {}) });
  }

  /** A fresh process, without variables. Resolves when it is ready and the former one has let go of what it held. */
  async restart(): Promise<ReadyEvent> {
    const former = this.#process;
    this.#replace('restarted');
    const ready = this.ready;
    if (former) await endOf(former);
    return await ready;
  }

  /** Ends the process in order, and with force where it does not end by itself. */
  async shutdown(): Promise<void> {
    const process = this.#process;
    if (!process) return;
    const ended = new Promise<void>((resolve) => this.onExit(() => resolve()));
    process.send({ type: 'shutdown' });
    this.#process = undefined;
    this.#expected.add(process);
    const timer = setTimeout(() => process.kill(), shutdownWithinMs);
    await ended;
    clearTimeout(timer);
    this.#settle(new KernelReplacedError('shut down'));
  }

  /** Ends the process at once. */
  dispose(): void {
    this.#replace('shut down');
    this.#strayListeners.clear();
    this.#freeListeners.clear();
  }

  /** The user's answer to `inputRequest`, or why nobody could be asked. */
  replyInput(id: string, value: string | null, refusal?: string): void {
    this.#send({ type: 'inputReply', id, value, ...(refusal === undefined ? {} : { refusal }) });
  }

  /** What a picture asks. Never starts a process. */
  async request(target: string, data: Json): Promise<CommOutcome> {
    const process = this.#process;
    if (!process) return { kind: 'ended' };
    return this.#comms.ask(target, data, (message) => process.send(message));
  }

  /** Undefined where the process ended instead of answering. */
  async complete(code: string, cursor: number): Promise<CompleteReply | undefined> {
    return (await this.#ask({ type: 'complete', code, cursor })) as CompleteReply | undefined;
  }

  /** Undefined where the process ended instead of answering. */
  async variables(): Promise<VariablesReply | undefined> {
    return (await this.#ask({ type: 'variables' })) as VariablesReply | undefined;
  }

  /** A part of a variable. Undefined where the process ended instead of answering. */
  async slice(wish: SliceWish): Promise<SliceReply['slice'] | undefined> {
    return ((await this.#ask({ type: 'slice', ...wish })) as SliceReply | undefined)?.slice;
  }

  /** Takes a variable away. Undefined where the process ended instead of answering. */
  async forget(name: string): Promise<boolean | undefined> {
    return ((await this.#ask({ type: 'forget', name })) as ForgetReply | undefined)?.isGone;
  }

  /** Bytes of the whole process. Undefined where the process ended instead of answering. */
  async memory(): Promise<number | undefined> {
    return ((await this.#ask({ type: 'memory' })) as MemoryReply | undefined)?.usedBytes;
  }

  /** Pauses, resumes, changes or stops training; what came of it is told by `training` events. */
  steer(request: Omit<TrainingRequest, 'type'>): void {
    if (this.#process) this.#send({ type: 'training', ...request });
  }

  /** The timers that cells left behind, after clearing some. Undefined where the process ended instead. */
  async timers(clear?: number[] | 'all'): Promise<TimersReply | undefined> {
    const question = { type: 'timers', ...(clear === undefined ? {} : { clear }) } as const;
    return (await this.#ask(question)) as TimersReply | undefined;
  }

  /** Opens or closes the inspector's port. Undefined where the process ended instead. */
  async debug(action: 'open' | 'close'): Promise<DebugReply | undefined> {
    if (action === 'open') this.#process ??= this.#spawn();
    return (await this.#ask({ type: 'debug', action })) as DebugReply | undefined;
  }

  /** Output of a timer or promise after its cell's reply. Returns how to stop listening. */
  onStray(listener: Listener<CellEvent>): () => void {
    return subscribe(this.#strayListeners, listener);
  }

  onFree(listener: Listener<FreeEvent>): () => void {
    return subscribe(this.#freeListeners, listener);
  }

  onExit(listener: Listener<KernelEnd>): () => void {
    return subscribe(this.#exitListeners, listener);
  }

  #first(): string | undefined {
    const all = [...this.#outstanding];
    const [id] = all.find(([, { state }]) => state !== 'paused') ?? all[0] ?? [];
    return id;
  }

  #spawn(): KernelProcess {
    const listener: KernelProcessListener = {
      event: (event) => {
        if (!this.#expected.has(process)) this.#receive(event);
      },
      exit: (exit) => this.#exited(process, exit),
    };
    const process: KernelProcess =
      this.spare?.take(this.options, listener) ?? new KernelProcess(this.options, listener);
    return process;
  }

  #send(request: KernelRequest): void {
    const process = (this.#process ??= this.#spawn());
    // Node keeps what is sent until the child reads it: there is no need to wait for `ready`.
    process.send(request);
  }

  /** Never starts a process. */
  async #ask(
    question:
      | { type: 'variables' }
      | ({ type: 'slice' } & SliceWish)
      | { type: 'forget'; name: string }
      | { type: 'memory' }
      | { type: 'timers'; clear?: number[] | 'all' }
      | { type: 'complete'; code: string; cursor: number }
      | { type: 'debug'; action: 'open' | 'close' },
  ): Promise<Answer | undefined> {
    const process = this.#process;
    if (!process) return undefined;
    const id = `question-${String(++this.#asked)}`;
    return await new Promise((resolve) => {
      this.#questions.set(id, resolve);
      process.send({ ...question, id });
    });
  }

  #answer(id: string, answer: Answer | undefined): void {
    this.#questions.get(id)?.(answer);
    this.#questions.delete(id);
  }

  #receive(event: KernelEvent): void {
    if (event.type === 'ready') return;
    if (isAnswer(event)) {
      this.#answer(event.id, event);
      return;
    }
    if (!('parent' in event)) {
      if (event.type === 'comm' && this.#comms.receive(event)) return;
      if (event.type === 'refused' && event.id !== undefined) this.#answer(event.id, undefined);
      for (const listener of this.#freeListeners) listener(event);
      return;
    }
    const outstanding = this.#outstanding.get(event.parent);
    if (!outstanding) {
      // `idle` comes after every reply and says nothing that the reply did not.
      if (event.type === 'status') return;
      for (const listener of this.#strayListeners) listener(event);
      return;
    }
    if (event.type === 'status') {
      outstanding.state = event.state === 'paused' ? 'paused' : 'running';
    }
    outstanding.onEvent(event);
    if (event.type !== 'executeReply') return;
    this.#outstanding.delete(event.parent);
    outstanding.resolve(event);
    this.spare?.prepare(this.options);
  }

  #replace(action: 'restarted' | 'shut down'): void {
    const process = this.#process;
    this.#process = undefined;
    this.#crashed = false;
    if (process) {
      this.#expected.add(process);
      process.kill();
    }
    this.#settle(new KernelReplacedError(action));
  }

  #exited(process: KernelProcess, exit: KernelExit): void {
    const expected = this.#expected.has(process);
    if (!expected) {
      this.#process = undefined;
      this.#crashed = exit.hasStarted;
      const { kernelPath } = this.options;
      const { hasStarted } = exit;
      this.#settle(hasStarted ? new KernelDiedError(exit) : new KernelStartError(kernelPath, exit));
    }
    for (const listener of [...this.#exitListeners]) listener({ ...exit, expected });
  }

  /** Nothing more will come: the cell that ran failed, those behind it never ran. */
  #settle(error: Error): void {
    const waiting = [...this.#outstanding];
    this.#outstanding.clear();
    waiting.forEach(([parent, { onEvent, resolve, state }], index) => {
      // The first may have been about to begin.
      const hasBegun = index === 0 || state !== 'waiting';
      const status = hasBegun ? 'error' : 'aborted';
      if (hasBegun) onEvent({ type: 'error', parent, error: toReport(error) });
      const reply: ExecuteReply = {
        type: 'executeReply',
        parent,
        status,
        executionCount: 0,
        durationMs: 0,
      };
      onEvent(reply);
      resolve(reply);
    });
    this.#comms.settle();
    for (const answer of this.#questions.values()) answer(undefined);
    this.#questions.clear();
  }
}

async function endOf({ ended }: KernelProcess): Promise<void> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<void>((resolve) => (timer = setTimeout(resolve, goneWithinMs)));
  await Promise.race([ended, late]);
  clearTimeout(timer);
}

function subscribe<T>(listeners: Set<Listener<T>>, listener: Listener<T>): () => void {
  listeners.add(listener);
  return () => listeners.delete(listener);
}
