import type { Tensor } from '../tensor.js';
import type { Module } from './module.js';
import type { RecurrentForwardOptions } from './recurrentOptions.js';

/** What goes to every layer of a stack or a pair. */
export type SequenceOptions = Pick<RecurrentForwardOptions, 'lengths' | 'reverse'>;

/** What a layer over a sequence gives: output `[T, B, F]` and the state to go on from. */
export interface SequenceResult {
  output: Tensor;
  state: unknown;
}

/** A layer over a sequence, such as `LSTM`, `Bidirectional`, `Residual` of one, or a `RecurrentStack`. */
export type SequenceLayer = Module & {
  readonly outputSize: number;
  readonly batchFirst?: boolean;
  // The state's type is the layer's own; only `never` admits them all.
  forward(input: Tensor, state?: never, options?: SequenceOptions): SequenceResult;
};

/** Runs a layer with a state whose type only it knows. */
export const runSequence = (
  layer: SequenceLayer,
  input: Tensor,
  state: unknown,
  options: SequenceOptions,
): SequenceResult => layer.forward(input, state as never, options);

/** For option tables. */
export const isSequenceLayer = (value: unknown): string | undefined => {
  const { forward, outputSize } = (value ?? {}) as Partial<SequenceLayer>;
  return typeof forward === 'function' && typeof outputSize === 'number'
    ? undefined
    : 'a recurrent layer';
};
