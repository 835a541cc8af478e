/**
 * The way of events to the front end, in order, at a pace that it can follow. Text in quick succession is
 * joined; of a display that is updated often only the newest state is sent; what a cell shows and clears
 * again before it was sent is not sent at all. Nothing is late by more than a twentieth of a second.
 */
import type {
  ClearOutputEvent,
  DisplayEvent,
  KernelEvent,
  StreamEvent,
} from '../contract/protocol.js';
import { collapseReturns } from './carriageReturns.js';
import { clearTimeout, setTimeout } from './kernelTimers.js';

export type Send = (event: KernelEvent, sent: () => void) => void;

/** Text waits this long for more of it. */
const joinMs = 16;
/**
 * Text and displays are sent at once, so that they are seen before a long computation after them, up to this
 * many messages in a burst; each of these milliseconds allows one more.
 */
const burst = 16;
const msPerMessage = 4;
const maxChunk = 1 << 16;
/** Characters that may be on their way to the front end. */
const maxInFlight = 8 << 20;
/** Between two updates of one display. */
const updateEveryMs = 50;

interface Text {
  type: 'text';
  parent: string;
  name: StreamEvent['name'];
  texts: string[];
  length: number;
}
type Entry = Text | DisplayEvent | ClearOutputEvent;

/** A display that was sent: by whom last, and when. */
interface ShownDisplay {
  parent: string;
  sentAt: number;
}

export class EventPace {
  #entries: Entry[] = [];
  readonly #shown = new Map<string, ShownDisplay>();
  /** Newest states of displays that were updated too soon after the last time. */
  readonly #held = new Map<string, DisplayEvent>();
  #timer: NodeJS.Timeout | undefined;
  #inFlight = 0;
  #allowance = burst;
  #allowedAt = 0;
  #whenDrained: (() => void)[] = [];

  constructor(
    private readonly send: Send,
    /** Brackets what happens by itself, from the event loop. */
    private readonly kernel: (work: () => void) => void,
  ) {}

  write(parent: string, name: StreamEvent['name'], text: string): void {
    this.#dropCleared(parent);
    const last = this.#entries.at(-1);
    let entry = last?.type === 'text' && last.parent === parent && last.name === name ? last : null;
    if (!entry) {
      entry = { type: 'text', parent, name, texts: [], length: 0 };
      this.#entries.push(entry);
    }
    entry.texts.push(text);
    entry.length += text.length;
    this.#soon(entry.length > maxChunk);
  }

  /** @throws DataCloneError where the data cannot be sent */
  display(event: DisplayEvent): void {
    const { displayId: id, parent } = event;
    const shown = id === undefined ? undefined : this.#shown.get(id);
    if (id !== undefined && shown?.parent === parent && this.#lastClear(parent) < 0) {
      if (performance.now() - shown.sentAt < updateEveryMs) {
        this.#held.set(id, structuredClone(event));
        this.#timer ??= setTimeout(this.#onTimer, updateEveryMs);
        return;
      }
      this.#held.delete(id);
      this.#sendDisplay(event);
      return;
    }
    this.#addDisplay(event);
  }

  clear(event: ClearOutputEvent): void {
    if (!event.wait) this.#drop(event.parent, this.#entries.length);
    this.#entries.push(event);
    this.#soon(false);
  }

  /** Any other event, after all that came before it. */
  emit(event: KernelEvent): void {
    this.flush();
    this.send(event, () => undefined);
  }

