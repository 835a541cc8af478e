/** ONNX's operators RNN, LSTM and GRU as layers of ours. */
import { peepholeLstmCell } from '../../rnn/cell/builtinCells.js';
import { GRU, LSTM, RNN } from '../../rnn/modules/recurrentLayers.js';
import { Recurrent } from '../../rnn/modules/recurrent.js';
import type { RecurrentLayerOptions } from '../../rnn/modules/recurrentOptions.js';
import { sameShape, showShape } from '../../rnn/ndarray.js';
import { applyOp, Tensor } from '../../rnn/tensor.js';
import { invertOrder, onnxGates, onnxPeepholes, reorderBlocks } from './gateOrders.js';
import { InterchangeError } from './interchangeError.js';
import type { OnnxAttribute, OnnxNode } from './onnxProto.js';

type Operator = keyof typeof onnxGates;
type Direction = 'forward' | 'reverse' | 'bidirectional';

/** Numbers of an operand that is the same for all inputs. */
export interface Constant {
  readonly shape: readonly number[];
  readonly data: ArrayLike<number>;
}

/** A layer and which way it runs. */
export interface ImportedLayer {
  readonly module: Recurrent;
  readonly direction: Direction;
}

export const isRecurrentOperator = (op: string): op is Operator => Object.hasOwn(onnxGates, op);

/** By operator, the activation functions that our layers have. */
const activations: Record<Operator, readonly string[]> = {
  LSTM: ['sigmoid tanh tanh'],
  GRU: ['sigmoid tanh'],
  RNN: ['tanh', 'relu'],
};

const refused: Readonly<Record<string, (value: OnnxAttribute) => boolean>> = {
  activation_alpha: (value) => !('floats' in value && value.floats.length === 0),
  activation_beta: (value) => !('floats' in value && value.floats.length === 0),
  clip: () => true,
  input_forget: (value) => !('int' in value && value.int === 0),
  layout: (value) => !('int' in value && value.int === 0),
};

/** @throws InterchangeError for options that our layers do not have, and weights of other shapes */
export function importLayer(
  node: OnnxNode,
  constantAt: (place: number) => Constant | undefined,
): ImportedLayer {
  const op = node.op as Operator;
  const owner = `importOnnx: ${op} '${node.name}'`;
  for (const [name, isRefused] of Object.entries(refused)) {
    const value = node.attributes[name];
    if (value && isRefused(value))
      throw new InterchangeError(
        `${owner} has ${name} ${JSON.stringify(Object.values(value)[0])}, expected none`,
      );
  }
  const direction = directionOf(owner, node);
  const count = direction === 'bidirectional' ? 2 : 1;
  const [weight, recurrent, bias, peepholes] = [1, 2, 3, 7].map(constantAt);
  const hidden = recurrent?.shape[2] ?? 0;
  const rows = onnxGates[op].length * hidden;
  const inputSize = weight?.shape[2] ?? 0;
  checkShape(`${owner}: W`, weight, [count, rows, inputSize]);
  checkShape(`${owner}: R`, recurrent, [count, rows, hidden]);
  if (bias) checkShape(`${owner}: B`, bias, [count, 2 * rows]);
  if (peepholes) checkShape(`${owner}: P`, peepholes, [count, 3 * hidden]);
  const options = {
    inputSize,
    hiddenSize: hidden,
    bias: bias !== undefined,
    bidirectional: count === 2,
  };
  const module = createLayer(node, activationOf(owner, node, count), options, !!peepholes);
  fill(module, onnxGates[op], { weight, recurrent, bias, peepholes });
  return { module, direction };
}

function directionOf(owner: string, { attributes }: OnnxNode): Direction {
  const { direction } = attributes;
  const text = direction && 'string' in direction ? direction.string : 'forward';
  if (text === 'forward' || text === 'reverse' || text === 'bidirectional') return text;
  throw new InterchangeError(
    `${owner} has direction '${text}', expected forward, reverse or bidirectional`,
  );
}

/** The functions of one direction, which both must have. */
function activationOf(owner: string, { op, attributes }: OnnxNode, count: number): string {
  const known = activations[op as Operator];
  const given = attributes['activations'];
  if (!given || !('strings' in given) || given.strings.length === 0) return known[0]!;
  const text = given.strings.join(' ').toLowerCase();
  const found = known.find((one) => Array.from({ length: count }, () => one).join(' ') === text);
  if (found === undefined)
    throw new InterchangeError(
      `${owner} has activations ${given.strings.join(', ')}, expected ${known.join(' or ')} in each direction`,
    );
  return found;
}

