/**
 * Weights in the layout of Keras: kernels `[inputs, outputs]`, gates i f c o and z r h.
 * Source: https://keras.io/api/layers/recurrent_layers/ and keras/src/layers/rnn/{lstm,gru,simple_rnn}.py
 */
import type { CellProgram } from '../../rnn/cell/program.js';
import { StateDictError } from '../../rnn/errors.js';
import { Conv1d } from '../../rnn/modules/conv1d.js';
import { Embedding } from '../../rnn/modules/embedding.js';
import { LayerNorm } from '../../rnn/modules/layerNorm.js';
import { Linear } from '../../rnn/modules/linear.js';
import type { Module } from '../../rnn/modules/module.js';
import { Recurrent } from '../../rnn/modules/recurrent.js';
import { RecurrentCell } from '../../rnn/modules/recurrentCell.js';
import { createNumbers, sameShape, showShape, type Shape } from '../../rnn/ndarray.js';
import { checkOptions, is, optional } from '../../rnn/options.js';
import { Tensor } from '../../rnn/tensor.js';
import { invertOrder, reorderBlocks, transposed } from './gateOrders.js';
import { InterchangeError } from './interchangeError.js';
import { cellProgramOf, findOperator } from './onnxRecurrent.js';

type Tensors = Readonly<Record<string, Tensor>>;

/** One array of Keras and the parameters of ours that it holds. */
interface Piece {
  readonly keras: string;
  readonly shape: Shape;
  /** Paths of ours. */
  readonly names: readonly string[];
  /** Numbers of ours → numbers of Keras, and back. */
  readonly toKeras: (...parameters: Tensor[]) => ArrayLike<number>;
  readonly fromKeras: (array: Tensor) => readonly ArrayLike<number>[];
}

/** Block k of Keras is our block at place k. */
const kerasGates = { LSTM: [0, 1, 2, 3], GRU: [1, 0, 2], RNN: [0] } as const;

/**
 * A model's parameters as the arrays that Keras layers hold, by path: `lstm.kernel`, `lstm.recurrent_kernel`, `lstm.bias`,
 * `head.kernel`, `embedding.embeddings`, `norm.gamma`. Stacked layers have their number in the path, two directions
 * `forward_layer` and `backward_layer`. For a file: `saveSafetensors(toKerasWeights(model))`.
 * @throws InterchangeError for parameters of layers that Keras does not have
 */
export function toKerasWeights(model: Module): Record<string, Tensor> {
  const values = model.stateDict();
  return Object.fromEntries(
    piecesOf(model).map(({ keras, shape, names, toKeras }) => {
      const parameters = names.map((name) => values[name]!);
      const data = createNumbers(parameters[0]!.dtype, parameters[0]!.size);
      const array = toKeras(...parameters);
      const whole =
        array.length === data.length ? data : createNumbers(parameters[0]!.dtype, array.length);
      whole.set(array);
      return [keras, new Tensor(whole, shape)];
    }),
  );
}

/** Options of `loadKerasWeights`. */
export interface KerasOptions {
  /** The `reset_after` of the GRU layers that the arrays are of; needed for layers without bias, whose shapes do not tell. */
  resetAfter?: boolean;
}

/**
 * Copies arrays of Keras layers into a model's parameters. A bias of RNN or LSTM goes to `bias_ih`, and `bias_hh` becomes
 * zero. Nothing is changed unless everything fits.
 * @throws InterchangeError for a GRU of the other kind (`reset_after`), and for layers that Keras does not have
 * @throws StateDictError that lists missing and unexpected names and shapes that differ
 */
export function loadKerasWeights(
  model: Module,
  weights: Tensors,
  options: KerasOptions = {},
): void {
  checkOptions('loadKerasWeights', options, { resetAfter: optional(is.boolean) });
  checkResets(model, weights, options.resetAfter);
  const pieces = piecesOf(model);
  const known = new Set(pieces.map(({ keras }) => keras));
  const problems = [
    ...pieces.flatMap(({ keras, shape }) => {
      const given = weights[keras];
      if (!given) return [`${keras} is missing`];
      if (sameShape(given.shape, shape)) return [];
      return [`${keras} is ${showShape(given.shape)}, expected ${showShape(shape)}`];
    }),
    ...Object.keys(weights)
      .filter((name) => !known.has(name))
      .map((name) => `${name} is not an array of this model`),
  ];
  if (problems.length > 0) throw new StateDictError(`loadKerasWeights: ${problems.join('; ')}`);
  const shapes = new Map(
    Object.entries(model.stateDict()).map(([name, { shape }]) => [name, shape]),
  );
  const entries = pieces.flatMap(({ keras, names, fromKeras }) => {
    const parts = fromKeras(weights[keras]!);
    return names.map((name, k) => {
      const data = Float64Array.from(parts[k]!);
      return [name, new Tensor(data, shapes.get(name)!)] as const;
    });
  });
  model.loadStateDict(Object.fromEntries(entries));
}

