import { OptionError } from '../errors.js';
import { Tensor } from '../tensor.js';

/**
 * What can be trained: given an input and, for recurrent models, a state, gives an output and the next state.
 * A `Module` with such a `forward` is one.
 */
export interface Model<State> {
  forward(input: Tensor, state?: State): Tensor | { output: Tensor; state?: State };
  readonly training?: boolean;
  /** Switches between training and evaluation, where the model tells them apart. */
  train?(training: boolean): unknown;
}

export interface ModelResult<State> {
  output: Tensor;
  state: State | undefined;
}

/** @throws OptionError if forward gives neither a tensor nor `{ output, state }` */
export function callModel<State>(
  model: Model<State>,
  input: Tensor,
  state: State | undefined,
): ModelResult<State> {
  const result: unknown = model.forward(input, state);
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
