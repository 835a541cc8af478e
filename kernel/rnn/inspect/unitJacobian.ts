import type { CellProgram } from '../cell/program.js';
import { batch, sizeOf, type NumberArray } from '../ndarray.js';
import { elementwise } from '../ops/table.js';
import type { LayerRun } from './layerRun.js';
import { isWeightProduct, SeedBundle } from './seedBundle.js';

/**
 * ∂sₜ/∂sₜ₋₁ of a cell whose units meet only in products of a state with a weight, as in RNN, LSTM, GRU and most
 * others. There each number within the step depends on one unit of s′, so one seed of ones for each state finds
 * them all at once, and the Jacobian's row u is a sum of few rows of the weights:
 *
 *     ∂s′ᵤ/∂s = Σ over n with unit(n) = u of ȳₙ·W[n, :] + what reaches s unit by unit
 *
 * Undefined for a cell that mixes units in other ways.
 */
export function unitJacobian(
  run: LayerRun,
  sequence: number,
): ((t: number) => Float64Array) | undefined {
  const { program } = run;
  const { states } = program;
  const units = states.map(({ next }) => unitsFrom(program, next));
  if (!units.every((map) => map !== undefined)) return undefined;
  const products = weightProducts(program);
  const bundle = new SeedBundle(run, states.length, {
    sequences: [sequence],
    toInput: false,
    stopAt: new Set(products.map(({ node }) => node)),
  });
  const size = states.reduce((sum, state) => sum + state.size, 0);
  const starts = states.map((_, k) => states.slice(0, k).reduce((sum, one) => sum + one.size, 0));
  return (t) => {
    bundle.back(t, () =>
      states.forEach(({ next, size: width }, k) =>
        bundle.seed(next, k, new Float64Array(width).fill(1)),
      ),
    );
    const result = new Float64Array(size * size);
    units.forEach((map, k) => {
      const rowOf = (unit: number): number => (starts[k]! + unit) * size;
      states.forEach(({ node }, column) => {
        const own = map.get(node);
        const numbers = bundle.of(node, k);
        own?.forEach((unit, p) => {
          if (unit >= 0) result[rowOf(unit) + starts[column]! + p]! += numbers[p]!;
        });
      });
      for (const { node, state, weight } of products) {
        const own = map.get(node);
        const at = starts[states.findIndex((one) => one.node === state)]!;
        if (!own) continue;
        const sent = bundle
          .withoutEdited(t, node)
          .data.subarray(k * own.length, (k + 1) * own.length);
        addRows(result, own, sent, run.machine.values[weight]!.data, rowOf, at);
      }
    });
    return result;
  };
}

/** Σ ȳₙ·W[n, :] into the row of n's unit. */
function addRows(
  result: Float64Array,
  units: Int32Array,
  adjoint: NumberArray,
  weight: NumberArray,
  rowOf: (unit: number) => number,
  at: number,
): void {
  const width = weight.length / units.length;
  for (let n = 0; n < units.length; n++) {
    const factor = adjoint[n]!;
    if (units[n]! < 0 || factor === 0) continue;
    const to = rowOf(units[n]!) + at;
    const from = n * width;
    for (let i = 0; i < width; i++) result[to + i]! += factor * weight[from + i]!;
  }
}

interface WeightProduct {
  readonly node: number;
  /** The state's node, and that of the weight `[N, size]`. */
  readonly state: number;
  readonly weight: number;
}

const isState = ({ states }: CellProgram, node: number): boolean =>
  states.some((state) => state.node === node);

/** Products of a weight with a state as it enters the step. */
const weightProducts = (program: CellProgram): WeightProduct[] =>
  program.nodes.flatMap((node, index) => {
    const [state, weight] = node.operands as [number, number];
    return isWeightProduct(program.nodes, node) && isState(program, state)
      ? [{ node: index, state, weight }]
      : [];
  });

/**
 * By node, for each of its numbers the one unit of `next` that depends on it within the step, -1: none. Undefined
 * where a number acts on several units in another way than as a state's product with a weight.
 */
function unitsFrom(program: CellProgram, next: number): Map<number, Int32Array> | undefined {
  const { nodes } = program;
  const width = (node: number): number => sizeOf(nodes[node]!.shape.slice(1));
  const depends = dependents(program);
  const found = new Map([[next, Int32Array.from({ length: width(next) }, (_, unit) => unit)]]);
  for (let index = nodes.length - 1; index >= 0; index--) {
    const node = nodes[index]!;
    const own = found.get(index);
    if (!own || node.kind !== 'operation') continue;
    if (isWeightProduct(nodes, node) && isState(program, node.operands[0]!)) continue;
    const offset = placeOf(node);
    for (const operand of node.operands.filter((one) => depends.has(one))) {
      const isAlike = node.op === 'slice' || width(operand) === own.length;
      if (offset === undefined || !isAlike) return undefined;
      const map = found.get(operand) ?? new Int32Array(width(operand)).fill(-1);
      if (!merge(map, own, offset)) return undefined;
      found.set(operand, map);
    }
  }
  return found;
}

/** Where the numbers of an operation's result lie among those of its operands; undefined: not in one place. */
function placeOf({ op, shape, attributes }: CellProgram['nodes'][number]): number | undefined {
  if (op !== undefined && elementwise.has(op)) return 0;
  const { axis, start } = (attributes ?? {}) as { axis?: number; start?: number };
  const isOfUnits = shape.length === 2 && shape[0] === batch && (axis === 1 || axis === -1);
  return op === 'slice' && isOfUnits ? start : undefined;
}

/** @returns false where a place belongs to another unit already */
function merge(map: Int32Array, own: Int32Array, offset: number): boolean {
  for (let p = 0; p < own.length; p++) {
    const unit = own[p]!;
    if (unit < 0) continue;
    const known = map[offset + p]!;
    if (known >= 0 && known !== unit) return false;
    map[offset + p] = unit;
  }
  return true;
}

/** What depends on a state. */
function dependents({ nodes, states }: CellProgram): Set<number> {
  const found = new Set(states.map(({ node }) => node));
  nodes.forEach(({ operands }, index) => {
    if (operands.some((one) => found.has(one))) found.add(index);
  });
  return found;
}