/** The arrays of all layers. @throws InterchangeError if a parameter is in none */
function piecesOf(model: Module): Piece[] {
  const pieces = [...model.namedModules()].flatMap(([path, one]) => {
    const form = forms.find(({ type }) => one instanceof type);
    return form ? form.pieces(one as never, path ? `${path}.` : '') : [];
  });
  const held = new Set(pieces.flatMap(({ names }) => names));
  for (const [name] of model.namedParameters())
    if (!held.has(name))
      throw new InterchangeError(
        `Keras weights: '${name}' is of no layer that Keras has, expected Linear, Embedding, LayerNorm, Conv1d, RNN, LSTM, GRU`,
      );
  return pieces;
}

interface Form {
  readonly type: abstract new (...options: never[]) => Module;
  readonly pieces: (module: never, path: string) => Piece[];
}

const forms: readonly Form[] = [
  {
    type: Linear,
    pieces: ({ weight, bias }: Linear, path) => [
      matrix(path, 'kernel', 'weight', weight.shape),
      ...(bias ? [plain(path, 'bias', 'bias', bias.shape)] : []),
    ],
  },
  {
    type: Embedding,
    pieces: ({ weight }: Embedding, path) => [plain(path, 'embeddings', 'weight', weight.shape)],
  },
  {
    type: LayerNorm,
    pieces: ({ weight, bias }: LayerNorm, path) => [
      ...(weight ? [plain(path, 'gamma', 'weight', weight.shape)] : []),
      ...(bias ? [plain(path, 'beta', 'bias', bias.shape)] : []),
    ],
  },
  {
    type: Conv1d,
    pieces: ({ weight, bias }: Conv1d, path) => [
      convolution(path, weight.shape),
      ...(bias ? [plain(path, 'bias', 'bias', bias.shape)] : []),
    ],
  },
  { type: Recurrent, pieces: recurrentPieces },
  {
    type: RecurrentCell,
    pieces: ({ program }: RecurrentCell, path) => cellPieces(program, path, path, ''),
  },
];

const plain = (path: string, keras: string, name: string, shape: Shape): Piece => ({
  keras: path + keras,
  shape,
  names: [path + name],
  toKeras: ({ data }: Tensor) => data,
  fromKeras: ({ data }) => [data],
});

const matrix = (
  path: string,
  keras: string,
  name: string,
  [rows, columns]: Shape,
  order: readonly number[] = [0],
  own = path,
): Piece => ({
  keras: path + keras,
  shape: [columns!, rows!],
  names: [own + name],
  toKeras: ({ data }: Tensor) => transposed(reorderBlocks(data, order), [rows!, columns!]),
  fromKeras: ({ data }) => [reorderBlocks(transposed(data, [columns!, rows!]), invertOrder(order))],
});

/** `[out, in, k]` and `[k, in, out]` */
function convolution(path: string, [outputs, inputs, size]: Shape): Piece {
  const turned = (data: ArrayLike<number>, [a, b, c]: Shape): Float64Array => {
    const out = new Float64Array(data.length);
    for (let i = 0; i < a!; i++)
      for (let j = 0; j < b!; j++)
        for (let k = 0; k < c!; k++) out[(k * b! + j) * a! + i] = data[(i * b! + j) * c! + k]!;
    return out;
  };
  return {
    keras: `${path}kernel`,
    shape: [size!, inputs!, outputs!],
    names: [`${path}weight`],
    toKeras: ({ data }: Tensor) => turned(data, [outputs!, inputs!, size!]),
    fromKeras: ({ data }) => [turned(data, [size!, inputs!, outputs!])],
  };
}

