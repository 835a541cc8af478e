import type { Batch } from '../data/batch.js';
import { OptionError, ShapeError } from '../errors.js';
import { showShape } from '../ndarray.js';
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
 * What reads more of a batch than its input: a `Seq2Seq` its target, a model of one's own whatever its batches hold. `fit`,
 * `evaluate` and `inspect` give it the batch as a whole, and call `forward` no more.
 */
export interface BatchModel<State> {
  /**
   * @param state what a batch that `continues` goes on from; undefined where it starts anew
   * @param call `step`: the step of training under way, from 1; undefined where none is
   */
  forwardBatch(
    batch: Batch,
    state?: State,
    call?: { step?: number },
  ): Tensor | { output: Tensor; state?: State };
  readonly training?: boolean;
  /** Switches between training and evaluation, where the model tells them apart. */
  train?(training: boolean): unknown;
}

/** What `fit` trains and `evaluate` measures. */
export type TrainableModel<State> = Model<State> | BatchModel<State>;

/**
 * The mean loss of a batch, a tensor with one element: `crossEntropy`, `mse`, …, or a function of one's own.
 *
 * @param options `{ mask }` where a batch is padded and its target is made of floating-point numbers, one for each time
 * step of the input (padding in int32 targets is marked by −100 itself); otherwise undefined
 * @param batch the whole batch, for losses that want more: `lengths`, `targetLengths`
 * @param beside what else the model gave beside its output, by name: the `attention` of a `Seq2Seq`
 */
export type Loss = (
  output: Tensor,
  target: Tensor,
  options: { mask: Tensor } | undefined,
  batch: Batch,
  beside: Readonly<Record<string, Tensor>>,
) => Tensor;

export interface ModelResult<State> {
  output: Tensor;
  state: State | undefined;
  /** What else it gave. */
  beside: Readonly<Record<string, Tensor>>;
}

export const isBatchModel = <State>(model: TrainableModel<State>): model is BatchModel<State> =>
  'forwardBatch' in model;

/** The lengths of a batch's sequences, unless all fill it: only then need a model know them. */
export function raggedLengths({ shape }: Tensor, lengths?: Int32Array): Int32Array | undefined {
  const isFull = (steps: number | undefined, sequences: number | undefined): boolean =>
    sequences === lengths?.length && lengths?.every((length) => length === steps) === true;
  return isFull(shape[0], shape[1]) || isFull(shape[1], shape[0]) ? undefined : lengths;
}

/** @throws OptionError if forward gives neither a tensor nor `{ output, state }` */
export function callModel<State>(
  model: Model<State>,
  input: Tensor,
  state: State | undefined,
  lengths?: Int32Array,
): ModelResult<State> {
  const ragged = raggedLengths(input, lengths);
  return toResult(
    'forward',
    ragged ? model.forward(input, state, { lengths: ragged }) : model.forward(input, state),
  );
}

/**
 * Runs a batch: as a whole where the model asks for it, else its input.
 * @param step the step of training under way
 * @throws OptionError if the model gives neither a tensor nor `{ output, state }`
 */
export function runBatch<State>(
  model: TrainableModel<State>,
  batch: Batch,
  state: State | undefined,
  step?: number,
): ModelResult<State> {
  if (!isBatchModel(model)) return callModel(model, batch.input, state, batch.lengths);
  const call = step === undefined ? {} : { step };
  return toResult('forwardBatch', model.forwardBatch(batch, state, call));
}

function toResult<State>(method: string, result: unknown): ModelResult<State> {
  if (result instanceof Tensor) return { output: result, state: undefined, beside: {} };
  const { output, state, ...beside } = (result ?? {}) as { output?: unknown; state?: State };
  if (!(output instanceof Tensor))
    throw new OptionError(`model.${method}: expected a tensor or { output, state } to be returned`);
  return { output, state, beside };
}

/** What a batch starts from, given the state that the one before ended with. */
export function startingState<State>(
  { continues }: Batch,
  state: State | undefined,
): State | undefined {
  if (continues === undefined || typeof continues === 'boolean')
    return continues ? state : undefined;
  if (continues.every(Boolean)) return state;
  if (!continues.some(Boolean)) return undefined;
  return mapTensors(state, (tensor) => keepRows(tensor, continues));
}

/** Zeros for the sequences that do not go on; the batch is the last axis but one, as in every recurrent state. */
function keepRows(state: Tensor, continues: readonly boolean[]): Tensor {
  const [batchSize, width] = state.shape.slice(-2);
  if (state.shape.length < 2 || batchSize !== continues.length)
    throw new ShapeError(
      `batch: continues is of ${continues.length} sequences, expected as many as the state has, which is ${showShape(state.shape)} with the batch as last axis but one`,
    );
  const data = state.data.slice();
  for (let i = 0; i < data.length; i++)
    if (!continues[Math.floor(i / width!) % batchSize]) data[i] = 0;
  return new Tensor(data, state.shape);
}

/** The state's values without the way they were computed: where backpropagation through time is truncated. */
export const detachState = <State>(state: State): State =>
  mapTensors(state, (tensor) => tensor.detach());

function mapTensors<State>(state: State, map: (tensor: Tensor) => Tensor): State {
  const visit = (value: unknown): unknown => {
    if (value instanceof Tensor) return map(value);
    if (Array.isArray(value)) return value.map(visit);
    if (typeof value === 'object' && value !== null)
      return Object.fromEntries(Object.entries(value).map(([key, part]) => [key, visit(part)]));
    return value;
  };
  return visit(state) as State;
}
