import { InspectionError, OptionError } from '../errors.js';
import { createNdArray, sizeOf, type NdArray, type NumberArray } from '../ndarray.js';
import { ruleOf } from '../ops/table.js';
import { part, type LayerRun } from './layerRun.js';
import type { LayerTrace } from './layerTrace.js';
import type { RecurrentOperation } from './network.js';
import { lossBackward, type ForwardPass } from './passes.js';
import { SeedBundle } from './seedBundle.js';
import { addTo, norm } from './stepMachine.js';
import type { LayerChoice, Trace } from './trace.js';

/** Most loss terms with a row of their own unless rows are chosen: work grows with rows × T. */
export const mostRows = 128;
/** Rows gone back with at once. */
const bundleSize = 16;

export interface LedgerChoice extends LayerChoice {
  /** Name of the state. Default: the cell's first, `h`. */
  state?: string;
  /** Time steps j of the loss terms that get rows. Default: all; `mostRows` evenly chosen where there are more. */
  rows?: readonly number[];
}

/**
 * Who sent which gradient where: with Lⱼ the part of the loss measured at step j and sₖ a layer's state
 * after step k, the matrix of ‖∂Lⱼ/∂sₖ‖ (Frobenius over batch and units; zero for k > j in a forward layer),
 * and how the adjoint of sₖ comes about. As vectors, exactly:
 *
 *     Σⱼ ∂Lⱼ/∂sₖ = ∂L/∂sₖ = fromLoss + fromNext        fromNext = Σ over states s′ of through(s′)
 *
 * fromLoss is what comes down to sₖ within step k from the layer's output (loss and layers above), fromNext
 * what comes from step k+1, and through(s′) the part of it that state s′ carried. For the LSTM's c these are
 * f ⊙ c̄ₖ₊₁ (through c) and what enters through hₖ = o ⊙ tanh(cₖ) (through h).
 */
export interface Ledger {
  readonly layer: string;
  readonly state: string;
  /** The j of the rows and the k of the columns. */
  readonly rows: readonly number[];
  readonly columns: readonly number[];
  /** By row, `[T]`. */
  readonly matrix: readonly Float64Array[];
  /** By row, the loss term Lⱼ. */
  readonly terms: readonly number[];
  /** `[T]` norms; see above. */
  readonly adjoint: Float64Array;
  readonly fromLoss: Float64Array;
  readonly fromNext: Float64Array;
  readonly through: ReadonlyMap<string, Float64Array>;
  /** Worst relative errors of the two sums, and of Σₜ of the steps' weight gradients. */
  readonly errors: { readonly terms: number; readonly origins: number; readonly weights: number };
}

/** @throws InspectionError for an unknown layer, state or row */
export function ledger(trace: Trace, choice: LedgerChoice = {}): Ledger {
  const layer = trace.layer(choice);
  const name = choice.state ?? layer.program.states[0]!.name;
  const state = layer.stateIndex(name);
  if (state < 0)
    throw new InspectionError(
      `ledger: ${layer.name} has no state ${JSON.stringify(name)}, expected ${layer.program.states.map((one) => one.name).join(', ')}`,
    );
  const rows = chosenRows(trace, choice.rows);
  const swept = sweep(trace, rows).get(layer.operation)!;
  const origins = splitOrigins(layer, state);
  const { adjoint } = swept[state]!;
  return {
    layer: layer.name,
    state: name,
    rows,
    columns: Array.from({ length: layer.timeSteps }, (_, k) => k),
    matrix: swept[state]!.matrix,
    terms: rows.map((j) => trace.loss.perStep[j] ?? 0),
    adjoint: stepNorms(adjoint, layer.timeSteps),
    ...origins,
    errors: {
      terms: relativeError(swept[state]!.sum, adjoint),
      origins: origins.error,
      weights: weightError(layer),
    },
  };
}

function chosenRows(trace: Trace, rows: LedgerChoice['rows']): readonly number[] {
  const { measuredAt } = trace.loss;
  for (const j of rows ?? [])
    if (!Number.isInteger(j) || j < 0 || j >= trace.timeSteps)
      throw new OptionError(
        `ledger: row ${j} is no time step, expected 0 to ${trace.timeSteps - 1}`,
      );
  if (rows) return [...rows];
  return spreadEvenly(measuredAt, mostRows);
}

/** At most `most` entries, the last always among them. */
export function spreadEvenly(list: readonly number[], most: number): number[] {
  if (list.length <= most) return [...list];
  return Array.from(
    { length: most },
    (_, k) => list[list.length - 1 - Math.floor(((most - 1 - k) * list.length) / most)]!,
  );
}

interface SweptState {
  /** By row, norms of the state's adjoint by step. */
  matrix: Float64Array[];
  /** `[T, B, size]`: over all loss terms, the sum of what their own passes gave, and the pass from the whole loss. */
  sum: Float64Array;
  adjoint: Float64Array;
}

