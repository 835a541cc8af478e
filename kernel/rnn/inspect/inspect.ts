import type { Batch } from '../data/batch.js';
import type { Module } from '../modules/module.js';
import { InspectionError, NonFiniteError } from '../errors.js';
import { showShape } from '../ndarray.js';
import { checkOptions, is, optional } from '../options.js';
import { withRandomStateKept } from '../random.js';
import { isGradEnabled, Tensor } from '../tensor.js';
import { isBatchModel, runBatch, type TrainableModel } from '../train/model.js';
import { isRecurrent, leafValues, modelError, toNetwork, type Network } from './network.js';
import { traceBytes } from './traceBytes.js';
import { runForward, type Precision } from './passes.js';
import { listLayers, Trace, type TraceOptions } from './trace.js';

/** What is inspected: one batch, as `fit` gets them. */
export interface InspectedBatch<State = unknown> {
  /** What the model takes; sequences time-major unless the model says otherwise. */
  input: Tensor;
  /** What the loss compares with. Left out: the loss is given undefined. */
  target?: Tensor;
  /** The state that the model starts from. Left out: what the model does without. */
  state?: State;
  /** Valid time steps of each sequence, for models that take `{ lengths }`. Left out: all. */
  lengths?: Int32Array;
}

export interface InspectOptions extends TraceOptions {
  /** A tensor with one element; a loss as `fit` takes them will do. Left out: the model's output is the loss. */
  loss?: (
    output: Tensor,
    target: Tensor,
    options: undefined,
    batch: Batch,
    beside: Readonly<Record<string, Tensor>>,
  ) => Tensor;
  /** The element type to compute in. Default `'float64'`, whatever the model's is. */
  dtype?: Precision;
  /** Most bytes that the trace may keep. Default 1 GiB. */
  memory?: number;
}

export const inspectOptions = {
  loss: optional(is.function),
  dtype: optional(is.oneOf('float32', 'float64')),
  truncate: optional(is.positiveInteger),
  layers: optional((value) =>
    Array.isArray(value) && value.length > 0 ? undefined : 'a list of names or numbers',
  ),
  clipNorm: optional(is.positive),
  memory: optional(is.positiveInteger),
};

/**
 * Runs a model on one batch, forward and back through time, and keeps every value and every adjoint of its
 * recurrent layers. What is computed is what the model's own tape says, operation by operation, in float64;
 * weights, their `grad`s, states and random generators stay as they are. docs/inspection.md has the formulas.
 *
 * Takes about twice as long as the same pass in the stepped executor: values are computed once by the model itself and
 * once in float64, every adjoint's parts are kept apart, and everything is measured.
 *
 * @throws InspectionError if the loss is no scalar or depends on no recurrent layer, if a layer that was
 * asked for is not there, or the trace would be larger than `memory`; NonFiniteError if a weight is NaN or
 * infinite; OptionError for a wrong option
 */
export function inspect<State>(
  model: Module & TrainableModel<State>,
  batch: InspectedBatch<State>,
  options: InspectOptions = {},
): Trace {
  checkOptions('inspect', options, inspectOptions);
  checkBatch(batch);
  checkParameters(model);
  const network = withRandomStateKept(() => captureNetwork(model, batch, options));
  const { dtype = 'float64', truncate, memory = 2 ** 30 } = options;
  checkLayers(network, options.layers);
  checkMemory(network, dtype, memory);
  const pass = runForward(network, leafValues(network, dtype), dtype, { truncate });
  return new Trace(pass, options, modelError(network, pass.values));
}

function checkBatch({ input, target }: InspectedBatch): void {
  if (!(input instanceof Tensor))
    throw new InspectionError(
      `inspect: expected a batch { input, target } of tensors, got an input of type ${typeof input}`,
    );
  if (target !== undefined && !(target instanceof Tensor))
    throw new InspectionError(
      `inspect: expected the batch's target to be a tensor, got ${typeof target}`,
    );
  if (input.size === 0)
    throw new InspectionError(
      `inspect: input is ${showShape(input.shape)}, expected at least one time step and one sequence`,
    );
}

function checkParameters(model: Module): void {
  for (const [name, { data, shape }] of model.namedParameters()) {
    const at = data.findIndex((value) => !Number.isFinite(value));
    if (at >= 0)
      throw new NonFiniteError(
        `inspect: parameter ${name} ${showShape(shape)} holds ${data[at]!} at element ${at}, expected finite numbers`,
      );
  }
}

/** Runs the model once, as it is, and reads the tape. Nothing goes back through the tape itself. */
function captureNetwork<State>(
  model: Module & TrainableModel<State>,
  { input, target, state, lengths }: InspectedBatch<State>,
  { loss }: InspectOptions,
): Network {
  if (!isGradEnabled())
    throw new InspectionError('inspect: expected to run where gradients are recorded, got noGrad');
  // Its adjoint is wanted too, and with it the way from the input to the first layer.
  const own = new Tensor(input.data, input.shape, {
    requiresGrad: !(input.data instanceof Int32Array),
  });
  if (isBatchModel(model) && !target)
    throw new InspectionError(
      `inspect: ${model.constructor.name} reads the target too, expected a batch { input, target }, got none`,
    );
  const whole = { input: own, target: target as Tensor, ...(lengths && { lengths }) };
  const { output, beside } = runBatch(model, whole, state);
  const value: unknown = loss ? loss(output, target as Tensor, undefined, whole, beside) : output;
  if (!(value instanceof Tensor))
    throw new InspectionError(
      `inspect: expected the loss to be a tensor with one element, got ${typeof value}`,
    );
  if (value.size !== 1)
    throw new InspectionError(
      `inspect: expected the loss to be a tensor with one element, got shape ${showShape(value.shape)}${loss ? '' : '; pass { loss: (output, target) => … }'}`,
    );
  if (!value.source)
    throw new InspectionError(
      'inspect: expected a loss that depends on the model, got one that depends on no parameter',
    );
  return toNetwork(model, own, output, value);
}

function checkLayers(network: Network, layers: InspectOptions['layers']): void {
  const operations = network.operations.filter(isRecurrent);
  for (const layer of layers ?? [])
    if (!operations.some((one) => one.name === layer || one.layer === layer))
      throw new InspectionError(
        `inspect: unknown layer ${JSON.stringify(layer)}, expected ${listLayers(operations)}`,
      );
}

/** Values outside of recurrent layers with their adjoints; within, states entering and adjoints carried. */
function checkMemory(network: Network, dtype: Precision, most: number): void {
  const bytes = traceBytes(network, dtype);
  if (bytes > most)
    throw new InspectionError(
      `inspect: the trace would keep ${(bytes / 2 ** 20).toFixed(0)} MiB, expected at most memory = ${(most / 2 ** 20).toFixed(0)} MiB; take fewer sequences or time steps`,
    );
}
