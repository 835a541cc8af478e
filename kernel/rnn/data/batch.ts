import type { Tensor } from '../tensor.js';

/** What a model is trained on in one step. */
export interface Batch {
  input: Tensor;
  target: Tensor;
  /**
   * The sequences go on from those of the batch before: the hidden state is carried over, cut off from its
   * gradients (truncated backpropagation through time). Default false: the state starts anew.
   */
  continues?: boolean;
}
