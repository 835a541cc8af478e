/** A second stop within this time is a double click: the first has had no chance yet. */
const interruptTakesMs = 700;
/** A step of training has 1.2 s of it, the cell's `finally` blocks half a second; with this, two seconds are kept. */
const replaceAfterMs = 1900;

/**
 * Stops one running cell, at three strengths: training is asked to end at its next step, then code is terminated (at
 * once where nothing trains), then the process is replaced. Each follows where the one before has no effect in time, or
 * where the user asks again, unless that comes so soon (a double click) that the one before may still work.
 */
export class CellStop {
  #askedAt: number | undefined;
  /** It trained when it was asked to stop, and has not been asked again. */
  #isGentle = false;
  #timer: NodeJS.Timeout | undefined;
  #isOver = false;

  constructor(
    /** Interrupts this very cell; `now`: its training, too. */
    private readonly interrupt: (now: boolean) => void,
    private readonly trains: () => boolean,
    /** Ends the process, and with it the cell. */
    private readonly replace: () => void,
  ) {}

  ask(): void {
    if (this.#isOver) return;
    const now = performance.now();
    if (this.#askedAt === undefined) {
      this.#isGentle = this.trains();
      this.#interrupt(now, false);
    } else if (now - this.#askedAt > interruptTakesMs) {
      if (this.#isGentle) {
        this.#isGentle = false;
        this.#interrupt(now, true);
      } else this.#giveUp();
    }
  }

  #interrupt(askedAt: number, now: boolean): void {
    this.#askedAt = askedAt;
    this.interrupt(now);
    this.#arm();
  }

  #arm(): void {
    clearTimeout(this.#timer);
    if (!this.#isOver) this.#timer = setTimeout(() => this.#giveUp(), replaceAfterMs);
  }

  /** The kernel has begun with the cell: it heeds no earlier interrupt. */
  began(): void {
    if (this.#askedAt !== undefined && !this.#isOver) this.interrupt(false);
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
