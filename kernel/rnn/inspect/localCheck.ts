import type { NdArray } from '../ndarray.js';
import { ruleOf } from '../ops/table.js';
import type { LayerTrace, StepDetail } from './layerTrace.js';
import type { Edge } from './stepMachine.js';

/** Step of the central difference, relative to the operand's size. */
const step = 1e-6;
/** Which part of the result's adjoint counts as scale where next to nothing flows back (saturation). */
const floor = 1e-3;

/**
 * How far the contribution c along an edge is from what central differences say, for the operation y = f(x)
 * with adjoint ȳ and a fixed direction v over the operand:
 *
 *     |c·v − ȳ·(f(x + εv) − f(x − εv)) / 2ε| / (Σ|cᵢvᵢ| + 10⁻³·Σ|ȳᵢ|)
 *
 * Both sides are one number each, but v has no zeros, so a wrong element shows. 0 where ȳ is zero.
 * Computed in float64 whatever the trace is in.
 */
export function localError(
  layer: LayerTrace,
  detail: StepDetail,
  edge: Edge,
  contribution: NdArray,
): number {
  const node = layer.program.nodes[edge.to]!;
  const rule = ruleOf(node.op!);
  const operands = node.operands.map((k) => inFloat64(detail.values[k]!));
  const operand = operands[edge.operand]!;
  const original = operand.data.slice();
  const size = 1 + Math.sqrt(original.reduce((sum, x) => sum + x * x, 0) / original.length);
  const epsilon = step * size;
  const evaluate = (sign: number): Float64Array => {
    for (let i = 0; i < original.length; i++)
      operand.data[i] = original[i]! + sign * epsilon * direction(i);
    const out = {
      data: new Float64Array(detail.values[edge.to]!.data.length),
      shape: detail.values[edge.to]!.shape,
    };
    rule.forward(out, operands, node.attributes);
    return out.data;
  };
  const above = evaluate(1);
  const below = evaluate(-1);
  const adjoint = withoutEdited(layer, detail, edge.to);
  let numeric = 0;
  let scale = 0;
  for (let i = 0; i < above.length; i++) {
    numeric += (adjoint[i]! * (above[i]! - below[i]!)) / (2 * epsilon);
    scale += floor * Math.abs(adjoint[i]!);
  }
  let analytic = 0;
  for (let i = 0; i < original.length; i++) {
    const term = contribution.data[i]! * direction(i);
    analytic += term;
    scale += Math.abs(term);
  }
  const error = Math.abs(analytic - numeric);
  return error === 0 ? 0 : error / scale;
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

/** In [0.5, 1.5), different for each element, the same at every call. */
export const direction = (i: number): number => 0.5 + ((0.618033988749895 * (i + 1)) % 1);

const inFloat64 = ({ data, shape }: NdArray) => ({ data: Float64Array.from(data), shape });

/** By node, the worst of `localError` over the operation's operands; 0 for leaves. */
export function localErrors(layer: LayerTrace, detail: StepDetail): Float64Array {
  const worst = new Float64Array(layer.program.nodes.length);
  layer.edges.forEach((edge, k) => {
    const error = localError(layer, detail, edge, detail.contributions[k]!);
    worst[edge.to] = Math.max(worst[edge.to]!, error);
  });
  return worst;
}
