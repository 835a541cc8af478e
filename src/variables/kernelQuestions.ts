/** One question to a kernel at a time: a busy one answers when its code lets go, and is not asked again meanwhile. */

/** So long a busy kernel is waited for before what is shown is said to be older. */
const patienceMs = 400;

export class KernelQuestion<T> {
  #asking: Promise<void> | undefined;
  #isAskedAgain = false;

  /**
   * @param ask Undefined where there is no answer.
   * @param answered Told of each answer, also a late one.
   * @param isLate Told when there is none in time.
   */
  constructor(
    private readonly ask: () => Promise<T | undefined>,
    private readonly answered: (answer: T | undefined) => void,
    private readonly isLate: () => void,
  ) {}

  /** Asks now, or as soon as the kernel has answered what it was asked before. */
  renew(): void {
    if (this.#asking) {
      this.#isAskedAgain = true;
      return;
    }
    const late = setTimeout(this.isLate, patienceMs);
    this.#asking = this.ask()
      .then(
        (answer) => {
          if (!this.#isAskedAgain || answer !== undefined) this.answered(answer);
        },
        () => this.answered(undefined),
      )
      .finally(() => {
        clearTimeout(late);
        this.#asking = undefined;
        if (!this.#isAskedAgain) return;
        this.#isAskedAgain = false;
        this.renew();
      });
  }
}
