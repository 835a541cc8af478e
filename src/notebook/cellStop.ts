/** A second stop within this time is a double click: the first has had no chance yet. */
const interruptTakesMs = 700;
/** A step of training has 1.2 s of it, the cell's `finally` blocks half a second; with this, two seconds are kept. */
const replaceAfterMs = 1900;

/**
 * Stops one running cell: interrupts the kernel, and where that has no effect replaces its process. A
 * second stop does so at once, unless it comes so soon (a double click) that the first may still work.
 */
export class CellStop {
  #askedAt: number | undefined;
  #timer: NodeJS.Timeout | undefined;
  #isOver = false;

  constructor(
    /** Interrupts this very cell. */
    private readonly interrupt: () => void,
    /** Ends the process, and with it the cell. */
    private readonly replace: () => void,
  ) {}

  ask(): void {
    if (this.#isOver) return;
    const now = performance.now();
    if (this.#askedAt === undefined) {
      this.#askedAt = now;
      this.interrupt();
      this.#timer = setTimeout(() => this.#giveUp(), replaceAfterMs);
    } else if (now - this.#askedAt > interruptTakesMs) {
      this.#giveUp();
    }
  }

  /** The kernel has begun with the cell: it heeds no earlier interrupt. */
  began(): void {
    if (this.#askedAt !== undefined && !this.#isOver) this.interrupt();
  }

  /** The cell has ended. */
  over(): void {
    this.#isOver = true;
    clearTimeout(this.#timer);
  }

  #giveUp(): void {
    if (this.#isOver) return;
    this.over();
    this.replace();
  }
}
