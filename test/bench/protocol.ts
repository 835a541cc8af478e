/**
 * How the driver and a contestant's process speak: one JSON object a line, the driver on standard input, the
 * contestant's answer on standard output. Every request gets one answer; the end of input ends the process.
 *
 *     { do: 'prepare', … }  →  { version, losses, unfit? }   the model is built from the problem; what it computes
 *     { do: 'run', milliseconds }  →  { ms }         at least one step, until the time is used
 *     { do: 'memory' }  →  { peakBytes }             the most memory the process has held
 *
 * or `{ error }`, a sentence.
 */
import type { ProblemFile } from './problem.js';
import type { Workload } from './workloads.js';

export interface PrepareRequest {
  readonly do: 'prepare';
  readonly workload: Workload;
  readonly problem: ProblemFile;
  readonly threads: number;
  /** The same model as an ONNX file, where there is one. */
  readonly onnxFile?: string;
}

export type Request =
  | PrepareRequest
  | { readonly do: 'run'; readonly milliseconds: number }
  | { readonly do: 'memory' };

export interface Answers {
  prepare: {
    readonly version: string;
    /** Training: of the first step, and after three updates. Else: of the output alone. */
    readonly losses: readonly number[];
    /** Why its times would mislead, so that it is not timed. */
    readonly unfit?: string;
  };
  /** Milliseconds of each step. */
  run: { readonly ms: readonly number[] };
  memory: { readonly peakBytes: number };
}

/** How many updates lie between the two losses that are compared. */
export const comparedUpdates = 3;