function recurrentPieces(module: Recurrent, path: string): Piece[] {
  const directions = module.bidirectional ? ['', '_reverse'] : [''];
  if (module.zoneout.size > 0)
    throw new InterchangeError(
      `Keras weights: '${path.slice(0, -1)}' has zoneout, which Keras does not have: its layer would compute other numbers`,
    );
  return module.programs.flatMap((program, l) => {
    const stacked = module.numLayers > 1 ? `${path}${l}.` : path;
    return directions.flatMap((suffix) => {
      const side = suffix ? 'backward_layer.' : 'forward_layer.';
      const prefix = module.bidirectional ? stacked + side : stacked;
      return cellPieces(program, path, prefix, `_l${l}${suffix}`);
    });
  });
}

/** @param path of the module, @param prefix of Keras' arrays, @param tail of the parameters' names */
function cellPieces(program: CellProgram, path: string, prefix: string, tail: string): Piece[] {
  const operator = findOperator(program);
  if (!operator || program.parameters.some(({ name }) => name === 'weight_peephole'))
    throw new InterchangeError(
      `Keras weights: '${path.slice(0, -1)}' runs the cell ${program.name}, which Keras does not have`,
    );
  const order = kerasGates[operator.op];
  const shapeOf = (name: string): Shape =>
    program.parameters.find((one) => one.name === name)!.shape;
  const kernel = (keras: string, name: string): Piece =>
    matrix(prefix, keras, name + tail, shapeOf(name), order, path);
  const pieces = [kernel('kernel', 'weight_ih'), kernel('recurrent_kernel', 'weight_hh')];
  if (program.parameters.every(({ name }) => name !== 'bias_ih')) return pieces;
  const names = ['bias_ih', 'bias_hh'].map((name) => path + name + tail);
  const isPair = operator.attributes['linear_before_reset'] !== undefined;
  const bias = isPair ? pairedBias : joinedBias;
  return [...pieces, bias(`${prefix}bias`, names, order, shapeOf('bias_ih')[0]!)];
}

/** Both vectors, one below the other: where r multiplies the second they are not the same as their sum. */
const pairedBias = (
  keras: string,
  names: string[],
  order: readonly number[],
  size: number,
): Piece => ({
  keras,
  shape: [2, size],
  names,
  toKeras: (input, recurrent) => [
    ...reorderBlocks(input.data, order),
    ...reorderBlocks(recurrent.data, order),
  ],
  fromKeras: ({ data }) =>
    [data.slice(0, size), data.slice(size)].map((half) => reorderBlocks(half, invertOrder(order))),
});

/** The sum of both vectors; all of it goes to the first. */
const joinedBias = (
  keras: string,
  names: string[],
  order: readonly number[],
  size: number,
): Piece => ({
  keras,
  shape: [size],
  names,
  toKeras: (input, recurrent) =>
    reorderBlocks(
      Float64Array.from(input.data, (one, k) => one + recurrent.data[k]!),
      order,
    ),
  fromKeras: ({ data }) => [reorderBlocks(data, invertOrder(order)), new Float64Array(size)],
});

/** A GRU's kind shows in the shape of its bias; without one it has to be told. */
function checkResets(model: Module, weights: Tensors, told: boolean | undefined): void {
  for (const [path, one] of model.namedModules()) {
    const program = cellProgramOf(one);
    const operator = program && findOperator(program);
    if (operator?.op !== 'GRU') continue;
    const ours = operator.attributes['linear_before_reset'] !== undefined;
    const bias = Object.entries(weights).find(
      ([name]) => name.startsWith(path ? `${path}.` : '') && /(^|\.)bias$/.test(name),
    );
    const hasBias = program!.parameters.some(({ name }) => name === 'bias_ih');
    const theirs = hasBias && bias ? bias[1].shape.length === 2 : told;
    if (theirs === undefined && !hasBias)
      throw new InterchangeError(
        `loadKerasWeights: '${path}' is a GRU without bias, whose arrays do not tell its reset_after; say { resetAfter }`,
      );
    const found = [theirs, told].find((kind) => kind !== undefined && kind !== ours);
    if (found !== undefined)
      throw new InterchangeError(
        `loadKerasWeights: '${path}' is a GRU with resetAfter: ${ours}, got arrays of one with reset_after=${found ? 'True' : 'False'}`,
      );
  }
}