  flush(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    this.#sendEntries();
    for (const event of this.#held.values()) this.#sendDisplay(event);
    this.#held.clear();
  }

  /** Calls back once all of it has left the process. */
  drain(done: () => void): void {
    this.flush();
    if (this.#inFlight === 0) done();
    else this.#whenDrained.push(done);
  }

  #addDisplay(event: DisplayEvent): void {
    this.#dropCleared(event.parent);
    const { displayId: id } = event;
    const clear = this.#lastClear(event.parent);
    const waiting = this.#entries.findIndex(
      (one, i) => i > clear && one.type === 'display' && id !== undefined && one.displayId === id,
    );
    const mayGo = this.#mayBurst() && this.#inFlight < maxInFlight;
    // What waits is a copy: the cell may change its own.
    const entry = mayGo ? event : structuredClone(event);
    if (waiting < 0) this.#entries.push(entry);
    else this.#entries[waiting] = { ...entry, parent: this.#entries[waiting]!.parent };
    if (mayGo) this.#sendEntries();
    else this.#timer ??= setTimeout(this.#onTimer, joinMs);
  }

  /** Sends now where that is allowed, else with the timer. */
  #soon(isLong: boolean): void {
    const isDue = isLong || this.#mayBurst();
    if (isDue && this.#inFlight < maxInFlight) this.#sendEntries();
    else this.#timer ??= setTimeout(this.#onTimer, joinMs);
  }

  #mayBurst(): boolean {
    const now = performance.now();
    this.#allowance = Math.min(burst, this.#allowance + (now - this.#allowedAt) / msPerMessage);
    this.#allowedAt = now;
    if (this.#allowance < 1) return false;
    this.#allowance -= 1;
    return true;
  }

  readonly #onTimer = () => this.kernel(() => this.#tick());

  #tick(): void {
    this.#timer = undefined;
    if (this.#inFlight < maxInFlight) this.#sendEntries();
    const due = performance.now() - updateEveryMs;
    for (const [id, event] of this.#held) {
      if ((this.#shown.get(id)?.sentAt ?? 0) > due) continue;
      this.#held.delete(id);
      this.#sendDisplay(event);
    }
    if (this.#held.size > 0) this.#timer ??= setTimeout(this.#onTimer, joinMs);
  }

  /** Something new follows: what a clear in waiting takes away need not be sent. */
  #dropCleared(parent: string): void {
    const at = this.#lastClear(parent);
    if (at > 0) this.#drop(parent, at);
  }

  #lastClear(parent: string): number {
    return this.#entries.findLastIndex(
      (one) => one.type === 'clearOutput' && one.parent === parent,
    );
  }

  #drop(parent: string, before: number): void {
    // A display under an id may stand below another cell, where this clear does not reach.
    const isKept = (one: Entry) =>
      one.parent !== parent || (one.type === 'display' && one.displayId !== undefined);
    this.#entries = this.#entries.filter((one, i) => i >= before || isKept(one));
  }

  #sendEntries(): void {
    const entries = this.#entries;
    if (entries.length === 0) return;
    this.#entries = [];
    for (const entry of entries) {
      if (entry.type === 'text') this.#sendText(entry);
      else if (entry.type === 'display') this.#sendDisplay(entry);
      else this.#sendClear(entry);
    }
  }

  #sendText({ parent, name, texts, length }: Text): void {
    const text = collapseReturns(texts.join(''));
    this.#inFlight += length;
    this.send({ type: 'stream', parent, name, text }, () => {
      this.#inFlight -= length;
      if (this.#entries.length > 0 && this.#inFlight < maxInFlight)
        this.#timer ??= setTimeout(this.#onTimer, joinMs);
      if (this.#inFlight === 0) for (const done of this.#whenDrained.splice(0)) done();
    });
  }

  #sendDisplay(event: DisplayEvent): void {
    const { displayId, parent } = event;
    if (displayId !== undefined) this.#shown.set(displayId, { parent, sentAt: performance.now() });
    this.send(event, () => undefined);
  }

  /** What stood below the cell is gone: its displays are new ones when they come again. */
  #sendClear(event: ClearOutputEvent): void {
    for (const [id, { parent }] of this.#shown) {
      if (parent !== event.parent) continue;
      this.#shown.delete(id);
      this.#held.delete(id);
    }
    this.send(event, () => undefined);
  }
}
