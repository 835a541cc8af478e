import type { Shape } from '../../rnn/ndarray.js';
import { sizeOf } from '../../rnn/ndarray.js';
import type { OpAttributes, OpName } from '../../rnn/ops/table.js';
import {
  extentsOf,
  isFixed,
  toTheEnd,
  type Application,
  type GraphBuilder,
  type Operand,
} from './graphBuilder.js';
import { InterchangeError } from './interchangeError.js';
import { boolType, elementTypes } from './onnxProto.js';

/** Adds the nodes of one operation and gives the name of its result. `attributes` are those of each run. */
type Lowering<A> = (
  graph: GraphBuilder,
  inputs: readonly Operand[],
  attributes: readonly [A, ...A[]],
  application: Application,
) => string;

const same =
  (op: string): Lowering<unknown> =>
  (graph, inputs) =>
    graph.add(op, namesOf(inputs))[0];

const namesOf = (operands: readonly Operand[]): string[] => operands.map(({ name }) => name);

const linear: Lowering<unknown> = (graph, [x, weight, bias]) => {
  if (x!.shapes[0]!.length === 2)
    return graph.add('Gemm', namesOf(bias ? [x!, weight!, bias] : [x!, weight!]), {
      transB: { int: 1 },
    })[0];
  // A weight is transposed once, outside of any loop.
  const transposed = (graph.outer ?? graph).once('Transpose', [weight!.name], {
    perm: { ints: [1, 0] },
  });
  const [product] = graph.add('MatMul', [x!.name, transposed]);
  return bias ? graph.add('Add', [product, bias.name])[0] : product;
};

/** A sum times one over the number of its terms, which may vary, is a mean. */
function toMean(graph: GraphBuilder, { inputs, attributes }: Application): string | undefined {
  const sum = inputs[0]!.source;
  const factors = inputs[1]!.scalars;
  if (sum?.op !== 'sum' || !factors || isFixed(factors)) return undefined;
  const [x] = sum.inputs;
  const isMean = attributes.every((_, run) => {
    const terms = sizeOf(x!.shapes[run]!) / sizeOf(sum.outputShapes[0]![run]!);
    return Math.abs(factors[run]! * terms - 1) < 1e-6;
  });
  if (!isMean) return undefined;
  const { axes, keepDims } = sum.attributes[0] as OpAttributes['sum'];
  const rank = x!.shapes[0]!.length;
  return graph.add('ReduceMean', [x!.name], {
    axes: { ints: [...(axes ?? Array.from({ length: rank }, (_, k) => k))] },
    keepdims: { int: keepDims ? 1 : 0 },
  })[0];
}

const slice: Lowering<OpAttributes['slice']> = (graph, [x], runs) => {
  const { axis } = runs[0];
  const extents = x!.shapes.map((shape) => shape.at(axis)!);
  const start = placeOf(
    'slice',
    runs.map((one) => one.start),
    extents,
  );
  const ends = runs.map((one) => one.end);
  const end = ends.every((one, run) => one === extents[run])
    ? toTheEnd
    : placeOf('slice', ends, extents);
  const at = [start, end, axis].map((value) => graph.integers([value]));
  return graph.add('Slice', [x!.name, ...at])[0];
};

/** An index along an axis, counted from its end (negative) where that is what stays the same. */
function placeOf(owner: string, places: readonly number[], extents: readonly number[]): number {
  if (isFixed(places)) return places[0]!;
  const fromEnd = places.map((place, run) => place - extents[run]!);
  if (isFixed(fromEnd) && fromEnd[0]! < 0) return fromEnd[0]!;
  throw new InterchangeError(
    `exportOnnx: ${owner} takes index ${places.join(' and ')} of ${extents.join(' and ')}, expected the same place from the start or from the end`,
  );
}

const reshape: Lowering<OpAttributes['reshape']> = (graph, [x], runs) => {
  const shapes = runs.map((one) => one.shape);
  const varying = extentsOf(shapes).filter((sizes) => !isFixed(sizes));
  if (varying.length <= 1)
    return graph.add('Reshape', [x!.name, graph.integers(inferred(shapes))])[0];
  // One extent may be none of the inputs' own; it follows from the others.
  const known = extentsOf(shapes).map((sizes) =>
    isFixed(sizes) || graph.extentNamed(sizes) ? sizes : sizes.map(() => -1),
  );
  const target = shapes.map((_, run): Shape => known.map((sizes) => sizes[run]!));
  return graph.add('Reshape', [x!.name, graph.shape('reshape', target)])[0];
};

/** The shape with -1 for the one extent that varies. */
const inferred = (shapes: readonly Shape[]): number[] =>
  extentsOf(shapes).map((sizes) => (isFixed(sizes) ? sizes[0]! : -1));

