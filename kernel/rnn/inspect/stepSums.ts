import { sizeOf } from '../ndarray.js';
import { part, type LayerRun } from './layerRun.js';
import type { LayerTrace } from './layerTrace.js';
import { addTo, relativeError } from './vectors.js';

/** How well the sums within a layer's time steps and over them hold: worst relative errors. */
export interface StepSums {
  /** Contributions on the edges out of a node, with what comes from outside of the step, against its adjoint. */
  readonly edges: number;
  /** The steps' weight gradients, added in the other order, against the weight's gradient. */
  readonly weights: number;
}

const known = new WeakMap<LayerTrace, StepSums>();

/** Visits every time step once more, first to last. */
export function stepSums(layer: LayerTrace): StepSums {
  let sums = known.get(layer);
  if (!sums) known.set(layer, (sums = sumUp(layer)));
  return sums;
}

function sumUp(layer: LayerTrace): StepSums {
  const { run, program } = layer;
  const { adjoints } = run.machine;
  const added = addedNodes(layer);
  const own = added.map((node) => new Float64Array(adjoints[node]!.data.length));
  const weights = program.parameters.map(
    ({ node }) => new Float64Array(sizeOf(run.machine.values[node]!.shape)),
  );
  let edges = 0;
  for (let t = 0; t < run.timeSteps; t++) {
    run.visit(t);
    edges = worse(edges, edgeError(layer, t, added, own));
    program.parameters.forEach(({ node }, k) => addTo(weights[k]!, adjoints[node]!.data));
  }
  const errors = weights.map((sum, k) => relativeError(sum, run.gradients!.parameters[k]!.data));
  return { edges, weights: errors.reduce(worse, 0) };
}

const worse = (most: number, error: number): number =>
  error > most || Number.isNaN(error) ? error : most;

/** Nodes whose adjoint is computed as a sum; elsewhere the one contribution is the adjoint itself. */
function addedNodes({ edges, run }: LayerTrace): number[] {
  const { adjoints, contributions } = run.machine;
  const whole = new Set(
    edges.flatMap(({ from }, k) => (contributions[k] === adjoints[from] ? [from] : [])),
  );
  return adjoints.flatMap((_, node) => (whole.has(node) ? [] : [node]));
}

function edgeError(
  { run, edges, program }: LayerTrace,
  t: number,
  added: readonly number[],
  sums: readonly Float64Array[],
): number {
  const { adjoints, contributions } = run.machine;
  const sumOf = new Map(added.map((node, k) => [node, sums[k]!]));
  for (const sum of sums) sum.fill(0);
  edges.forEach(({ from }, k) => {
    const sum = sumOf.get(from);
    if (sum) addTo(sum, contributions[k]!.data);
  });
  addOutside(run, t, (node) => sumOf.get(node)!, program);
  return added.map((node, k) => relativeError(sums[k]!, adjoints[node]!.data)).reduce(worse, 0);
}

function addOutside(
  { fromAbove, carried }: LayerRun,
  t: number,
  sumOf: (node: number) => Float64Array,
  { output, states }: LayerRun['program'],
): void {
  if (fromAbove) addTo(sumOf(output), part(fromAbove, t));
  states.forEach(({ next }, k) => addTo(sumOf(next), part(carried[k]!, t)));
}
