/**
 * Where code of the user is run by the kernel: a cell's script, a timer's callback, a value's own idea of
 * how it looks.
 *
 * It runs as a microtask. V8 carries a termination through every frame below it, and Node's timers and
 * ticks, which are JavaScript, would be left half done; the microtask queue is native, and the termination
 * ends there. What was terminated never returns, so it is noted what runs.
 */
export class UserCode {
  #terminated: (() => void) | undefined;

  /** @param terminated Called (later) if the work was terminated; nothing else is then. */
  run(work: () => void, terminated: () => void): void {
    // Not `queueMicrotask`, around whose callback Node has JavaScript of its own.
    void Promise.resolve().then(() => {
      this.#terminated = terminated;
      try {
        work();
      } finally {
        this.#terminated = undefined;
      }
    });
  }

  /** Work began and did not return: outside of it, that means it was terminated. */
  get isUnfinished(): boolean {
    return this.#terminated !== undefined;
  }

  /** A termination is over: tells whoever was running. */
  wasTerminated(): void {
    const terminated = this.#terminated;
    this.#terminated = undefined;
    terminated?.();
  }
}
