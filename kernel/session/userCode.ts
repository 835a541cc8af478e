/**
 * Where code of the user is run by the kernel: a cell's script, a timer's callback, a value's own idea of
 * how it looks.
 *
 * It runs as a microtask. V8 carries a termination through every frame below it, and Node's timers and
 * ticks, which are JavaScript, would be left half done; the microtask queue is native, and the termination
 * ends there. What was terminated never returns, so it is noted what runs.
 */
export class UserCode {
  /** Work that began and did not return; each with whom to tell if it never will. */
  readonly #begun = new Set<() => void>();

  /** @param terminated Called (later) if the work was terminated; nothing else is then. */
  run(work: () => void, terminated: () => void): void {
    // An entry of its own, so that the same function may be given twice.
    const entry = () => terminated();
    // Not `queueMicrotask`, around whose callback Node has JavaScript of its own.
    void Promise.resolve().then(() => {
      this.#begun.add(entry);
      try {
        work();
      } finally {
        this.#begun.delete(entry);
      }
    });
  }

  /** Such work is on the stack (or was terminated there, which nobody was told yet). */
  get isRunning(): boolean {
    return this.#begun.size > 0;
  }

  /** The stack is empty after a termination: tells whoever was running. @returns whether anybody was */
  wasTerminated(): boolean {
    const begun = [...this.#begun];
    this.#begun.clear();
    for (const terminated of begun) terminated();
    return begun.length > 0;
  }
}
