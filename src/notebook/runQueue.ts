/**
 * Runs jobs one at a time, in the order they came. Jobs added together are one request: when one of them
 * fails, those behind it in the same request are dropped, as Jupyter does.
 *
 * A job may pause. What waits behind it goes on waiting; jobs that are added from then on have a lane of their
 * own and run meanwhile.
 */
interface Waiting<Job> {
  job: Job;
  request: readonly Job[];
}

interface Lane<Job> {
  waiting: Waiting<Job>[];
  running: Job | undefined;
  isPaused: boolean;
}

export class RunQueue<Job> {
  readonly #lanes = new Set<Lane<Job>>();
  readonly #working = new Set<Promise<void>>();

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
    const jobs = request.map((job) => ({ job, request }));
    const open = [...this.#lanes].find((lane) => !lane.isPaused);
    if (open) {
      open.waiting.push(...jobs);
      return;
    }
    const lane = { waiting: jobs, running: undefined, isPaused: false };
    this.#lanes.add(lane);
    const working = this.#work(lane).finally(() => this.#working.delete(working));
    this.#working.add(working);
  }

  /** Whether the job, which runs, waits for the user. */
  setPaused(job: Job, isPaused: boolean): void {
    for (const lane of this.#lanes) if (lane.running === job) lane.isPaused = isPaused;
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
    while (this.#working.size > 0) await Promise.all(this.#working);
  }

  async #work(lane: Lane<Job>): Promise<void> {
    for (let next = lane.waiting.shift(); next; next = lane.waiting.shift()) {
      const { job, request } = next;
      lane.running = job;
      const succeeded = await this.run(job);
      lane.running = undefined;
      lane.isPaused = false;
      if (!succeeded) this.#dropWhere((waiting) => waiting.request === request);
    }
    this.#lanes.delete(lane);
  }

  #dropWhere(matches: (waiting: Waiting<Job>) => boolean): void {
    for (const lane of this.#lanes) {
      const dropped = lane.waiting.filter(matches);
      lane.waiting = lane.waiting.filter((waiting) => !matches(waiting));
      for (const { job } of dropped) this.dropped(job);
    }
  }
}
