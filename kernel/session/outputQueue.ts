/**
 * Everything the session says, in order. Console text in quick succession is joined. A flood that the front end cannot take is held back up to a limit; what
 * comes beyond that is left out and counted, so that a printing loop does not eat the memory.
 */
import type { KernelEvent, StreamEvent } from '../contract/protocol.js';
import { clearTimeout, setTimeout } from './kernelTimers.js';

export type Send = (event: KernelEvent, sent: () => void) => void;

/** Text waits this long for more of it. */
const joinMs = 16;
/**
 * Text is sent at once, so that it is seen before a long computation after it, up to this many messages
 * in a burst; each of these milliseconds allows one more.
 */
const burst = 16;
const msPerMessage = 4;
const maxChunk = 1 << 16;
/** Characters that may be on their way to the front end. */
const maxInFlight = 8 << 20;
/** Characters that may wait behind them. */
const maxHeld = 1 << 20;

interface Pending {
  parent: string;
  name: StreamEvent['name'];
  texts: string[];
  length: number;
  leftOut: number;
}

export class OutputQueue {
  #pending: Pending | undefined;
  #timer: NodeJS.Timeout | undefined;
  #inFlight = 0;
  #allowance = burst;
  #allowedAt = 0;
  #whenDrained: (() => void)[] = [];

  constructor(
    private readonly send: Send,
    /** Brackets what the queue does by itself, from the event loop. */
    private readonly kernel: (work: () => void) => void,
  ) {}

  /** Console text. */
  write(parent: string, name: StreamEvent['name'], text: string): void {
    if (text === '') return;
    if (this.#pending && (this.#pending.parent !== parent || this.#pending.name !== name)) {
      this.#flush();
    }
    const pending = (this.#pending ??= { parent, name, texts: [], length: 0, leftOut: 0 });
    if (pending.length + text.length > maxHeld && pending.length > 0) {
      pending.leftOut += text.length;
    } else {
      pending.texts.push(text);
      pending.length += text.length;
    }
    const isDue = pending.length > maxChunk || this.#mayBurst();
    if (isDue && this.#inFlight < maxInFlight) this.#flush();
    else this.#timer ??= setTimeout(this.#onTimer, joinMs);
  }

  /** Any other event, after the text before it. */
  emit(event: KernelEvent): void {
    this.#flush();
    this.send(event, () => undefined);
  }

  /** Calls back once all of it has left the process. */
  drain(done: () => void): void {
    this.#flush();
    if (this.#inFlight === 0) done();
    else this.#whenDrained.push(done);
  }

  readonly #onTimer = () => this.kernel(() => this.#tick());

  #mayBurst(): boolean {
    const now = performance.now();
    this.#allowance = Math.min(burst, this.#allowance + (now - this.#allowedAt) / msPerMessage);
    this.#allowedAt = now;
    if (this.#allowance < 1) return false;
    this.#allowance -= 1;
    return true;
  }

  #tick(): void {
    this.#timer = undefined;
    if (this.#inFlight < maxInFlight) this.#flush();
  }

  #flush(): void {
    const pending = this.#pending;
    clearTimeout(this.#timer);
    this.#timer = undefined;
    if (!pending) return;
    this.#pending = undefined;
    const { parent, name, texts, length, leftOut } = pending;
    if (leftOut > 0) {
      texts.push(`\n… ${String(leftOut)} characters left out: printed faster than shown …\n`);
    }
    this.#inFlight += length;
    this.send({ type: 'stream', parent, name, text: texts.join('') }, () => {
      this.#inFlight -= length;
      if (this.#pending && this.#inFlight < maxInFlight)
        this.#timer ??= setTimeout(this.#onTimer, joinMs);
      if (this.#inFlight === 0) for (const done of this.#whenDrained.splice(0)) done();
    });
  }
}
