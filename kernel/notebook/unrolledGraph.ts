import {
  graphMime,
  vegaLiteMime,
  type GraphCell,
  type GraphLayer,
  type GraphPayload,
  type MimeBundle,
} from '../contract/mime.js';
import { equationOf, valueNames, type CellProgram } from '../rnn/cell/program.js';
import { AutogradError, OptionError } from '../rnn/errors.js';
import type { Module } from '../rnn/modules/module.js';
import type { RecurrentDetail } from '../rnn/modules/cellLayer.js';
import { batch, showShape, type Shape } from '../rnn/ndarray.js';
import { checkOptions, optional } from '../rnn/options.js';
import { tapeOrder, type Tensor, type TapeNode } from '../rnn/tensor.js';
import { callModel, type Model } from '../rnn/train/model.js';
import { graphFallback } from './graphFallback.js';
import { Media } from './mimeBundle.js';

/** Options of `unrolledGraph`. */
export interface UnrolledGraphOptions {
  /** Default `'Unrolled computation graph'`. */
  title?: string;
  /** What stands under each time step, e.g. the characters read. */
  inputs?: readonly string[];
  /** What stands over each time step, e.g. the characters predicted. */
  outputs?: readonly string[];
}

/**
 * The computation graph of a model unrolled over the time steps of an input, to be shown as a cell's value.
 *
 * Runs the model forward once and reads the graph off the tape of its output, so what is drawn is what
 * trains. Layers are what computes at each time step: operations that only rearrange are passed over.
 *
 * @param input what the model takes, time-major: `[T, B]` indices or `[T, B, F]`
 * @throws OptionError for options it does not know, AutogradError if the output does not depend on parameters
 */
export function unrolledGraph<State>(
  model: Module & Model<State>,
  input: Tensor,
  options: UnrolledGraphOptions = {},
): Media {
  const texts = (value: unknown) =>
    Array.isArray(value) && value.every((text) => typeof text === 'string')
      ? undefined
      : 'an array of texts';
  checkOptions('unrolledGraph', options, {
    title: optional((value) => (typeof value === 'string' ? undefined : 'a text')),
    inputs: optional(texts),
    outputs: optional(texts),
  });
  return new Media(graphBundle(toGraphPayload(model, input, options)));
}

export function toGraphPayload<State>(
  model: Module & Model<State>,
  input: Tensor,
  { title = 'Unrolled computation graph', inputs, outputs }: UnrolledGraphOptions = {},
): GraphPayload {
  const timeSteps = input.shape[0];
  if (!timeSteps)
    throw new OptionError(
      `unrolledGraph: input is ${showShape(input.shape)}, expected time steps along the first axis`,
    );
  const { output } = callModel(model, input, undefined);
  if (!output.source)
    throw new AutogradError('unrolledGraph: the output does not depend on any trained parameter');
  const layers = toLayers(tapeOrder(output), ownersOf(model), timeSteps);
  return {
    version: 1,
    title,
    timeSteps,
    ...(inputs && { inputs: inputs.slice(0, timeSteps) }),
    ...(outputs && { outputs: outputs.slice(0, timeSteps) }),
    layers,
  };
}

function graphBundle(payload: GraphPayload): MimeBundle {
  const text = payload.layers.map(
    ({ name, type, inputShape, outputShape, parameters }) =>
      `  ${name} (${type}) ${showShape(inputShape)} → ${showShape(outputShape)}, ${parameters} parameters`,
  );
  return {
    [graphMime]: payload as unknown as MimeBundle[string],
    [vegaLiteMime]: graphFallback(payload),
    'text/plain': [`${payload.title}, ${payload.timeSteps} time steps`, ...text].join('\n'),
  };
}