function checkShape(owner: string, given: Constant | undefined, expected: number[]): void {
  if (!given || !sameShape(given.shape, expected) || expected.includes(0))
    throw new InterchangeError(
      `${owner} is ${given ? showShape(given.shape) : 'no constant'}, expected ${showShape(expected)}`,
    );
}

function createLayer(
  { op, attributes }: OnnxNode,
  activation: string,
  options: RecurrentLayerOptions,
  hasPeepholes: boolean,
): Recurrent {
  if (op === 'RNN') return new RNN({ ...options, nonlinearity: activation as 'tanh' | 'relu' });
  if (op === 'LSTM')
    return hasPeepholes ? new Recurrent({ ...options, cell: peepholeLstmCell }) : new LSTM(options);
  const before = attributes['linear_before_reset'];
  return new GRU({
    ...options,
    resetAfter: before !== undefined && 'int' in before && before.int !== 0,
  });
}

interface Weights {
  readonly weight: Constant | undefined;
  readonly recurrent: Constant | undefined;
  readonly bias: Constant | undefined;
  readonly peepholes: Constant | undefined;
}

function fill(module: Recurrent, gates: readonly number[], weights: Weights): void {
  const order = invertOrder(gates);
  const directions = module.bidirectional ? ['', '_reverse'] : [''];
  const put = (name: `weight_${string}` | `bias_${string}`, data: ArrayLike<number>) =>
    module[name]!.data.set(data);
  directions.forEach((suffix, d) => {
    const part = ({ data }: Constant, half?: number): ArrayLike<number> => {
      const all = Array.from(data);
      const size = all.length / directions.length / (half === undefined ? 1 : 2);
      const from = half === undefined ? d * size : (2 * d + half) * size;
      return all.slice(from, from + size);
    };
    put(`weight_ih_l0${suffix}`, reorderBlocks(part(weights.weight!), order));
    put(`weight_hh_l0${suffix}`, reorderBlocks(part(weights.recurrent!), order));
    if (weights.bias) {
      put(`bias_ih_l0${suffix}`, reorderBlocks(part(weights.bias, 0), order));
      put(`bias_hh_l0${suffix}`, reorderBlocks(part(weights.bias, 1), order));
    }
    if (weights.peepholes)
      put(
        `weight_peephole_l0${suffix}`,
        reorderBlocks(part(weights.peepholes), invertOrder(onnxPeepholes)),
      );
  });
}

/** Operands x, W, R, B, lengths, h, c → Y `[T, directions, B, H]`, Y_h, Y_c. */
export function runImportedLayer(
  { module, direction }: ImportedLayer,
  [x, , , , lengths, h, c]: readonly (Tensor | undefined)[],
): Tensor[] {
  const isReverse = direction === 'reverse';
  const state = { ...(h && { h }), ...(c && { c }) };
  const result = module.forward(
    isReverse ? reversed(x!, lengths) : x!,
    Object.keys(state).length > 0 ? state : undefined,
    lengths ? { lengths } : {},
  );
  const output = isReverse ? reversed(result.output, lengths) : result.output;
  const [steps, batch, width] = output.shape as [number, number, number];
  const directions = direction === 'bidirectional' ? 2 : 1;
  const sequence = output
    .reshape([steps, batch, directions, width / directions])
    .permute([0, 2, 1, 3]);
  return [sequence, ...Object.values(result.state)];
}

/** The valid part of each sequence `[T, B, F]` from its end; padding stays where it is. */
function reversed(x: Tensor, lengths: Tensor | undefined): Tensor {
  const [steps, batch, features] = x.shape as [number, number, number];
  const rows = Int32Array.from({ length: steps * batch }, (_, row) => {
    const [t, b] = [Math.floor(row / batch), row % batch];
    const length = lengths?.data[b] ?? steps;
    return (t < length ? length - 1 - t : t) * batch + b;
  });
  const flat = x.reshape([steps * batch, features]);
  return applyOp('embedding', [flat, new Tensor(rows, [rows.length])], {}).reshape(x.shape);
}
