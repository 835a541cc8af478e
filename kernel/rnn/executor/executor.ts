import type { CellProgram } from '../cell/program.js';
import type { DType, NdArray } from '../ndarray.js';

/** One recurrent layer to run over a sequence. T time steps, B sequences, time-major. */
export interface Sequence {
  /** `[T, B, inputSize]` */
  readonly input: NdArray;
  /** Initial value of each of the program's states, `[B, size]`; null means zeros. */
  readonly states: readonly (NdArray | null)[];
  /** Numbers of the program's masks, in its order: `[T, B, size]` or `[B, size]`. None where left out. */
  readonly masks?: readonly NdArray[] | undefined;
  /**
   * For each time step, how many sequences are still running: they are the first ones, so the numbers never grow. All
   * run to the end where left out. A sequence's final state is the one after its own last time step; what is computed
   * for it beyond is nobody's, and adjoints of the output there must be zero.
   */
  readonly active?: Int32Array;
}

/** Where gradients are added; null where nobody wants one. */
export interface SequenceGradients {
  readonly input: NdArray | null;
  readonly states: readonly (NdArray | null)[];
  readonly parameters: readonly (NdArray | null)[];
}

/** What a run over a sequence gives, and how to go back through it. */
export interface Unrolled {
  /** `[T, B, outputSize]` */
  readonly output: NdArray;
  /** Each state after the last time step, `[B, size]`. */
  readonly finalStates: readonly NdArray[];
  /**
   * Backpropagation through time. Callable once, and only on a run that was asked to keep its values.
   * @param output adjoint of `output`, @param finalStates adjoints of `finalStates`; null means zero
   */
  backward(
    output: NdArray | null,
    finalStates: readonly (NdArray | null)[],
    gradients: SequenceGradients,
  ): void;
}

/** Runs one cell program with one set of parameters, again and again. */
export interface Executor {
  /** @param keep whether `backward` will be called: every value is kept for it */
  run(sequence: Sequence, keep: boolean): Unrolled;
}

/** Makes the executor of a layer. The parameters are read at each run, so training may write them. */
export type CreateExecutor = (
  program: CellProgram,
  parameters: readonly NdArray[],
  dtype: DType,
) => Executor;
