import { relativeError, spreadEvenly } from './vectors.js';
import type { Executor } from '../executor/executor.js';
import { createSteppedExecutor } from '../executor/stepped.js';
import { createNdArray, sizeOf, type DType, type NdArray } from '../ndarray.js';
import type { LayerRun } from './layerRun.js';
import type { LayerTrace } from './layerTrace.js';
import { ledger } from './ledger.js';
import { direction, localErrors } from './localCheck.js';
import { runForward } from './passes.js';
import { stepSums } from './stepSums.js';

import type { Trace } from './trace.js';

/** One invariant of a trace: what must agree, and by how much it does not. */
export interface Check {
  readonly name: string;
  /** Worst relative error over layers, states, time steps and operations; null where it does not apply. */
  readonly error: number | null;
  /** What rounding explains. */
  readonly tolerance: number;
}

/** One line a check. */
export const describeChecks = (checks: readonly Check[]): string =>
  checks
    .map(({ name, error, tolerance }) => {
      const found = error === null ? 'does not apply' : error.toExponential(1);
      return `${(error ?? 0) <= tolerance ? '✓' : '✗'} ${name}: ${found} (at most ${tolerance.toExponential(0)})`;
    })
    .join('\n');

/** Time steps at which local derivatives are checked. */
const sampled = 24;

/**
 * The worst relative error of every invariant, each computed in two ways that share as little as they can.
 * docs/inspection.md lists them.
 */
export function check(trace: Trace): Check[] {
  const exact = trace.dtype === 'float64' ? 1e-12 : 1e-4;
  const { layers, loss } = trace;
  const overLayers = (measure: (layer: LayerTrace) => number): number => worst(layers.map(measure));
  const parts = [...loss.perStep, loss.rest].reduce((sum, value) => sum + value, 0);
  return [
    {
      name: 'values: the model’s own engine gives the same outputs and loss',
      error: trace.modelError ?? null,
      tolerance: 1e-4,
    },
    {
      name: 'loss: terms and rest sum to the loss',
      error: scalarError(parts, loss.total),
      tolerance: exact,
    },
    {
      name: 'loss: derivative along a direction of all weights, against central differences',
      error: directionalError(trace),
      tolerance: 1e-6,
    },
    {
      name: 'adjoints: the stepped executor gives the same output and gradients',
      error: overLayers(executorError),
      tolerance: exact,
    },
    {
      name: 'adjoints: contributions on edges sum to each adjoint',
      error: overLayers((layer) => stepSums(layer).edges),
      tolerance: exact,
    },
    ...ledgerChecks(trace, exact),
    {
      name: 'operations: local derivatives against central differences',
      error: overLayers((layer) => {
        const steps = Array.from({ length: layer.timeSteps }, (_, t) => t);
        return worst(spreadEvenly(steps, sampled).map((t) => worst(localErrors(layer, t))));
      }),
      tolerance: trace.dtype === 'float64' ? 1e-5 : 1e-3,
    },
  ];
}

function ledgerChecks(trace: Trace, exact: number): Check[] {
  const ledgers = trace.layers.flatMap((layer) =>
    layer.program.states.map(({ name }) => ledger(trace, { layer: layer.name, state: name })),
  );
  return [
    {
      name: 'ledger: loss terms sum to the adjoint of each state',
      error: worst(ledgers.map(({ errors }) => errors.terms)),
      tolerance: exact,
    },
    {
      name: 'ledger: from the loss and through each state sum to the adjoint',
      error: worst(ledgers.map(({ errors }) => errors.origins)),
      tolerance: exact,
    },
    {
      name: 'ledger: the steps’ weight gradients sum to the weight’s gradient',
      error: worst(ledgers.map(({ errors }) => errors.weights)),
      tolerance: exact,
    },
  ];
}

const worst = (errors: ArrayLike<number>): number =>
  Array.from(errors).reduce(
    (most, error) => (error > most || Number.isNaN(error) ? error : most),
    0,
  );

const scalarError = (a: number, b: number): number =>
  a === b ? 0 : Math.abs(a - b) / Math.max(Math.abs(a), Math.abs(b));