const sum: Lowering<OpAttributes['sum']> = (graph, [x], [{ axes, keepDims }]) =>
  graph.add('ReduceSum', [x!.name, ...(axes ? [graph.integers(axes)] : [])], {
    keepdims: { int: keepDims ? 1 : 0 },
  })[0];

const max: Lowering<OpAttributes['max']> = (graph, [x], [{ axes, keepDims }]) =>
  graph.add('ReduceMax', [x!.name], {
    ...(axes && { axes: { ints: axes } }),
    keepdims: { int: keepDims ? 1 : 0 },
  })[0];

const pow: Lowering<OpAttributes['pow']> = (graph, [x], [{ exponent }]) =>
  graph.add('Pow', [x!.name, graph.floats(`exponent_${exponent}`, [], () => [exponent])])[0];

const comparison =
  (op: string): Lowering<unknown> =>
  (graph, inputs) =>
    graph.add('Cast', graph.add(op, namesOf(inputs)), {
      to: { int: elementTypes[graph.floatType] },
    })[0];

const where: Lowering<unknown> = (graph, [condition, a, b]) => {
  const [isTrue] = graph.add('Cast', [condition!.name], { to: { int: boolType } });
  return graph.add('Where', [isTrue, a!.name, b!.name])[0];
};

const layerNorm: Lowering<OpAttributes['layerNorm']> = (
  graph,
  [x, gain, bias],
  [{ eps, axes }],
) => {
  const normalised = x!.shapes[0]!.slice(-axes);
  const scale =
    gain?.name ??
    graph.floats(`ones_${normalised.join('x')}`, normalised, () =>
      new Array<number>(sizeOf(normalised)).fill(1),
    );
  return graph.add('LayerNormalization', [x!.name, scale, ...(bias ? [bias.name] : [])], {
    axis: { int: -axes },
    epsilon: { float: eps },
  })[0];
};

const conv1d: Lowering<OpAttributes['conv1d']> = (graph, inputs, [attributes]) =>
  graph.add('Conv', namesOf(inputs), {
    strides: { ints: [attributes.stride] },
    pads: { ints: [...attributes.padding] },
    dilations: { ints: [attributes.dilation] },
    group: { int: attributes.groups },
  })[0];

const lastAxis = { axis: { int: -1 } };

/** Complete by type: a primitive without a form in ONNX does not compile. */
const lowerings: { readonly [K in OpName]: Lowering<OpAttributes[K]> } = {
  neg: same('Neg'),
  exp: same('Exp'),
  log: same('Log'),
  sqrt: same('Sqrt'),
  sigmoid: same('Sigmoid'),
  tanh: same('Tanh'),
  relu: same('Relu'),
  abs: same('Abs'),
  pow,
  add: same('Add'),
  sub: same('Sub'),
  mul: same('Mul'),
  div: same('Div'),
  gt: comparison('Greater'),
  ge: comparison('GreaterOrEqual'),
  eq: comparison('Equal'),
  where,
  linear,
  matmul: same('MatMul'),
  slice,
  cat: (graph, inputs, [{ axis }]) =>
    graph.add('Concat', namesOf(inputs), { axis: { int: axis } })[0],
  reshape,
  permute: (graph, [x], [{ order }]) =>
    graph.add('Transpose', [x!.name], { perm: { ints: order } })[0],
  sum,
  max,
  softmax: (graph, [x]) => graph.add('Softmax', [x!.name], lastAxis)[0],
  logSoftmax: (graph, [x]) => graph.add('LogSoftmax', [x!.name], lastAxis)[0],
  layerNorm,
  conv1d,
  embedding: (graph, [weight, indices]) => graph.add('Gather', [weight!.name, indices!.name])[0],
};

export const hasOnnxForm = (op: string): op is OpName => Object.hasOwn(lowerings, op);

/** Adds a primitive's nodes and gives the name of its result. @throws InterchangeError for numbers that vary */
export function lowerPrimitive(graph: GraphBuilder, op: OpName, application: Application): string {
  const { inputs, attributes } = application;
  const mean = op === 'mul' ? toMean(graph, application) : undefined;
  if (mean !== undefined) return mean;
  const varying = inputs.find(({ scalars }) => scalars && !isFixed(scalars))?.scalars;
  if (varying)
    throw new InterchangeError(
      `exportOnnx: operation '${op}' reads a number that was ${varying.join(' and ')}, expected one that does not depend on the inputs' sizes or numbers, or a mean`,
    );
  const lower = lowerings[op] as Lowering<unknown>;
  return lower(graph, inputs, attributes as [unknown], application);
}
