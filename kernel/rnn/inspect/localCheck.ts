import type { NdArray } from '../ndarray.js';
import { ruleOf } from '../ops/table.js';
import type { LayerTrace, StepDetail } from './layerTrace.js';
import type { Edge } from './stepMachine.js';
import { squaredNorm } from './vectors.js';

/** Step of the central difference, relative to the operand's size. */
const step = 1e-6;
/** Which part of the result's adjoint counts as scale where next to nothing flows back (saturation). */
const floor = 1e-3;

/**
 * How far the contributions c along edges into one operation y = f(x₁, x₂, …) are from what central
 * differences say, with adjoint ȳ and a fixed direction v over each operand, one of its own:
 *
 *     |Σ εc·v − ȳ·(f(x + εv) − f(x − εv)) / 2| / (Σ ε|cᵢvᵢ| + 10⁻³·max ε·Σ|ȳᵢ|)
 *
 * All operands with an edge move together, but those that only decide (a comparison's, the condition of a choice). Both sides are one number each, but v has no zeros, so a wrong
 * element shows. 0 where ȳ is zero. Computed in float64 whatever the trace is in.
 *
 * @param into edges into one operation, by index
 */
function differenceError(
  layer: LayerTrace,
  detail: StepDetail,
  into: readonly number[],
  contributionOf: (edge: number) => NdArray,
): number {
  const { to } = layer.edges[into[0]!]!;
  const { deciding } = ruleOf(layer.program.nodes[to]!.op!);
  const edges = into.filter((k) => !deciding?.includes(layer.edges[k]!.operand));
  if (edges.length === 0) return 0;
  const node = layer.program.nodes[to]!;
  const original = node.operands.map((k) => inFloat64(detail.values[k]!));
  const room = roomOf(layer);
  const moves = edges.map((k) => movedOperand(room, layer, k, original));
  const results = room.resultsOf(to, detail.values[to]!);
  results.forEach((out, side) => {
    const operands = [...original];
    edges.forEach((k, i) => (operands[layer.edges[k]!.operand] = moves[i]!.moved[side]!));
    ruleOf(node.op!).forward(out, operands, node.attributes);
  });
  const [below, above] = [results[0]!.data, results[1]!.data];
  const adjoint = withoutEdited(layer, detail, to);
  const largest = Math.max(...moves.map(({ epsilon }) => epsilon));
  let difference = 0;
  let scale = 0;
  for (let i = 0; i < above.length; i++) {
    difference -= (adjoint[i]! * (above[i]! - below[i]!)) / 2;
    scale += floor * largest * Math.abs(adjoint[i]!);
  }
  edges.forEach((k, i) => {
    const sums = sumAlong(contributionOf(k).data, offsetOf(layer.edges[k]!));
    difference += moves[i]!.epsilon * sums.signed;
    scale += moves[i]!.epsilon * sums.absolute;
  });
  return difference === 0 ? 0 : Math.abs(difference) / scale;
}

/** Σ cᵢvᵢ and Σ |cᵢvᵢ|, each in two sums that need not wait for each other. */
function sumAlong(contribution: ArrayLike<number>, from: number) {
  const along = directions(from + contribution.length);
  let s0 = 0;
  let s1 = 0;
  let a0 = 0;
  let a1 = 0;
  const paired = contribution.length - (contribution.length % 2);
  for (let j = 0; j < paired; j += 2) {
    const x = contribution[j]! * along[from + j]!;
    const y = contribution[j + 1]! * along[from + j + 1]!;
    s0 += x;
    s1 += y;
    a0 += Math.abs(x);
    a1 += Math.abs(y);
  }
  if (paired < contribution.length) {
    const x = contribution[paired]! * along[from + paired]!;
    s0 += x;
    a0 += Math.abs(x);
  }
  return { signed: s0 + s1, absolute: a0 + a1 };
}

/** `differenceError` of one edge alone. */
export function localError(
  layer: LayerTrace,
  detail: StepDetail,
  edge: Edge,
  contribution: NdArray,
): number {
  const index = layer.edges.findIndex(
    ({ to, operand }) => to === edge.to && operand === edge.operand,
  );
  return differenceError(layer, detail, [index], () => contribution);
}

const knownErrors = new WeakMap<LayerTrace, Map<number, Float64Array>>();

