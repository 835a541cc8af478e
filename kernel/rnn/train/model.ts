import type { Batch } from '../data/batch.js';
import { OptionError } from '../errors.js';
import { Tensor } from '../tensor.js';

/**
 * What can be trained: given an input and, for recurrent models, a state, gives an output and the next state.
 * A `Module` with such a `forward` is one. Where a batch is padded, its `lengths` come along, for recurrent layers.
 */
export interface Model<State> {
  forward(
    input: Tensor,
    state?: State,
    options?: { lengths?: Int32Array },
  ): Tensor | { output: Tensor; state?: State };
  readonly training?: boolean;
  /** Switches between training and evaluation, where the model tells them apart. */
  train?(training: boolean): unknown;
}

/**
 * The mean loss of a batch, a tensor with one element: `crossEntropy`, `mse`, …, or a function of one's own.
 *
 * @param options `{ mask }` where a batch is padded and its target is made of floating-point numbers, one for each time
 * step of the input (padding in int32 targets is marked by −100 itself); otherwise undefined
 * @param batch the whole batch, for losses that want more: `lengths`, `targetLengths`
 */
export type Loss = (
  output: Tensor,
  target: Tensor,
  options: { mask: Tensor } | undefined,
  batch: Batch,
) => Tensor;

export interface ModelResult<State> {
  output: Tensor;
  state: State | undefined;
}

/** @throws OptionError if forward gives neither a tensor nor `{ output, state }` */
export function callModel<State>(
  model: Model<State>,
  input: Tensor,
  state: State | undefined,
  lengths?: Int32Array,
): ModelResult<State> {
  const isRagged = lengths?.some((length) => length !== lengths[0]) ?? false;
  const result: unknown = isRagged
    ? model.forward(input, state, { lengths: lengths! })
    : model.forward(input, state);
  if (result instanceof Tensor) return { output: result, state: undefined };
  const { output, state: next } = (result ?? {}) as { output?: unknown; state?: State };
  if (!(output instanceof Tensor))
    throw new OptionError('model.forward: expected a tensor or { output, state } to be returned');
  return { output, state: next };
}

/** The state's values without the way they were computed: where backpropagation through time is truncated. */
export function detachState<State>(state: State): State {
  const detach = (value: unknown): unknown => {
    if (value instanceof Tensor) return value.detach();
    if (Array.isArray(value)) return value.map(detach);
    if (typeof value === 'object' && value !== null)
      return Object.fromEntries(Object.entries(value).map(([key, part]) => [key, detach(part)]));
    return value;
  };
  return detach(state) as State;
}
