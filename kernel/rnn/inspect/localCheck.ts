import type { NdArray } from '../ndarray.js';
import { ruleOf } from '../ops/table.js';
import type { LayerTrace, StepDetail } from './layerTrace.js';
import type { Edge } from './stepMachine.js';

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
 * All operands with an edge move together. Both sides are one number each, but v has no zeros, so a wrong
 * element shows. 0 where ȳ is zero. Computed in float64 whatever the trace is in.
 *
 * @param edges into one operation, by index
 */
function differenceError(
  layer: LayerTrace,
  detail: StepDetail,
  edges: readonly number[],
  contributionOf: (edge: number) => NdArray,
): number {
  const { to } = layer.edges[edges[0]!]!;
  const node = layer.program.nodes[to]!;
  const original = node.operands.map((k) => inFloat64(detail.values[k]!));
  const moves = edges.map((k) => movedOperand(layer, k, original));
  const { shape, data } = detail.values[to]!;
  const evaluate = (side: 0 | 1): Float64Array => {
    const operands = [...original];
    edges.forEach((k, i) => (operands[layer.edges[k]!.operand] = moves[i]!.moved[side]));
    const out = { data: new Float64Array(data.length), shape };
    ruleOf(node.op!).forward(out, operands, node.attributes);
    return out.data;
  };
  const [above, below] = [evaluate(1), evaluate(0)];
  const adjoint = withoutEdited(layer, detail, to);
  const largest = Math.max(...moves.map(({ epsilon }) => epsilon));
  let [difference, scale] = [0, 0];
  for (let i = 0; i < above.length; i++) {
    difference -= (adjoint[i]! * (above[i]! - below[i]!)) / 2;
    scale += floor * largest * Math.abs(adjoint[i]!);
  }
  edges.forEach((k, i) => {
    const { epsilon } = moves[i]!;
    const from = offsetOf(layer.edges[k]!);
    const contribution = contributionOf(k).data;
    for (let j = 0; j < contribution.length; j++) {
      const term = epsilon * contribution[j]! * direction(from + j);
      difference += term;
      scale += Math.abs(term);
    }
  });
  return difference === 0 ? 0 : Math.abs(difference) / scale;
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

/** By node, `differenceError` of all edges into it; 0 for leaves. */
export function localErrors(layer: LayerTrace, detail: StepDetail): Float64Array {
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
  readonly epsilon: number;
  readonly moved: readonly [NdArray, NdArray];
}

/** Of operands that are the same at every time step, by edge. */
const movedOnce = new WeakMap<LayerTrace, Map<number, MovedOperand>>();

function movedOperand(
  layer: LayerTrace,
  index: number,
  operands: readonly NdArray[],
): MovedOperand {
  const edge = layer.edges[index]!;
  const moved = () => move(operands[edge.operand]!, offsetOf(edge));
  if (!layer.program.nodes[edge.from]!.invariant) return moved();
  let known = movedOnce.get(layer);
  if (!known) movedOnce.set(layer, (known = new Map<number, MovedOperand>()));
  let found = known.get(index);
  if (!found) known.set(index, (found = moved()));
  return found;
}

function move({ data, shape }: NdArray, from: number): MovedOperand {
  let squared = 0;
  for (const x of data) squared += x * x;
  const epsilon = step * (1 + Math.sqrt(squared / data.length));
  const by = (sign: number): NdArray => {
    const moved = new Float64Array(data.length);
    for (let i = 0; i < data.length; i++)
      moved[i] = data[i]! + sign * epsilon * direction(from + i);
    return { data: moved, shape };
  };
  return { epsilon, moved: [by(-1), by(1)] };
}

/** Where an operand's direction begins, so that no two operands of an operation move alike. */
const offsetOf = ({ operand }: Edge): number => 7_919 * operand;

/** In [0.5, 1.5), different for each element, the same at every call. */
export const direction = (i: number): number => 0.5 + ((0.618033988749895 * (i + 1)) % 1);

const inFloat64 = ({ data, shape }: NdArray): NdArray => ({
  data: data instanceof Float64Array ? data : Float64Array.from(data),
  shape,
});
