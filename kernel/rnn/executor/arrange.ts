import { createNdArray, dtypeOf, type NdArray } from '../ndarray.js';
import type { Executor, Sequence, Unrolled } from './executor.js';

/** How the sequences of a batch are gone through. */
export interface Arrangement {
  /** From the last time step to the first. */
  readonly reverse: boolean;
  /** Time steps of each sequence, 1 to T; all T where undefined. What is beyond is padding. */
  readonly lengths: Int32Array | undefined;
}

/**
 * Runs sequences of different lengths, or backwards, with an executor that knows neither: reverses the valid part of
 * each, puts the longest first, so that those that are still running are the first rows at each time step, and puts
 * everything back. Padding is not read; output there is zero, and so is the input's gradient.
 */
export function runArranged(
  executor: Executor,
  sequence: ArrangedSequence,
  arrangement: Arrangement,
  keep: boolean,
): Unrolled {
  const { input, states } = sequence;
  const { rows, arranged } = arrange(sequence, arrangement);
  const run = executor.run(arranged, keep);
  return {
    output: rows.restore(run.output),
    finalStates: run.finalStates.map((state) => rows.restoreStates(state)),
    backward(output, finalStates, gradients) {
      const wanted = {
        input: gradients.input && createNdArray(dtypeOf(input.data), input.shape),
        states: gradients.states.map(
          (gradient, k) => gradient && createNdArray(dtypeOf(input.data), states[k]!.shape),
        ),
        parameters: gradients.parameters,
      };
      run.backward(
        output && rows.arrange(output),
        finalStates.map((state) => state && rows.arrangeStates(state)),
        wanted,
      );
      if (gradients.input) addTo(gradients.input, rows.restore(wanted.input!));
      gradients.states.forEach((gradient, k) => {
        if (gradient) addTo(gradient, rows.restoreStates(wanted.states[k]!));
      });
    },
  };
}

/** A sequence as it came. */
export type ArrangedSequence = Required<Pick<Sequence, 'input'>> &
  Pick<Sequence, 'masks'> & { readonly states: readonly NdArray[] };

/** A sequence as it runs, and what moves rows between the two. */
export function arrange({ input, states, masks }: ArrangedSequence, arrangement: Arrangement) {
  const [timeSteps, batchSize] = input.shape as [number, number];
  const lengths = arrangement.lengths ?? new Int32Array(batchSize).fill(timeSteps);
  const rows = createRows(lengths, arrangement.reverse);
  const arranged: Sequence = {
    input: rows.arrange(input),
    states: states.map((state) => rows.arrangeStates(state)),
    masks: masks?.map((mask) =>
      mask.shape.length === 3 ? rows.arrange(mask) : rows.arrangeStates(mask),
    ),
    ...(arrangement.lengths && { active: countActive(lengths, timeSteps) }),
  };
  return { rows, arranged };
}

/** For each time step, how many sequences are still running. */
function countActive(lengths: Int32Array, timeSteps: number): Int32Array {
  const active = new Int32Array(timeSteps);
  for (const length of lengths) for (let t = 0; t < length; t++) active[t]!++;
  return active;
}

/** Moves rows between how they came and how they run. */
function createRows(lengths: Int32Array, reverse: boolean) {
  const batchSize = lengths.length;
  const order = Array.from(lengths, (_, b) => b).sort((a, b) => lengths[b]! - lengths[a]!);
  /** Visits each valid row as (position as it came, position as it runs), in rows. */
  const eachRow = (visit: (came: number, runs: number) => void): void =>
    order.forEach((b, r) => {
      const length = lengths[b]!;
      for (let t = 0; t < length; t++)
        visit((reverse ? length - 1 - t : t) * batchSize + b, t * batchSize + r);
    });
  const move = (source: NdArray, isBack: boolean): NdArray => {
    const target = createNdArray(dtypeOf(source.data), source.shape);
    const width = source.shape.at(-1)!;
    eachRow((came, runs) => {
      const [from, to] = isBack ? [runs * width, came * width] : [came * width, runs * width];
      for (let i = 0; i < width; i++) target.data[to + i] = source.data[from + i]!;
    });
    return target;
  };
  const moveStates = (source: NdArray, isBack: boolean): NdArray => {
    const target = createNdArray(dtypeOf(source.data), source.shape);
    const width = source.shape.at(-1)!;
    order.forEach((b, r) => {
      const [from, to] = isBack ? [r * width, b * width] : [b * width, r * width];
      for (let i = 0; i < width; i++) target.data[to + i] = source.data[from + i]!;
    });
    return target;
  };
  return {
    arrange: (source: NdArray) => move(source, false),
    restore: (source: NdArray) => move(source, true),
    arrangeStates: (source: NdArray) => moveStates(source, false),
    restoreStates: (source: NdArray) => moveStates(source, true),
  };
}

function addTo({ data }: NdArray, source: NdArray): void {
  for (let i = 0; i < data.length; i++) data[i]! += source.data[i]!;
}