/** By layer and state, what each loss term alone sends; terms without a row go together. */
function sweep(trace: Trace, rows: readonly number[]): Map<RecurrentOperation, SweptState[]> {
  const swept = new Map(
    trace.layers.map((layer) => [
      layer.operation,
      layer.program.states.map((_, state): SweptState => {
        const adjoint = wholeAdjoint(layer, state);
        return {
          matrix: rows.map(() => new Float64Array(layer.timeSteps)),
          sum: new Float64Array(adjoint.length),
          adjoint,
        };
      }),
    ]),
  );
  const record = (
    operation: RecurrentOperation,
    t: number,
    seed: number,
    row: number,
    bundle: SeedBundle,
  ) => {
    operation.program.states.forEach(({ next }, state) => {
      const target = swept.get(operation)?.[state];
      if (!target) return;
      const adjoint = bundle.of(next, seed);
      if (row >= 0) target.matrix[row]![t] = norm(adjoint);
      const at = t * adjoint.length;
      for (let i = 0; i < adjoint.length; i++) target.sum[at + i]! += adjoint[i]!;
    });
  };
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
        chunk.forEach(({ row }, seed) => record(operation, t, seed, row, bundle)),
    );
  }
  return swept;
}

/** `[T, B, size]`: the adjoint of a state's next value at every step. */
function wholeAdjoint(layer: LayerTrace, state: number): Float64Array {
  const { run, program } = layer;
  const { next, size } = program.states[state]!;
  const all = new Float64Array(run.timeSteps * run.batchSize * size);
  for (let t = 0; t < run.timeSteps; t++)
    all.set(run.visit(t).adjoints[next]!.data, t * run.batchSize * size);
  return all;
}

const stepNorms = (all: Float64Array, timeSteps: number): Float64Array =>
  Float64Array.from({ length: timeSteps }, (_, t) =>
    norm(part({ data: all, shape: [timeSteps, all.length / timeSteps] }, t)),
  );

type ObserveBundle = (operation: RecurrentOperation, t: number, bundle: SeedBundle) => void;
type Bundled = (NdArray | undefined)[];

/** Backward passes from several seeds, without parameters' gradients; layers take all seeds at once. */
export function backwardTogether(
  pass: ForwardPass,
  seeds: readonly ReadonlyMap<number, NdArray>[],
  observe: ObserveBundle,
): void {
  const { network, values, dtype } = pass;
  const adjoints: Bundled[] = seeds.map((one) => network.slots.map((_, slot) => one.get(slot)));
  const targetOf = (bundle: Bundled, slot: number): NdArray | null => {
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
      if (operation.kind === 'loss') {
        lossBackward(pass, operation, outputs[0]!, targets);
        continue;
      }
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
  targetOf: (bundle: Bundled, slot: number) => NdArray | null,
  observe: ObserveBundle,
): void {
  const { program, timeSteps } = run;
  const outputs = adjoints.map((bundle) => bundle[operation.outputs[0]!]);
  const finals = adjoints.map((bundle) => operation.outputs.slice(1).map((slot) => bundle[slot]));
  if ([...outputs, ...finals.flat()].every((one) => one === undefined)) return;
  const bundle = new SeedBundle(run, adjoints.length);
  const carried = program.states.map(({ node }) =>
    adjoints.map((_, seed) => bundle.of(node, seed).slice().fill(0)),
  );
  finals.forEach((final, seed) =>
    final.forEach((adjoint, k) => {
      if (adjoint) carried[k]![seed]!.set(adjoint.data);
    }),
  );
  for (let t = timeSteps - 1; t >= 0; t--) {
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

/** At every step, what reaches a state's next value from above alone, and from each carried state alone. */
function splitOrigins({ run, program }: LayerTrace, state: number) {
  const { states } = program;
  const { next } = states[state]!;
  const bundle = new SeedBundle(run, 1 + states.length);
  const series = () => new Float64Array(run.timeSteps);
  const fromLoss = series();
  const fromNext = series();
  const through = new Map(states.map(({ name }) => [name, series()]));
  let error = 0;
  for (let t = 0; t < run.timeSteps; t++) {
    bundle.back(t, () => {
      if (run.fromAbove) bundle.seed(program.output, 0, part(run.fromAbove, t));
      states.forEach((one, k) => bundle.seed(one.next, 1 + k, part(run.carried[k]!, t)));
    });
    const own = bundle.of(next, 0);
    const carried = Float64Array.from(own).fill(0);
    states.forEach(({ name }, k) => {
      through.get(name)![t] = norm(bundle.of(next, 1 + k));
      addTo(carried, bundle.of(next, 1 + k));
    });
    fromLoss[t] = norm(own);
    fromNext[t] = norm(carried);
    addTo(carried, own);
    error = Math.max(error, relativeError(carried, run.visit(t).adjoints[next]!.data));
  }
  return { fromLoss, fromNext, through, error };
}

/** The steps' weight gradients, visited one by one in the other order, against the weight's gradient. */
function weightError({ run, program }: LayerTrace): number {
  const sums = program.parameters.map(
    ({ node }) => new Float64Array(sizeOf(run.machine.values[node]!.shape)),
  );
  for (let t = 0; t < run.timeSteps; t++) {
    const { adjoints } = run.visit(t);
    program.parameters.forEach(({ node }, k) => addTo(sums[k]!, adjoints[node]!.data));
  }
  return Math.max(
    0,
    ...sums.map((sum, k) => relativeError(sum, run.gradients!.parameters[k]!.data)),
  );
}

/** ‖a − b‖ / max(‖a‖, ‖b‖); 0 where both are zero. */
export function relativeError(a: ArrayLike<number>, b: NumberArray | Float64Array): number {
  let difference = 0;
  for (let i = 0; i < b.length; i++) difference += (a[i]! - b[i]!) ** 2;
  if (difference === 0) return 0;
  return Math.sqrt(difference) / Math.max(norm(a), norm(b));
}
