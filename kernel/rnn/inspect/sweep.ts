import { addTo, norm, relativeError } from './vectors.js';
import { InspectionError } from '../errors.js';
import { createNdArray, type NdArray } from '../ndarray.js';
import { ruleOf } from '../ops/table.js';
import { part, type LayerRun } from './layerRun.js';

import type { Network, RecurrentOperation } from './network.js';
import { lossBackward, type ForwardPass } from './passes.js';
import { SeedBundle } from './seedBundle.js';

import type { Trace } from './trace.js';

/** Rows gone back with at once. */
const bundleSize = 16;

/** What loss terms send to one state of one layer. */
export interface SweptState {
  /** By row, `[T]` norms of ∂Lⱼ/∂sₖ. */
  readonly matrix: readonly Float64Array[];
  /** How far Σⱼ ∂Lⱼ/∂sₖ over all loss terms is from the adjoint of sₖ, relative, over all k. */
  readonly error: number;
}

export type Sweep = ReadonlyMap<RecurrentOperation, readonly SweptState[]>;

const known = new WeakMap<Trace, Map<string, Sweep>>();

/**
 * Goes back from each loss term alone, through everything between it and the layers. Terms without a row go
 * together. All layers and states come out of one sweep, which is kept.
 */
export function sweep(trace: Trace, rows: readonly number[]): Sweep {
  let own = known.get(trace);
  if (!own) known.set(trace, (own = new Map<string, Sweep>()));
  const key = rows.join();
  let swept = own.get(key);
  if (!swept) own.set(key, (swept = sweepOnce(trace, rows)));
  return swept;
}

interface Sums {
  matrix: Float64Array[];
  /** `[T, B, size]` */
  sum: Float64Array;
}

function sweepOnce(trace: Trace, rows: readonly number[]): Sweep {
  const sums = new Map(
    trace.layers.map(({ operation, run, timeSteps }) => [
      operation,
      run.nextAdjoints.map(({ data }): Sums => ({
        matrix: rows.map(() => new Float64Array(timeSteps)),
        sum: new Float64Array(data.length),
      })),
    ]),
  );
  // What belongs to no time step of these layers counts at -1.
  const rest = [-1, ...trace.loss.measuredAt.filter((j) => !rows.includes(j))];
  const seeds = [
    ...rows.map((j, row) => ({ row, seeds: trace.loss.seedsOf([j]) })),
    { row: -1, seeds: trace.loss.seedsOf(rest) },
  ];
  for (let from = 0; from < seeds.length; from += bundleSize) {
    const chunk = seeds.slice(from, from + bundleSize);
    backwardTogether(
      trace.pass,
      chunk.map((one) => one.seeds),
      (operation, t, bundle) =>
        chunk.forEach(({ row }, seed) =>
          record(sums.get(operation), operation, t, seed, row, bundle),
        ),
    );
  }
  return new Map(
    trace.layers.map(({ operation, run }) => [
      operation,
      sums.get(operation)!.map(({ matrix, sum }, state) => ({
        matrix,
        error: relativeError(sum, run.nextAdjoints[state]!.data),
      })),
    ]),
  );
}

function record(
  sums: readonly Sums[] | undefined,
  { program }: RecurrentOperation,
  t: number,
  seed: number,
  row: number,
  bundle: SeedBundle,
): void {
  if (!sums) return;
  program.states.forEach(({ next }, state) => {
    const { matrix, sum } = sums[state]!;
    const adjoint = bundle.of(next, seed);
    if (row >= 0) matrix[row]![t] = norm(adjoint);
    const at = t * adjoint.length;
    for (let i = 0; i < adjoint.length; i++) sum[at + i]! += adjoint[i]!;
  });
}

type ObserveBundle = (operation: RecurrentOperation, t: number, bundle: SeedBundle) => void;
type Bundled = (NdArray | undefined)[];
type TargetOf = (bundle: Bundled, slot: number) => NdArray | null;

