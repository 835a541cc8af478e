import { ThreadError } from '../errors.js';
import { now } from '../train/platform.js';
import { cancelAddress, controlAddress } from './core.js';
import type { Thread, ThreadHost } from './threadHost.js';

/** A call of a compiled function: module and position among its exports, up to five numbers. */
export interface Job {
  readonly module: number;
  readonly function: number;
  readonly arguments: readonly number[];
}

/** Bytes between the control words of two threads: a cache line, so that they do not disturb each other. */
const controlBytes = 64;
export const mostThreads = 64;

const [request, done, outcome, moduleWord, functionWord, firstArgument] = [0, 1, 2, 3, 4, 5];

interface Member {
  readonly thread: Thread;
  readonly words: Int32Array;
  /** How many modules it was told of. */
  modules: number;
}

/**
 * Threads that run compiled functions side by side with the main one, over one memory.
 *
 * `run` hands a job to each thread, does the first itself and waits for the others. A `run` that was torn away in the
 * middle (user code may be terminated anywhere) is cleaned up by the next one.
 */
export class ThreadPool {
  readonly #members: Member[] = [];
  readonly #cancel: Int32Array;
  #isRunning = false;

  /** @param patienceMs how long to wait for a thread beyond twenty times what the main thread's own job took */
  constructor(
    private readonly host: ThreadHost,
    private readonly memory: { readonly buffer: ArrayBufferLike },
    private readonly patienceMs = 10_000,
  ) {
    this.#cancel = new Int32Array(memory.buffer, cancelAddress, 1);
  }

  /**
   * @param own the first job, to be done here
   * @param modules what threads need to know, in the order of module numbers
   * @throws ThreadError if a thread died or failed; the pool can be used again
   */
  run(own: () => void, others: readonly Job[], modules: readonly object[]): void {
    if (this.#isRunning) this.#cleanUp();
    while (this.#members.length < others.length) this.#start();
    this.#isRunning = true;
    others.forEach((job, k) => this.#hand(this.#members[k]!, job, modules));
    const began = now();
    own();
    const limit = now() + this.patienceMs + 20 * (now() - began);
    const failed = this.#members
      .slice(0, others.length)
      .findIndex((member) => !this.#waitFor(member, limit) || member.words[outcome] !== 1);
    this.#isRunning = false;
    if (failed >= 0) this.#fail(failed, others.length);
  }

  /** Ends all threads. */
  close(): void {
    for (const { thread } of this.#members) thread.terminate();
    this.#members.length = 0;
    this.#isRunning = false;
  }

  #start(): void {
    const control = controlAddress + controlBytes * this.#members.length;
    const words = new Int32Array(this.memory.buffer, control, controlBytes / 4).fill(0);
    const thread = this.host.start({ memory: this.memory, control });
    this.#members.push({ thread, words, modules: 0 });
  }

  #hand(member: Member, job: Job, modules: readonly object[]): void {
    const { words } = member;
    for (; member.modules < modules.length; member.modules++)
      member.thread.post({ id: member.modules, module: modules[member.modules] });
    words[moduleWord] = job.module;
    words[functionWord] = job.function;
    for (let i = 0; i < job.arguments.length; i++) words[firstArgument + i] = job.arguments[i]!;
    Atomics.store(words, request, (words[request]! + 1) | 0);
    Atomics.notify(words, request);
  }

  /** @returns false if the thread is dead or out of patience's reach */
  #waitFor({ thread, words }: Member, limit: number): boolean {
    const wanted = words[request]!;
    for (let spin = 0; spin < 20_000; spin++) if (Atomics.load(words, done) === wanted) return true;
    for (let seen = Atomics.load(words, done); seen !== wanted; seen = Atomics.load(words, done)) {
      if (thread.isDead || now() > limit) return false;
      Atomics.wait(words, done, seen, 100);
    }
    return true;
  }

  /** Lets the threads of an abandoned run come to their end. */
  #cleanUp(): void {
    Atomics.store(this.#cancel, 0, 1);
    const limit = now() + this.patienceMs;
    const areDone = this.#members.every((member) => this.#waitFor(member, limit));
    Atomics.store(this.#cancel, 0, 0);
    this.#isRunning = false;
    if (!areDone) this.close();
  }

  #fail(k: number, count: number): never {
    const what = this.#members[k]!.thread.isDead ? 'died' : 'failed or does not answer';
    this.close();
    throw new ThreadError(
      `thread ${k + 2} of ${count + 1} ${what}: expected it to finish its part of the batch; this step is lost, parameters are unchanged and the next step starts new threads`,
    );
  }
}
