/** Weights and data that all contestants of a workload start from. */
import { readFileSync, writeFileSync } from 'node:fs';
import { dataShapes, parameterShapes, type Workload } from './workloads.js';

export interface Numbers {
  readonly shape: readonly number[];
  readonly data: Float32Array;
}
export type Problem = Readonly<Record<string, Numbers>>;

/** Where each tensor starts in a file of float32 (little endian), in elements. */
export interface ProblemFile {
  readonly file: string;
  readonly tensors: Readonly<Record<string, { shape: readonly number[]; offset: number }>>;
}

/** Uniform in [0, 1). Mulberry32 by T. Ettinger. */
export function uniformStream(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

/**
 * Weights in ±1/√hiddenSize, embeddings and dense data in ±1, tokens and classes uniform. Sampling gets the
 * uniform numbers that it draws tokens with as its target.
 */
export function createProblem(workload: Workload, seed = 1): Problem {
  const uniform = uniformStream(seed);
  const { vocabulary, outputSize, hiddenSize, loss, task } = workload;
  const within = (bound: number) => () => (2 * uniform() - 1) * bound;
  const below = (count: number) => () => Math.floor(uniform() * count);
  const fill = (shape: number[], next: () => number): Numbers => ({
    shape,
    data: Float32Array.from({ length: shape.reduce((a, b) => a * b, 1) }, next),
  });
  const parameters = Object.entries(parameterShapes(workload)).map(([name, shape]) => {
    const bound = name === 'embedding.weight' ? 1 : 1 / Math.sqrt(hiddenSize);
    return [name, fill(shape, within(bound))] as const;
  });
  const { input, target } = dataShapes(workload);
  const targets = loss === 'crossEntropy' ? below(outputSize!) : within(1);
  return {
    ...Object.fromEntries(parameters),
    input: fill(input, vocabulary ? below(vocabulary) : within(1)),
    target: fill(target, task === 'sample' ? uniform : targets),
  };
}

export const isData = (name: string): boolean => name === 'input' || name === 'target';

export function writeProblem(problem: Problem, file: string): ProblemFile {
  const tensors: Record<string, { shape: readonly number[]; offset: number }> = {};
  let offset = 0;
  for (const [name, { shape, data }] of Object.entries(problem)) {
    tensors[name] = { shape, offset };
    offset += data.length;
  }
  const all = new Float32Array(offset);
  for (const [name, { data }] of Object.entries(problem)) all.set(data, tensors[name]!.offset);
  writeFileSync(file, all);
  return { file, tensors };
}

export function readProblem({ file, tensors }: ProblemFile): Problem {
  const bytes = readFileSync(file);
  const all = new Float32Array(bytes.buffer, bytes.byteOffset, bytes.length / 4);
  return Object.fromEntries(
    Object.entries(tensors).map(([name, { shape, offset }]) => {
      const size = shape.reduce((a, b) => a * b, 1);
      return [name, { shape, data: all.slice(offset, offset + size) }];
    }),
  );
}