/** Which module each parameter belongs to, by path. */
function ownersOf(model: Module): Map<Tensor, string> {
  return new Map(
    [...model.namedParameters()].map(([path, parameter]) => {
      const layer = /_l(\d+)$/.exec(path);
      const owner = path.split('.').slice(0, -1).join('.');
      return [parameter, layer ? [owner, `l${layer[1]!}`].filter(Boolean).join('.') : owner];
    }),
  );
}

/** Operations that rearrange numbers and compute none. */
const transparent: ReadonlySet<string> = new Set(['slice', 'reshape', 'permute', 'cat']);

const layerTypes: Readonly<Record<string, string>> = { embedding: 'Embedding', linear: 'Linear' };

function toLayers(
  tape: readonly TapeNode[],
  owners: ReadonlyMap<Tensor, string>,
  timeSteps: number,
): GraphLayer[] {
  const layers: GraphLayer[] = [];
  /** The layers whose output a node's output is, rearranged or not. */
  const sources = new Map<TapeNode, number[]>();
  for (const node of tape) {
    const from = node.inputs.flatMap((input) => inputLayers(input, owners, sources));
    const isLayer = !transparent.has(node.op) && node.outputShapes[0]![0] === timeSteps;
    sources.set(node, isLayer ? [layers.length] : from);
    if (isLayer) layers.push(toLayer(node, [...new Set(from)], owners, layers));
  }
  return layers;
}

function inputLayers(
  input: Tensor,
  owners: ReadonlyMap<Tensor, string>,
  sources: ReadonlyMap<TapeNode, number[]>,
): number[] {
  if (owners.has(input)) return [];
  if (input.source) return sources.get(input.source.node) ?? [];
  return input.shape.length >= 2 ? [-1] : [];
}

function toLayer(
  node: TapeNode,
  from: number[],
  owners: ReadonlyMap<Tensor, string>,
  below: readonly GraphLayer[],
): GraphLayer {
  const parameters = node.inputs.filter((input) => owners.has(input));
  const recurrent = node.op === 'recurrent' ? (node.detail as RecurrentDetail) : undefined;
  const type = recurrent?.program.name ?? layerTypes[node.op] ?? node.op;
  const data = node.inputs.find((input) => !owners.has(input));
  return {
    name: uniqueName((parameters[0] && owners.get(parameters[0])) || type, below),
    type,
    from: recurrent ? from.slice(0, 1) : from,
    inputShape: data ? data.shape.slice(1) : [],
    outputShape: node.outputShapes[0]!.slice(1),
    parameters: parameters.reduce((count, { size }) => count + size, 0),
    ...(recurrent && { cell: toGraphCell(recurrent.program, node.outputShapes[0]![1]!) }),
  };
}

function uniqueName(name: string, taken: readonly GraphLayer[]): string {
  let unique = name;
  for (let k = 2; taken.some((layer) => layer.name === unique); k++) unique = `${name} (${k})`;
  return unique;
}

/** A cell program as the picture's data; constants stand in the equations only. */
export function toGraphCell(program: CellProgram, batchSize: number): GraphCell {
  const names = valueNames(program);
  const concrete = (shape: Shape): number[] =>
    shape.map((extent) => (extent === batch ? batchSize : extent));
  const nodes = program.nodes.flatMap((node, index): GraphCell['nodes'] => {
    if (node.kind === 'constant') return [];
    return [
      {
        id: names[index]!,
        kind: node.kind,
        ...(node.op && { op: node.op }),
        ...(node.label && { label: node.label }),
        inputs: node.operands
          .filter((operand) => program.nodes[operand]!.kind !== 'constant')
          .map((operand) => names[operand]!),
        shape: concrete(node.shape),
        equation:
          node.kind === 'operation'
            ? `${names[index]!} = ${equationOf(node, names)}`
            : `${names[index]!} ${showShape(concrete(node.shape))}`,
      },
    ];
  });
  return {
    nodes,
    states: program.states.map(({ name, size, next }) => ({
      name,
      shape: [batchSize, size],
      next: names[next]!,
    })),
    output: names[program.output]!,
  };
}
