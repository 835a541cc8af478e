/**
 * Work that is asked for more often than it should be done: done soon after it is asked for, then at most
 * once per interval and not before the last one is through. What is asked for last is always done.
 */
export class PacedWork {
  #timer: NodeJS.Timeout | undefined;
  #isUnderWay = false;
  #isWanted = false;
  #lastStart = -Infinity;

  /**
   * @param work Must not reject.
   * @param intervalMs Asked for each time.
   */
  constructor(
    private readonly work: () => Promise<void>,
    private readonly intervalMs: () => number,
  ) {}

  request(): void {
    this.#isWanted = true;
    if (this.#timer || this.#isUnderWay) return;
    const wait = this.#lastStart + this.intervalMs() - performance.now();
    this.#timer = setTimeout(() => this.#start(), Math.max(0, wait));
  }

  /** Starts what was asked for now, whatever the pace. */
  flush(): void {
    if (this.#isWanted) this.#start();
  }

  /** What was asked for is not done any more. */
  dispose(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    this.#isWanted = false;
  }

  #start(): void {
    this.dispose();
    this.#lastStart = performance.now();
    this.#isUnderWay = true;
    void this.work().finally(() => {
      this.#isUnderWay = false;
      if (this.#isWanted) this.request();
    });
  }
}
