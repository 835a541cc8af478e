/** What a contestant that runs in Node provides: a module that exports `prepare`. */
import type { Problem } from './problem.js';
import type { Workload } from './workloads.js';

export interface ContestantTask {
  readonly workload: Workload;
  readonly problem: Problem;
  readonly threads: number;
  readonly onnxFile?: string;
}

type Eventually<T> = T | Promise<T>;

/** One of the three, as the workload's task asks. */
export type Steps =
  /** Loss, gradients, clipping to norm 1, one update by Adam with a rate of 0.001 → the loss before it. */
  | { readonly train: () => Eventually<number> }
  /** → the output, flat. */
  | { readonly forward: () => Eventually<Float32Array> }
  /** Starts from a zero state; a token → the logits of the next. */
  | { readonly reset: () => void; readonly next: (token: number) => Eventually<Float32Array> };

export interface Contestant {
  /** @throws Error with the reason where it can't run this */
  prepare(task: ContestantTask): Eventually<{ version: string; steps: Steps }>;
}
