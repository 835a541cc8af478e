import type { Tensor } from '../tensor.js';

/** What a model is trained on in one step. */
export interface Batch {
  input: Tensor;
  target: Tensor;
  /**
   * The sequences go on from those of the batch before: the hidden state is carried over, cut off from its
   * gradients (truncated backpropagation through time). Default false: the state starts anew. An array says so of each of
   * the B sequences: states of those that do not go on are zero.
   */
  continues?: boolean | readonly boolean[];
  /** Time steps of each sequence where the batch is padded, one number per sequence. */
  lengths?: Int32Array;
  /** Time steps of each target, where targets are padded sequences of lengths of their own. */
  targetLengths?: Int32Array;
  /** `[T, B]`, 1 where a time step of the input belongs to its sequence and 0 where it is padding. */
  mask?: Tensor;
}