/** Backward passes from several seeds, without parameters' gradients; layers take all seeds at once. */
function backwardTogether(
  pass: ForwardPass,
  seeds: readonly ReadonlyMap<number, NdArray>[],
  observe: ObserveBundle,
): void {
  const { network, values, dtype } = pass;
  const adjoints: Bundled[] = seeds.map((one) => network.slots.map((_, slot) => one.get(slot)));
  const leading = slotsOverLayers(network);
  const targetOf: TargetOf = (bundle, slot) => {
    const { differentiable, shape } = network.slots[slot]!;
    if (!differentiable || !leading.has(slot)) return null;
    return (bundle[slot] ??= createNdArray(dtype, shape));
  };
  for (const operation of network.operations.toReversed()) {
    if (operation.kind === 'recurrent') {
      layerTogether(pass.runs.get(operation)!, operation, adjoints, targetOf, observe);
      continue;
    }
    for (const bundle of adjoints) {
      const outputs = operation.outputs.map((slot) => bundle[slot] ?? null);
      if (outputs.every((adjoint) => adjoint === null)) continue;
      const targets = operation.inputs.map((slot) => targetOf(bundle, slot));
      if (targets.every((target) => target === null)) continue;
      if (operation.kind === 'opaque')
        throw new InspectionError(
          `ledger: '${operation.op}' stands between the loss terms and the layers, and has no rule to go back through for one term alone`,
        );
      if (operation.kind === 'loss') lossBackward(pass, operation, outputs[0]!, targets);
      else
        ruleOf(operation.op).backward(
          targets,
          outputs[0]!,
          operation.inputs.map((slot) => values[slot]!),
          values[operation.outputs[0]!]!,
          operation.attributes,
        );
    }
  }
}

/** The slots that depend on a recurrent layer: what does not is of no concern. */
function slotsOverLayers({ operations }: Network): Set<number> {
  const found = new Set<number>();
  for (const { kind, inputs, outputs } of operations)
    if (kind === 'recurrent' || inputs.some((slot) => found.has(slot)))
      for (const slot of outputs) found.add(slot);
  return found;
}

function layerTogether(
  run: LayerRun,
  operation: RecurrentOperation,
  adjoints: readonly Bundled[],
  targetOf: TargetOf,
  observe: ObserveBundle,
): void {
  const { program } = run;
  const outputs = adjoints.map((bundle) => bundle[operation.outputs[0]!]);
  const finals = adjoints.map((bundle) => operation.outputs.slice(1).map((slot) => bundle[slot]));
  const last = lastStep(run, outputs, finals.flat());
  if (last < 0) return;
  const toInput = adjoints.some((one) => targetOf(one, operation.inputs[0]!) !== null);
  const bundle = new SeedBundle(run, adjoints.length, { toInput });
  /** By seed and state, its adjoint on the way from step to step. */
  const ways = finals.map((final, seed) =>
    program.states.map(
      ({ node }, k) => final[k]?.data.slice() ?? bundle.of(node, seed).slice().fill(0),
    ),
  );
  for (let p = last; p >= 0; p--) {
    const t = run.inOrder(p);
    bundle.back(t, () =>
      adjoints.forEach((_, seed) => {
        const output = outputs[seed];
        if (output) seedValid(run, bundle, t, program.output, seed, part(output, t));
        program.states.forEach(({ next }, k) =>
          seedValid(run, bundle, t, next, seed, ways[seed]![k]!),
        );
      }),
    );
    observe(operation, t, bundle);
    adjoints.forEach((one, seed) => {
      const input = targetOf(one, operation.inputs[0]!);
      if (input) addTo(part(input, t), run.inputAdjoint(t, bundle.of(program.input, seed)));
      run.handBack(t, ways[seed]!, (k) => bundle.of(program.states[k]!.node, seed));
    });
  }
  adjoints.forEach((one, seed) =>
    program.states.forEach((_, k) => {
      const target = targetOf(one, operation.inputs[1 + k]!);
      if (target) addTo(target.data, ways[seed]![k]!);
    }),
  );
}

/** Adds a seed for the sequences that have a step t. */
function seedValid(
  run: LayerRun,
  bundle: SeedBundle,
  t: number,
  node: number,
  seed: number,
  numbers: NdArray['data'],
): void {
  if (!run.options.lengths) {
    bundle.seed(node, seed, numbers);
    return;
  }
  const copy = numbers.slice();
  run.keepValid(t, copy);
  bundle.seed(node, seed, copy);
}

/** The last step in the order of computation at which anything comes in; -1: never. */
function lastStep(
  run: LayerRun,
  outputs: readonly (NdArray | undefined)[],
  finals: readonly (NdArray | undefined)[],
): number {
  const isZero = (numbers: NdArray['data']): boolean => numbers.every((x: number) => x === 0);
  if (finals.some((final) => final && !isZero(final.data))) return run.timeSteps - 1;
  for (let p = run.timeSteps - 1; p >= 0; p--) {
    const t = run.inOrder(p);
    if (outputs.some((output) => output && !isZero(part(output, t)))) return p;
  }
  return -1;
}
