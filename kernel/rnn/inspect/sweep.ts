import { addTo, norm, relativeError } from './vectors.js';
import { InspectionError } from '../errors.js';
import { createNdArray, type NdArray } from '../ndarray.js';
import { ruleOf } from '../ops/table.js';
import { part, type LayerRun } from './layerRun.js';

import type { RecurrentOperation } from './network.js';
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
  const targetOf: TargetOf = (bundle, slot) => {
    const { differentiable, parameter, shape } = network.slots[slot]!;
    if (!differentiable || parameter !== undefined) return null;
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
  const bundle = new SeedBundle(run, adjoints.length);
  const carried = program.states.map(({ node }, k) =>
    finals.map((final, seed) => final[k]?.data.slice() ?? bundle.of(node, seed).slice().fill(0)),
  );
  for (let t = last; t >= 0; t--) {
    bundle.back(t, () =>
      adjoints.forEach((_, seed) => {
        const output = outputs[seed];
        if (output) bundle.seed(program.output, seed, part(output, t));
        program.states.forEach(({ next }, k) => bundle.seed(next, seed, carried[k]![seed]!));
      }),
    );
    observe(operation, t, bundle);
    const isCut = run.options.boundaries?.has(t) ?? false;
    adjoints.forEach((one, seed) => {
      const input = targetOf(one, operation.inputs[0]!);
      if (input) addTo(part(input, t), bundle.of(program.input, seed));
      program.states.forEach(({ node }, k) => {
        if (isCut) carried[k]![seed]!.fill(0);
        else carried[k]![seed]!.set(bundle.of(node, seed));
      });
    });
  }
  adjoints.forEach((one, seed) =>
    program.states.forEach((_, k) => {
      const target = targetOf(one, operation.inputs[1 + k]!);
      if (target) addTo(target.data, carried[k]![seed]!);
    }),
  );
}

/** The last time step at which anything comes in; -1: never. */
function lastStep(
  { timeSteps }: LayerRun,
  outputs: readonly (NdArray | undefined)[],
  finals: readonly (NdArray | undefined)[],
): number {
  const isZero = (numbers: NdArray['data']): boolean => numbers.every((x: number) => x === 0);
  if (finals.some((final) => final && !isZero(final.data))) return timeSteps - 1;
  for (let t = timeSteps - 1; t >= 0; t--)
    if (outputs.some((output) => output && !isZero(part(output, t)))) return t;
  return -1;
}
