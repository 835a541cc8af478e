/**
 * A workload's LSTM model in ONNX: tokens or x, and the state → output and the next state.
 * Field numbers: https://github.com/onnx/onnx/blob/main/onnx/onnx.proto
 */
import type { Numbers, Problem } from './problem.js';
import {
  bytes,
  integer,
  join,
  message,
  string,
  type Field,
} from '../../kernel/io/interchange/protobuf.js';
import type { Workload } from './workloads.js';

const elementTypes = { float: 1, int64: 7 } as const;
type ElementType = keyof typeof elementTypes;

const initializer = (name: string, type: ElementType, shape: readonly number[], data: Uint8Array) =>
  message(5, [
    ...shape.map((extent) => integer(1, extent)),
    integer(2, elementTypes[type]),
    string(8, name),
    bytes(9, data),
  ]);

const floats = (name: string, { shape, data }: Numbers): Field =>
  initializer(name, 'float', shape, new Uint8Array(data.buffer, data.byteOffset, data.byteLength));

const integers = (name: string, values: readonly number[]): Field =>
  initializer(
    name,
    'int64',
    [values.length],
    new Uint8Array(BigInt64Array.from(values.map(BigInt)).buffer),
  );

const node = (op: string, inputs: string[], outputs: string[], attributes: Field[] = []): Field =>
  message(1, [
    ...inputs.map((name) => string(1, name)),
    ...outputs.map((name) => string(2, name)),
    string(4, op),
    ...attributes,
  ]);

/** An attribute that is one whole number. */
const attribute = (name: string, value: number): Field =>
  message(5, [string(1, name), integer(3, value), integer(20, 2)]);

const graphInput = 11;
const graphOutput = 12;
function tensorInfo(field: number, name: string, type: ElementType, shape: readonly number[]) {
  const dimensions = message(
    2,
    shape.map((extent) => message(1, [integer(1, extent)])),
  );
  const tensorType = message(1, [integer(1, elementTypes[type]), dimensions]);
  return message(field, [string(1, name), message(2, [tensorType])]);
}

/** PyTorch's blocks i f g o in ONNX's order i o f c, under a leading axis for the direction. */
export function toOnnxGates({ shape, data }: Numbers): Numbers {
  const block = data.length / 4;
  const blocks = [0, 3, 1, 2].map((k) => data.subarray(k * block, (k + 1) * block));
  return { shape: [1, ...shape], data: Float32Array.from(blocks.flatMap((one) => [...one])) };
}

function transpose({ shape, data }: Numbers): Numbers {
  const [rows, columns] = shape as [number, number];
  const out = new Float32Array(data.length);
  for (let i = 0; i < rows; i++)
    for (let j = 0; j < columns; j++) out[j * rows + i] = data[i * columns + j]!;
  return { shape: [columns, rows], data: out };
}

function biasesOf(problem: Problem): Numbers {
  const both = ['bias_ih', 'bias_hh'].map((name) => toOnnxGates(problem[`rnn.${name}_l0`]!).data);
  const data = Float32Array.from(both.flatMap((one) => [...one]));
  return { shape: [1, data.length], data };
}

/** @throws RangeError unless the model is one layer of LSTM */
export function createOnnxModel(workload: Workload, problem: Problem): Uint8Array {
  const { cell, numLayers, timeSteps, batchSize, vocabulary, inputSize, hiddenSize } = workload;
  if (cell !== 'lstm' || numLayers !== 1)
    throw new RangeError(`createOnnxModel: expected one LSTM layer, got ${numLayers} of ${cell}`);
  const { outputSize, task } = workload;
  const steps = [task === 'sample' ? 1 : timeSteps, batchSize];
  const state = [1, batchSize, hiddenSize];
  const lstmInputs = ['x', 'W', 'R', 'B', '', 'h', 'c'];
  const lstmOutput = outputSize ? 'hidden' : 'output';
  const graph = [
    ...(vocabulary ? [node('Gather', ['embedding', 'tokens'], ['x'])] : []),
    node('LSTM', lstmInputs, ['Y', 'nextH', 'nextC'], [attribute('hidden_size', hiddenSize)]),
    node('Squeeze', ['Y', 'directionAxis'], [lstmOutput]),
    ...(outputSize
      ? [node('MatMul', ['hidden', 'V'], ['product']), node('Add', ['product', 'b'], ['output'])]
      : []),
    string(2, 'workload'),
    ...(vocabulary ? [floats('embedding', problem['embedding.weight']!)] : []),
    floats('W', toOnnxGates(problem['rnn.weight_ih_l0']!)),
    floats('R', toOnnxGates(problem['rnn.weight_hh_l0']!)),
    floats('B', biasesOf(problem)),
    integers('directionAxis', [1]),
    ...(outputSize
      ? [floats('V', transpose(problem['head.weight']!)), floats('b', problem['head.bias']!)]
      : []),
    vocabulary
      ? tensorInfo(graphInput, 'tokens', 'int64', steps)
      : tensorInfo(graphInput, 'x', 'float', [...steps, inputSize]),
    tensorInfo(graphInput, 'h', 'float', state),
    tensorInfo(graphInput, 'c', 'float', state),
    tensorInfo(graphOutput, 'output', 'float', [...steps, outputSize ?? hiddenSize]),
    tensorInfo(graphOutput, 'nextH', 'float', state),
    tensorInfo(graphOutput, 'nextC', 'float', state),
  ];
  const [irVersion, operatorSet] = [8, 17];
  return join([
    integer(1, irVersion),
    string(2, 'unroll'),
    message(7, graph),
    message(8, [integer(2, operatorSet)]),
  ]);
}
