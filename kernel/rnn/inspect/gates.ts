import type { LayerRun } from './layerRun.js';
import type { LayerTrace } from './layerTrace.js';

/** The bounded activations of a cell: what can saturate. */
export interface Activation {
  readonly node: number;
  /** Label, or the program's name of the value. */
  readonly name: string;
  readonly low: number;
  readonly high: number;
  /** Name of the state that it multiplies, as a forget gate does: small values cut that state's gradient. */
  readonly keeps?: string;
}

const bounds: Readonly<Partial<Record<string, readonly [number, number]>>> = {
  sigmoid: [0, 1],
  tanh: [-1, 1],
};

export function activationsOf({ program, ids }: Pick<LayerTrace, 'program' | 'ids'>): Activation[] {
  return program.nodes.flatMap((node, index) => {
    const range = bounds[node.op ?? ''];
    if (!range || node.invariant) return [];
    const keeps = node.op === 'sigmoid' ? keptState(program, index) : undefined;
    return [
      {
        node: index,
        name: node.label ?? ids[index]!,
        low: range[0],
        high: range[1],
        ...(keeps !== undefined && { keeps }),
      },
    ];
  });
}

/** The state that is multiplied by the value and goes into its own next value by sums alone. */
function keptState({ nodes, states }: LayerTrace['program'], gate: number): string | undefined {
  return states.find(({ node, next }) => {
    const product = nodes.findIndex(
      ({ op, operands }) => op === 'mul' && operands.includes(gate) && operands.includes(node),
    );
    return product >= 0 && addsUpTo(nodes, product, next);
  })?.name;
}

function addsUpTo(nodes: LayerTrace['program']['nodes'], from: number, to: number): boolean {
  if (from === to) return true;
  return nodes.some(
    ({ op, operands }, index) =>
      (op === 'add' || op === 'sub') && operands.includes(from) && addsUpTo(nodes, index, to),
  );
}

/** How near to its bounds an activation is, by time step, over batch and units. */
export interface Saturation {
  readonly mean: Float64Array;
  /** Fraction of numbers within a tenth of the range of each bound: below 0.1 and above 0.9 for a sigmoid. */
  readonly nearLow: Float64Array;
  readonly nearHigh: Float64Array;
}

/** Adds what the values of time step t say, over the sequences that have the step. */
export function measureSaturation(
  run: LayerRun,
  t: number,
  { node, low, high }: Activation,
  { mean, nearLow, nearHigh }: Saturation,
): void {
  const { batchSize } = run;
  const { data } = run.machine.values[node]!;
  const margin = (high - low) / 10;
  const width = data.length / batchSize;
  let valid = 0;
  for (let b = 0; b < batchSize; b++) if (run.isValid(t, b)) valid++;
  const share = 1 / (valid * width);
  for (let b = 0; b < batchSize; b++) {
    if (!run.isValid(t, b)) continue;
    for (let i = b * width; i < (b + 1) * width; i++) {
      mean[t]! += share * data[i]!;
      if (data[i]! < low + margin) nearLow[t]! += share;
      if (data[i]! > high - margin) nearHigh[t]! += share;
    }
  }
}

/** Mean over time. */
export const average = (series: Float64Array): number =>
  series.reduce((sum, value) => sum + value, 0) / series.length;
