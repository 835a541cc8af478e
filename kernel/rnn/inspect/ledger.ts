import { addTo, norm, relativeError, spreadEvenly } from './vectors.js';
import { InspectionError, OptionError } from '../errors.js';
import { sizeOf } from '../ndarray.js';
import { part } from './layerRun.js';
import type { LayerTrace } from './layerTrace.js';
import { printable, short, table } from './printable.js';
import { SeedBundle } from './seedBundle.js';

import { stepSums } from './stepSums.js';
import { sweep } from './sweep.js';
import type { LayerChoice, Trace } from './trace.js';

/** Most loss terms with a row of their own unless rows are chosen, and most multiplications for all of them. */
const mostRows = 64;
const mostWork = 3e8;

/** Which adjoints `trace.ledger` takes apart. */
export interface LedgerChoice extends LayerChoice {
  /** Name of the state. Default: the cell's first, `h`. */
  state?: string;
  /**
   * Time steps j of the loss terms that get rows. Default: all of them, or as many evenly chosen ones as keep
   * the work within bounds, 64 at most.
   */
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
  const swept = sweep(trace, rows).get(layer.operation)![state]!;
  const { fromLoss, fromNext, through, error } = originsOf(layer)[state]!;
  const found: Ledger = {
    layer: layer.name,
    state: name,
    rows,
    columns: Array.from({ length: layer.timeSteps }, (_, k) => k),
    matrix: swept.matrix,
    terms: rows.map((j) => trace.loss.perStep[j] ?? 0),
    adjoint: layer.norms.adjoints[layer.program.states[state]!.next]!,
    fromLoss,
    fromNext,
    through,
    errors: { terms: swept.error, origins: error, weights: stepSums(layer).weights },
  };
  return printable(found, describe, 'Ledger');
}

/** Steps shown in print. */
const mostPrinted = 16;

function describe({ layer, state, rows, columns, matrix, errors, ...norms }: Ledger): string {
  const last = rows.at(-1);
  const shown = spreadEvenly(columns, mostPrinted);
  const through = [...norms.through];
  const header = [
    'k',
    '‖s̄‖',
    'from loss',
    ...through.map(([name]) => `through ${name}`),
    `from L_${String(last)}`,
  ];
  const body = shown.map((k) => [
    String(k),
    short(norms.adjoint[k]!),
    short(norms.fromLoss[k]!),
    ...through.map(([, series]) => short(series[k]!)),
    short(matrix.at(-1)?.[k] ?? 0),
  ]);
  return [
    `Ledger of ${layer}, s = ${state}: ${rows.length} loss terms, ${columns.length} steps`,
    table([header, ...body]),
    `  sums hold to ${short(Math.max(errors.terms, errors.origins, errors.weights))} relative`,
  ].join('\n');
}

function chosenRows(trace: Trace, rows: LedgerChoice['rows']): readonly number[] {
  for (const j of rows ?? [])
    if (!Number.isInteger(j) || j < 0 || j >= trace.timeSteps)
      throw new OptionError(
        `ledger: row ${j} is no time step, expected 0 to ${trace.timeSteps - 1}`,
      );
  return rows ? [...rows] : affordableRows(trace);
}

/** All loss terms, or as many as take at most `mostWork` multiplications and have at most `mostRows` rows. */
export function affordableRows({ layers, loss }: Trace): number[] {
  const work = layers.reduce((sum, { run, program }) => {
    const weights = program.parameters.reduce((total, { shape }) => total + sizeOf(shape), 0);
    return sum + run.timeSteps * run.batchSize * weights;
  }, 1);
  const rows = Math.max(4, Math.min(mostRows, Math.floor(mostWork / work)));
  return spreadEvenly(loss.measuredAt, rows);
}

/** Of one state. */
interface Origins {
  readonly fromLoss: Float64Array;
  readonly fromNext: Float64Array;
  readonly through: ReadonlyMap<string, Float64Array>;
  readonly error: number;
}

const knownOrigins = new WeakMap<LayerTrace, Origins[]>();

function originsOf(layer: LayerTrace): Origins[] {
  let origins = knownOrigins.get(layer);
  if (!origins) knownOrigins.set(layer, (origins = splitOrigins(layer)));
  return origins;
}

/** At every step, what reaches each state's next value from above alone, and from each carried state alone. */
function splitOrigins({ run, program }: LayerTrace): Origins[] {
  const { states } = program;
  const bundle = new SeedBundle(run, 1 + states.length, { toInput: false });
  const series = () => new Float64Array(run.timeSteps);
  const found = states.map(() => ({
    fromLoss: series(),
    fromNext: series(),
    through: new Map(states.map(({ name }) => [name, series()])),
    error: 0,
  }));
  for (let t = 0; t < run.timeSteps; t++) {
    bundle.back(t, () => {
      if (run.fromAbove) bundle.seed(program.output, 0, part(run.fromAbove, t));
      states.forEach((one, k) => bundle.seed(one.next, 1 + k, part(run.carried[k]!, t)));
    });
    states.forEach(({ next }, state) => {
      const origin = found[state]!;
      const own = bundle.of(next, 0);
      const carried = new Float64Array(own.length);
      states.forEach(({ name }, k) => {
        origin.through.get(name)![t] = norm(bundle.of(next, 1 + k));
        addTo(carried, bundle.of(next, 1 + k));
      });
      origin.fromLoss[t] = norm(own);
      origin.fromNext[t] = norm(carried);
      addTo(carried, own);
      const error = relativeError(carried, part(run.nextAdjoints[state]!, t));
      origin.error = Math.max(origin.error, error);
    });
  }
  return found;
}
