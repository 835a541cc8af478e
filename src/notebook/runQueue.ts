/**
 * Runs jobs one at a time, in the order they came. Jobs added together are one request: when one of them
 * fails, those behind it in the same request are dropped, as Jupyter does.
 */
export class RunQueue<Job> {
  readonly #waiting: { job: Job; request: readonly Job[] }[] = [];
  #working: Promise<void> | undefined;

  /**
   * @param run Resolves to whether the job succeeded; must not reject.
   * @param dropped Told of every job that will not run.
   */
  constructor(
    private readonly run: (job: Job) => Promise<boolean>,
    private readonly dropped: (job: Job) => void,
  ) {}

  add(request: readonly Job[]): void {
    if (request.length === 0) return;
    this.#waiting.push(...request.map((job) => ({ job, request })));
    this.#working ??= this.#work();
  }

  /** Takes out a job that waits; one that runs is not touched. */
  drop(job: Job): void {
    this.#dropWhere((waiting) => waiting.job === job);
  }

  dropAll(): void {
    this.#dropWhere(() => true);
  }

  /** Resolves when nothing runs or waits. */
  async idle(): Promise<void> {
    while (this.#working) await this.#working;
  }

  async #work(): Promise<void> {
    for (let next = this.#waiting.shift(); next; next = this.#waiting.shift()) {
      const { job, request } = next;
      if (!(await this.run(job))) this.#dropWhere((waiting) => waiting.request === request);
    }
    this.#working = undefined;
  }

  #dropWhere(matches: (waiting: { job: Job; request: readonly Job[] }) => boolean): void {
    const dropped = this.#waiting.filter(matches);
    const kept = this.#waiting.filter((waiting) => !matches(waiting));
    this.#waiting.splice(0, this.#waiting.length, ...kept);
    for (const { job } of dropped) this.dropped(job);
  }
}
