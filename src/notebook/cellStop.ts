import type { KernelClient } from '../../kernel/client/kernelClient.js';

/** An interrupt takes this long at most when it works: the cell's `finally` blocks have their time in it. */
const interruptTakesMs = 700;
const replaceAfterMs = 2000;

/**
 * Stops one running cell: interrupts the kernel, and where that has no effect replaces its process. A
 * second stop does so at once, unless it comes so soon (a double click) that the first may still work.
 */
export class CellStop {
  #askedAt: number | undefined;
  #timer: NodeJS.Timeout | undefined;
  #isOver = false;

  constructor(
    private readonly kernel: Pick<KernelClient, 'interrupt'>,
    /** Ends the process, and with it the cell. */
    private readonly replace: () => void,
  ) {}

  ask(): void {
    if (this.#isOver) return;
    const now = performance.now();
    if (this.#askedAt === undefined) {
      this.#askedAt = now;
      this.kernel.interrupt();
      this.#timer = setTimeout(() => this.#giveUp(), replaceAfterMs);
    } else if (now - this.#askedAt > interruptTakesMs) {
      this.#giveUp();
    }
  }

  /** The kernel has begun with the cell: it heeds no earlier interrupt. */
  began(): void {
    if (this.#askedAt !== undefined && !this.#isOver) this.kernel.interrupt();
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
