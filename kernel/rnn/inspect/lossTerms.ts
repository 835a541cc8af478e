import { createNdArray, type NdArray } from '../ndarray.js';
import type { OpName } from '../ops/table.js';
import type { Network, NetworkOperation } from './network.js';
import { runBackward, unitSeed, type ForwardPass } from './passes.js';
import type { TimeAxis } from './timeAxis.js';
import { timeDependence } from './timeDependence.js';

/**
 * The loss as a sum over time steps, L = Σⱼ Lⱼ + rest, found from how the model itself computed it.
 *
 * From the loss back, operations that are linear and only add, scale or rearrange are passed through; what
 * they start from are the loss's summands ℓ, with weights w = ∂L/∂ℓ. Each summand belongs to the last time
 * step whose layer output it depends on; Lⱼ = Σ w·ℓ over those of step j. Summands that depend on no time
 * step (a penalty on weights) make up the rest.
 */
export interface LossTerms {
  readonly total: number;
  /** `[T]` along the axis of time that all layers share. */
  readonly perStep: Float64Array;
  readonly rest: number;
  /** Time steps that have summands. */
  readonly measuredAt: readonly number[];
  /** Whether every summand depends on the layers' output at one time step only. */
  readonly isPointwise: boolean;
  /** Seeds for a backward pass from the Lⱼ of some steps alone: adjoints of the summands' slots. */
  seedsOf(steps: readonly number[]): Map<number, NdArray>;
}

/** Operations that pass a sum on: for each, which operands it is linear in while the others stay constant. */
const linearIn: Partial<Record<OpName, 'all' | 'first' | 'either'>> = {
  add: 'all',
  sub: 'all',
  neg: 'all',
  sum: 'all',
  slice: 'all',
  cat: 'all',
  reshape: 'all',
  permute: 'all',
  mul: 'either',
  div: 'first',
};

export function lossTerms(pass: ForwardPass, axis: TimeAxis): LossTerms {
  const { network, values } = pass;
  const slots = summandSlots(network);
  const last = timeDependence(pass, axis);
  const weights = runTail(pass, slots);
  const perStep = new Float64Array(axis.timeSteps);
  let rest = 0;
  let isPointwise = true;
  const measuredAt = new Set<number>();
  for (const slot of slots) {
    const summands = values[slot]!.data;
    const weight = weights[slot]?.data;
    if (!weight) continue;
    const { latest, earliest } = last[slot]!;
    for (let i = 0; i < summands.length; i++) {
      const step = latest[i]!;
      if (step < 0) rest += weight[i]! * summands[i]!;
      else {
        perStep[step]! += weight[i]! * summands[i]!;
        measuredAt.add(step);
        if (earliest[i]! !== step) isPointwise = false;
      }
    }
  }
  return {
    total: values[network.loss]!.data[0]!,
    perStep,
    rest,
    measuredAt: [...measuredAt].sort((a, b) => a - b),
    isPointwise,
    seedsOf: (steps) =>
      new Map(
        slots.flatMap((slot) => {
          const weight = weights[slot];
          if (!weight) return [];
          const seed = createNdArray(pass.dtype, weight.shape);
          const { latest } = last[slot]!;
          const chosen = new Set(steps);
          for (let i = 0; i < seed.data.length; i++)
            if (chosen.has(latest[i]!)) seed.data[i] = weight.data[i]!;
          return [[slot, seed]];
        }),
      ),
  };
}

/** The slots at which the linear tail of the loss starts. */
function summandSlots(network: Network): number[] {
  const makers = new Map(
    network.operations.flatMap((one) => one.outputs.map((slot) => [slot, one] as const)),
  );
  const found = new Set<number>();
  const seen = new Set<number>();
  const queue = [network.loss];
  for (let slot = queue.pop(); slot !== undefined; slot = queue.pop()) {
    if (seen.has(slot)) continue;
    seen.add(slot);
    const through = linearOperands(network, makers.get(slot));
    if (through) queue.push(...through);
    else found.add(slot);
  }
  return [...found];
}

/** The operands whose sum it passes on, if the operation is linear in them together; else undefined. */
function linearOperands(
  network: Network,
  operation: NetworkOperation | undefined,
): readonly number[] | undefined {
  if (operation?.kind !== 'primitive') return undefined;
  const kind = linearIn[operation.op];
  // A constant that is added is part of the loss too.
  if (kind === 'all') return operation.inputs;
  const depends = operation.inputs.filter((slot) => network.slots[slot]!.differentiable);
  const isLinear =
    depends.length === 1 && (kind === 'either' || depends[0] === operation.inputs[0]);
  return kind && isLinear ? depends : undefined;
}

/** ∂L/∂ℓ for the summands: backward through the tail only. */
function runTail(pass: ForwardPass, summands: readonly number[]): (NdArray | undefined)[] {
  const { network } = pass;
  const reached = new Set(summands);
  const tail = network.operations.filter((operation) => isOnTail(network, operation, reached));
  const slots = network.slots.map((slot, k) =>
    summands.includes(k) ? { ...slot, differentiable: true } : slot,
  );
  return runBackward(
    { ...pass, network: { ...network, slots, operations: tail } },
    unitSeed(pass, network.loss),
  );
}

/** Whether an operation lies on the tail: adds its outputs to what was reached. */
function isOnTail(network: Network, operation: NetworkOperation, reached: Set<number>): boolean {
  if (operation.outputs.some((slot) => reached.has(slot))) return false;
  if (!linearOperands(network, operation)?.some((slot) => reached.has(slot))) return false;
  for (const slot of operation.outputs) reached.add(slot);
  return true;
}
