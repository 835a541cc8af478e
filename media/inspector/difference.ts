import type { FloatArray, TraceData } from '../../kernel/contract/trace.js';

type Layer = TraceData['layers'][number];
type Node = Layer['nodes'][number];

/**
 * after − before, as a trace that can be walked and drawn like any other: numbers are differences, norms are
 * norms of differences. Both must have the same layers, nodes, steps, sequences and units, as what-if gives them.
 *
 * Where numbers are carried, ‖after − before‖ is over those; it is at least |‖after‖ − ‖before‖|, which stands
 * where they are not.
 */
export function toDifference(before: TraceData, after: TraceData): TraceData {
  const { steps } = before;
  return {
    ...after,
    loss: { ...after.loss, terms: minus(after.loss.terms, before.loss.terms) },
    layers: after.layers.map((layer, index) =>
      layerDifference(before.layers[index]!, layer, steps),
    ),
    ...(after.attention && {
      attention: after.attention.map((one, index) => ({
        ...one,
        weight: changeOf(one.weight, before.attention![index]!.weight),
        flow: changeOf(one.flow, before.attention![index]!.flow),
      })),
    }),
    stages: after.stages.map((stage, index) => {
      const was = before.stages[index]!;
      const output = stage.layer === undefined ? undefined : outputOf(before, after, stage.layer);
      return {
        ...stage,
        valueNorm: normOfDifference(was.valueNorm, stage.valueNorm, output?.value, steps),
        adjointNorm: normOfDifference(was.adjointNorm, stage.adjointNorm, output?.adjoint, steps),
      };
    }),
  };
}

function layerDifference(before: Layer, after: Layer, steps: readonly number[]): Layer {
  return {
    ...after,
    nodes: after.nodes.map((node, index) => nodeDifference(before.nodes[index]!, node, steps)),
    edges: after.edges.map((edge, index) => {
      const was = before.edges[index]!;
      const contribution = minusIfBoth(edge.contribution, was.contribution);
      const norm = normOfDifference(was.norm, edge.norm, contribution, steps);
      return { ...edge, norm, ...(contribution && { contribution }) };
    }),
    states: after.states.map((state, index) => {
      const was = before.states[index]!;
      const carriedAdjoint = minusIfBoth(state.carriedAdjoint, was.carriedAdjoint);
      const carried = normOfDifference(was.carried, state.carried, carriedAdjoint, steps);
      return { ...state, carried, ...(carriedAdjoint && { carriedAdjoint }) };
    }),
    fromAbove: normOfDifference(
      before.fromAbove,
      after.fromAbove,
      minusIfBoth(after.fromAboveAdjoint, before.fromAboveAdjoint),
      steps,
    ),
  };
}

function nodeDifference(before: Node, after: Node, steps: readonly number[]): Node {
  const value = minusIfBoth(after.value, before.value);
  const adjoint = minusIfBoth(after.adjoint, before.adjoint);
  return {
    ...after,
    ...(value && { value }),
    ...(adjoint && { adjoint }),
    valueNorm: normOfDifference(before.valueNorm, after.valueNorm, value, after.once ? [0] : steps),
    adjointNorm: normOfDifference(before.adjointNorm, after.adjointNorm, adjoint, steps),
  };
}

/** Differences of a recurrent layer's output, for its stage. */
function outputOf(before: TraceData, after: TraceData, layer: number) {
  const own = after.layers[layer];
  const was = before.layers[layer];
  if (!own || !was) return undefined;
  const [node, old] = [own.nodes[own.output]!, was.nodes[was.output]!];
  return {
    value: minusIfBoth(node.value, old.value),
    adjoint: minusIfBoth(node.adjoint, old.adjoint),
  };
}

const minus = (after: FloatArray, before: FloatArray): FloatArray => ({
  shape: after.shape,
  data: after.data.map((number, index) => number - before.data[index]!),
});

const changeOf = (after: FloatArray, before: FloatArray): FloatArray => ({
  shape: after.shape,
  data: minus(after, before).data.map(Math.abs),
});

const minusIfBoth = (
  after: FloatArray | undefined,
  before: FloatArray | undefined,
): FloatArray | undefined =>
  after && before?.data.length === after.data.length ? minus(after, before) : undefined;

/** @param numbers the differences, `[K, …]`, of the time steps `steps` */
function normOfDifference(
  before: FloatArray,
  after: FloatArray,
  numbers: FloatArray | undefined,
  steps: readonly number[],
): FloatArray {
  const data = after.data.map((norm, t) => Math.abs(norm - before.data[t]!));
  const count = numbers ? numbers.data.length / Math.max(1, steps.length) : 0;
  if (numbers && Number.isInteger(count))
    steps.forEach((t, row) => {
      const own = normOf(numbers.data.subarray(row * count, (row + 1) * count));
      if (t < data.length && !(data[t]! > own)) data[t] = own;
    });
  return { shape: after.shape, data };
}

function normOf(numbers: Float32Array): number {
  let sum = 0;
  for (const number of numbers) sum += number * number;
  return Math.sqrt(sum);
}

/** Whether any two arrays of the two traces can be subtracted. */
export function areAlike(a: TraceData, b: TraceData): boolean {
  const shapeOf = ({ timeSteps, steps, sequences, layers, stages, attention }: TraceData) =>
    JSON.stringify([
      timeSteps,
      attention?.map(({ from, to, queries, keys }) => [from, to, queries, keys]),
      steps,
      sequences,
      stages.map(({ name, layer }) => [name, layer]),
      layers.map(({ nodes, edges, states, direction }) => [
        direction,
        nodes.map(({ id, units }) => [id, units.length]),
        edges.map(({ from, to }) => [from, to]),
        states.map(({ name }) => name),
      ]),
    ]);
  return shapeOf(a) === shapeOf(b);
}