/** (L(θ + εv) − L(θ − εv)) / 2ε against Σ ∂L/∂θ·v; not with truncation, which gives another vector. */
function directionalError({ network, pass, options, gradients }: Trace): number | null {
  if (options.truncate !== undefined || network.operations.some(({ kind }) => kind === 'opaque'))
    return null;
  const epsilon = 1e-6;
  const evaluate = (sign: number): number => {
    const leaves = new Map(pass.leaves);
    network.slots.forEach(({ parameter }, slot) => {
      const leaf = leaves.get(slot);
      if (parameter === undefined || !leaf) return;
      const data = Float64Array.from(leaf.data, (x, i) => x + sign * epsilon * signed(i));
      leaves.set(slot, { data, shape: leaf.shape });
    });
    const { edits } = pass;
    return runForward(network, leaves, 'float64', { edits }).values[network.loss]!.data[0]!;
  };
  const numeric = (evaluate(1) - evaluate(-1)) / (2 * epsilon);
  let analytic = 0;
  let scale = 0;
  for (const { gradient } of gradients.values())
    gradient.data.forEach((g, i) => {
      analytic += g * signed(i);
      scale += Math.abs(g * signed(i));
    });
  return analytic === numeric ? 0 : Math.abs(analytic - numeric) / Math.max(scale, 1e-3);
}

/** Of both signs, so that weights do not all grow together. */
const signed = (i: number): number => (i % 3 === 1 ? -1 : 1) * direction(i);

/**
 * The layer again in the executor that training uses where no faster one applies: sequences of one length
 * together, in the order of computation, segment by segment where backpropagation is cut.
 */
function executorError({ run }: LayerTrace): number {
  const { program, inputs, dtype, options } = run;
  if (options.edits && options.edits.size > 0) return 0;
  const executor = createSteppedExecutor(program, inputs.parameters, dtype);
  const parameters = inputs.parameters.map(({ shape }) => createNdArray(dtype, shape));
  const errors = groupsOf(run).flatMap(({ sequences, steps, starts }) =>
    starts.map((start, segment) => {
      const end = starts[segment + 1] ?? steps.length;
      return segmentError(
        run,
        executor,
        sequences,
        steps.slice(start, end),
        end === steps.length,
        parameters,
      );
    }),
  );
  parameters.forEach((own, k) => {
    errors.push(relativeError(own.data, run.gradients!.parameters[k]!.data));
  });
  return worst(errors);
}

/** Sequences of one length, their time steps in the order of computation, and where segments start among these. */
function groupsOf(run: LayerRun) {
  const { timeSteps, batchSize } = run;
  const lengths = Array.from(
    { length: batchSize },
    (_, b) => run.options.lengths?.[b] ?? timeSteps,
  );
  return [...new Set(lengths)].map((length) => {
    const steps = Array.from({ length: timeSteps }, (_, p) => run.inOrder(p)).filter(
      (t) => t < length,
    );
    return {
      sequences: lengths.flatMap((own, b) => (own === length ? [b] : [])),
      steps,
      starts: steps.flatMap((t, p) => (p === 0 || run.isCutBefore(t) ? [p] : [])),
    };
  });
}

function segmentError(
  run: LayerRun,
  executor: Executor,
  sequences: readonly number[],
  steps: readonly number[],
  isLast: boolean,
  parameters: readonly NdArray[],
): number {
  const { program, inputs, dtype } = run;
  const pick = (array: NdArray) => pickParts(array, dtype, steps, sequences);
  const pickRows = ({ data, shape }: NdArray) =>
    pickParts({ data, shape: [1, ...shape.slice(-2)] }, dtype, [0], sequences);
  const input = pick(inputs.input);
  const states = run.states.map((all) => {
    const entering = pickParts(all, dtype, [run.inOrder(steps[0]!)], sequences);
    return { data: entering.data, shape: entering.shape.slice(1) };
  });
  const masks = run.options.masks?.map((mask) =>
    mask.shape.length === 3 ? pick(mask) : pickRows(mask),
  );
  const unrolled = executor.run({ input, states, masks }, true);
  const gradients = {
    input: createNdArray(dtype, input.shape),
    states: states.map(() => null),
    parameters,
  };
  unrolled.backward(
    run.fromAbove && pick(run.fromAbove),
    program.states.map((_, k) => {
      const final = isLast ? run.finalAdjoints[k] : undefined;
      return final ? pickRows(final) : null;
    }),
    gradients,
  );
  return worst([
    relativeError(unrolled.output.data, pick(run.output).data),
    relativeError(gradients.input.data, pick(run.gradients!.input).data),
  ]);
}

/** Some time steps and sequences of `[T, B, …]`, copied. */
function pickParts(
  array: NdArray,
  dtype: DType,
  steps: readonly number[],
  sequences: readonly number[],
): NdArray {
  const [, batchSize, ...inner] = array.shape as [number, number, ...number[]];
  const width = sizeOf(inner);
  const picked = createNdArray(dtype, [steps.length, sequences.length, ...inner]);
  let to = 0;
  for (const t of steps)
    for (const b of sequences) {
      const from = (t * batchSize + b) * width;
      picked.data.set(array.data.subarray(from, from + width), to);
      to += width;
    }
  return picked;
}
