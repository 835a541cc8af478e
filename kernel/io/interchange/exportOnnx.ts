import type { Module } from '../../rnn/modules/module.js';
import { Seq2Seq } from '../../rnn/modules/seq2seq/seq2seq.js';
import { checkOptions, is, optional } from '../../rnn/options.js';
import type { Tensor } from '../../rnn/tensor.js';
import {
  chooseAxes,
  outputName,
  recordAltered,
  toExample,
  toSymbols,
  type DynamicAxes,
} from './exampleInputs.js';
import { InterchangeError } from './interchangeError.js';
import { toOnnxBytes } from './onnxProto.js';
import { recordForward } from './recordForward.js';
import { toOnnxGraph } from './tapeToOnnx.js';

/** Options of `exportOnnx`. */
export interface ExportOnnxOptions {
  /**
   * By input: for each axis the name of an extent that may vary, null for one that is fixed. Axes of the same name are
   * of the same size. Default: the batch of every input, and time of a first input that is `[T, B, F]` (`[B, T, F]` for
   * models with `batchFirst`) or, of integers, `[T, B]`.
   */
  dynamicAxes?: DynamicAxes;
  /** Whether the graph takes and gives the recurrent state, where `forward` gives one. Default true. */
  state?: boolean;
  /** `'float32'` rounds a model in float64, for runtimes that compute recurrent layers in float32 only. */
  dtype?: 'float32';
  /** Text that goes into the file. */
  metadata?: Readonly<Record<string, string>>;
}

const opset = 17;
/** The version of the file format that came with this operator set. */
const irVersion = 8;

/**
 * A model as the bytes of an ONNX file (operators of version 17).
 *
 * The model runs forward, in evaluation mode, on the example inputs and once more on others of another size; what both
 * runs recorded becomes the graph, for any `forward`. Recurrent layers become the operators LSTM, GRU and RNN, other
 * cells a Scan over their program.
 *
 * @param inputs an example of the input, or of all arguments of `forward`: `[input, state, { lengths }]`. Inputs of the
 * graph are called `input`, `h_0`, `c_0`, `lengths`; outputs `output`, `h_n`, `c_n`.
 * @throws InterchangeError for what has no form in ONNX: the operation is named
 */
export function exportOnnx(
  model: Module,
  inputs: Tensor | readonly unknown[],
  options: ExportOnnxOptions = {},
): Uint8Array {
  checkOptions('exportOnnx', options, {
    dynamicAxes: optional(is.object),
    state: optional(is.boolean),
    dtype: optional(is.oneOf('float32')),
    metadata: optional(is.object),
  });
  if (model instanceof Seq2Seq)
    throw new InterchangeError(
      'exportOnnx: Seq2Seq says symbol after symbol, which no one graph does; export model.encoder with [source, { lengths }] and model.decoder with [symbols, state]',
    );
  const given = Array.isArray(inputs) ? (inputs as readonly unknown[]) : [inputs];
  const example = toExample(model, given, options.state ?? true);
  const axes = chooseAxes(model, example.inputs, options.dynamicAxes);
  const extents = toSymbols(example.inputs, axes);
  const runs = [
    recordForward(model, example.inputs),
    recordAltered(model, example.inputs, extents, axes),
  ] as const;
  const wantsState = options.state ?? true;
  const outputs = runs[0].outputs
    .map(({ path }, index) => ({ name: outputName(path), index, isState: path[0] === 'state' }))
    .filter(({ isState }) => !isState || wantsState);
  if (outputs.length === 0)
    throw new InterchangeError(
      'exportOnnx: forward gave no tensors, expected a tensor or { output }',
    );
  return toOnnxBytes({
    irVersion,
    opset,
    producer: 'unroll',
    metadata: options.metadata ?? {},
    graph: toOnnxGraph(model, runs, outputs, {
      extents,
      axes,
      dtype: options.dtype,
      dropUnusedState: example.stateAdded,
    }),
  });
}
