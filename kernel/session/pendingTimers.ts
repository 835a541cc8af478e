/** Timers that cells started and that may still fire, to be listed and cleared. */
import type { TimerSummary } from '../contract/protocol.js';
import type { Execution } from './execution.js';

export type PendingTimer = NodeJS.Timeout | NodeJS.Immediate;

interface Entry {
  id: number;
  kind: TimerSummary['kind'];
  delay: number;
  execution: Execution;
}

/** Fewer than this are not worth looking through for those that have fired. */
const leastToPrune = 100;

export class PendingTimers {
  readonly #entries = new Map<PendingTimer, Entry>();
  #last = 0;
  #pruneAt = leastToPrune;

  constructor(private readonly clearTimer: (timer: PendingTimer) => void) {}

  add(timer: PendingTimer, entry: Omit<Entry, 'id'>): void {
    if (this.#entries.size >= this.#pruneAt) {
      this.#prune();
      this.#pruneAt = Math.max(leastToPrune, 2 * this.#entries.size);
    }
    this.#entries.set(timer, { id: ++this.#last, ...entry });
  }

  list(): TimerSummary[] {
    this.#prune();
    return [...this.#entries.values()].map(({ id, kind, delay, execution }) => {
      const { id: parent, cell, executionCount } = execution;
      return { id, kind, delay, parent, cell: { ...cell, executionCount } };
    });
  }

  clear(which: number[] | 'all'): void {
    for (const [timer, { id }] of this.#entries) {
      if (which !== 'all' && !which.includes(id)) continue;
      this.clearTimer(timer);
      this.#entries.delete(timer);
    }
  }

  /** Those that have fired or were cleared: Node marks them so. */
  #prune(): void {
    for (const timer of this.#entries.keys()) {
      if ((timer as { _destroyed?: boolean })._destroyed === true) this.#entries.delete(timer);
    }
  }
}
