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

export function activationsOf({ program, ids }: LayerTrace): Activation[] {
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

/** By activation, over the sequences that have the step; runs the layer's steps once more. */
export function saturations(layer: LayerTrace, activations: readonly Activation[]): Saturation[] {
  const series = () => new Float64Array(layer.timeSteps);
  const found = activations.map(() => ({ mean: series(), nearLow: series(), nearHigh: series() }));
  const { run } = layer;
  const { batchSize } = run;
  const all = Array.from({ length: batchSize }, (_, b) => b);
  for (let t = 0; t < layer.timeSteps; t++) {
    const values = run.computeValues(t);
    const valid = all.filter((b) => run.isValid(t, b));
    activations.forEach(({ node, low, high }, k) => {
      const { data } = values[node]!;
      const margin = (high - low) / 10;
      const width = data.length / batchSize;
      const share = 1 / (valid.length * width);
      const { mean, nearLow, nearHigh } = found[k]!;
      for (let k = 0; k < valid.length * width; k++) {
        const i = valid[Math.floor(k / width)]! * width + (k % width);
        mean[t]! += share * data[i]!;
        if (data[i]! < low + margin) nearLow[t]! += share;
        if (data[i]! > high - margin) nearHigh[t]! += share;
      }
    });
  }
  return found;
}

/** Mean over time. */
export const average = (series: Float64Array): number =>
  series.reduce((sum, value) => sum + value, 0) / series.length;