/** By node, `differenceError` of all edges into it; 0 for leaves. Kept: checks and pictures ask for the same. */
export function localErrors(layer: LayerTrace, t: number, detail?: StepDetail): Float64Array {
  let known = knownErrors.get(layer);
  if (!known) knownErrors.set(layer, (known = new Map<number, Float64Array>()));
  let errors = known.get(t);
  if (!errors) known.set(t, (errors = computeErrors(layer, detail ?? layer.visit(t))));
  return errors;
}

function computeErrors(layer: LayerTrace, detail: StepDetail): Float64Array {
  const errors = new Float64Array(layer.program.nodes.length);
  const edgesInto = new Map<number, number[]>();
  layer.edges.forEach(({ to }, k) => edgesInto.set(to, [...(edgesInto.get(to) ?? []), k]));
  for (const [node, edges] of edgesInto)
    errors[node] = differenceError(layer, detail, edges, (k) => detail.contributions[k]!);
  return errors;
}

/** The result's adjoint, zero where a what-if edit set the result: nothing flows back from there. */
function withoutEdited({ run }: LayerTrace, { t, adjoints }: StepDetail, node: number) {
  const { data } = adjoints[node]!;
  const edits = run.options.edits?.get(t)?.filter((edit) => edit.node === node) ?? [];
  if (edits.length === 0) return data;
  const copy = data.slice();
  for (const { numbers } of edits) for (const index of numbers.keys()) copy[index] = 0;
  return copy;
}

/** An operand moved by −εv and by εv. */
interface MovedOperand {
  epsilon: number;
  readonly moved: readonly NdArray[];
}

/** Where operands are moved and results computed: the same room at every time step. */
class Room {
  /** By edge. */
  readonly moved = new Map<number, MovedOperand>();
  readonly #results = new Map<number, readonly NdArray[]>();

  /** Of an operation, below and above. */
  resultsOf(node: number, { data, shape }: NdArray): readonly NdArray[] {
    let results = this.#results.get(node);
    if (!results) this.#results.set(node, (results = twice(data.length, shape)));
    return results;
  }
}

const twice = (length: number, shape: NdArray['shape']): NdArray[] => [
  { data: new Float64Array(length), shape },
  { data: new Float64Array(length), shape },
];

const rooms = new WeakMap<LayerTrace, Room>();

function roomOf(layer: LayerTrace): Room {
  let room = rooms.get(layer);
  if (!room) rooms.set(layer, (room = new Room()));
  return room;
}

/** Operands that are the same at every time step are moved once. */
function movedOperand(
  room: Room,
  layer: LayerTrace,
  index: number,
  operands: readonly NdArray[],
): MovedOperand {
  const edge = layer.edges[index]!;
  const { data, shape } = operands[edge.operand]!;
  const known = room.moved.get(index);
  if (known && layer.program.nodes[edge.from]!.invariant) return known;
  const own = known ?? { epsilon: 0, moved: twice(data.length, shape) };
  own.epsilon = step * (1 + Math.sqrt(squaredNorm(data) / data.length));
  const from = offsetOf(edge);
  const along = directions(from + data.length);
  const [below, above] = [own.moved[0]!.data, own.moved[1]!.data];
  for (let i = 0; i < data.length; i++) {
    const by = own.epsilon * along[from + i]!;
    below[i] = data[i]! - by;
    above[i] = data[i]! + by;
  }
  room.moved.set(index, own);
  return own;
}

/** Where an operand's direction begins, so that no two operands of an operation move alike. */
const offsetOf = ({ operand }: Edge): number => 7_919 * operand;

let table = new Float64Array(0);

/** At least the first `count` of `direction`; a remainder takes longer than everything else here. */
function directions(count: number): Float64Array {
  if (table.length < count)
    table = Float64Array.from({ length: Math.max(count, 2 * table.length) }, (_, i) =>
      direction(i),
    );
  return table;
}

/** In [0.5, 1.5), different for each element, the same at every call. */
export const direction = (i: number): number => 0.5 + ((0.618033988749895 * (i + 1)) % 1);

const inFloat64 = ({ data, shape }: NdArray): NdArray => ({
  data: data instanceof Float64Array ? data : Float64Array.from(data),
  shape,
});
