import { norm } from '../rnn/inspect/vectors.js';
import { encodeFloats, type EncodedArray } from '../contract/floatText.js';
import type { TracePayload } from '../contract/trace.js';
import { traceLimits } from '../contract/traceReaders.js';
import { OptionError } from '../rnn/errors.js';
import type { LayerTrace } from '../rnn/inspect/layerTrace.js';
import { splitInputs } from '../rnn/inspect/network.js';

import type { Trace } from '../rnn/inspect/trace.js';
import { is, checkOptions, optional } from '../rnn/options.js';
import {
  defaultBytes,
  defaultDetailBytes,
  planDetail,
  type DetailPlan,
  type TraceSample,
} from './traceDetail.js';
import { smallParameter, spectrumLeftOut, toLayer, withDetail } from './traceLayer.js';
import { boundariesOf, onAxisOf } from './traceAxis.js';
import { toInput } from './traceInput.js';
import { toAttention } from './traceAttention.js';
import { toStages } from './traceStages.js';

/** How a trace is drawn and what its picture carries. */
export interface TracePictureOptions {
  /** Default `'Backpropagation through time'`. */
  title?: string;
  /** What stands under each time step, e.g. the characters read. */
  inputs?: readonly string[];
  /** What stands over each time step, e.g. the characters predicted. */
  outputs?: readonly string[];
  /** What is carried in numbers. */
  sample?: TraceSample;
}

/** The data of the inspector's picture: everything it shows, without a kernel. */
export const toTracePayload = (trace: Trace, options: TracePictureOptions = {}): TracePayload =>
  toPicture(trace, options).payload;

/** A payload, and what it carries in numbers. */
export interface TracePicture {
  readonly payload: TracePayload;
  readonly plan: DetailPlan;
}

/** @param plan what is carried in numbers; left out: what fits */
export function toPicture(
  trace: Trace,
  options: TracePictureOptions,
  plan?: DetailPlan,
): TracePicture {
  const { title = 'Backpropagation through time', inputs, outputs, sample = {} } = options;
  checkSample(trace, sample);
  const { timeSteps, batchSize } = trace;
  const drawn = trace.layers.slice(0, traceLimits.layers);
  const { stages, sources } = toStages(trace, drawn);
  const bare: TracePayload = {
    version: 1,
    title,
    dtype: trace.dtype,
    timeSteps,
    batchSize,
    ...(inputs && { inputs: inputs.slice(0, timeSteps) }),
    ...(outputs && { outputs: outputs.slice(0, timeSteps) }),
    steps: [],
    sequences: [],
    leftOut: [],
    loss: {
      value: finite(trace.loss.total),
      terms: encodeFloats(trace.loss.perStep, [timeSteps]),
      rest: finite(trace.loss.rest),
      measuredAt: [...trace.loss.measuredAt],
    },
    gradient: toGradient(trace),
    ...toClip(trace),
    ...toTruncation(trace),
    stages: stages.slice(0, traceLimits.stages),
    layers: drawn.map((layer) => toLayer(trace, layer)),
    ...toAttention(trace, { stages: stages.slice(0, traceLimits.stages), sources }, drawn),
    ...toVerdict(trace, drawn),
    checks: trace.check().map((one) => ({ ...one, error: finite(one.error ?? NaN) })),
  };
  const add = (chosen: DetailPlan) => withNumbers(bare, drawn, trace, chosen);
  return plan
    ? { payload: add(plan), plan }
    : fitting(
        bare,
        (available) => planDetail(drawn, timeSteps, batchSize, sample, available),
        add,
        sample.bytes,
      );
}

/** Adds numbers in detail. */
function withNumbers(
  bare: TracePayload,
  drawn: readonly LayerTrace[],
  trace: Trace,
  plan: DetailPlan,
): TracePayload {
  const beyond = trace.layers.length - drawn.length;
  const notDrawn = [
    ...drawn.flatMap(spectrumLeftOut),
    ...(beyond > 0
      ? [`Recurrent layers beyond the first ${drawn.length} are not drawn: ${beyond}.`]
      : []),
  ];
  const input = toInput(trace, plan);
  return {
    ...bare,
    ...(input && { input }),
    steps: [...plan.steps],
    sequences: [...plan.sequences],
    leftOut: [...plan.leftOut, ...notDrawn],
    layers: bare.layers.map((layer, k) => withDetail(layer, drawn[k]!, plan)),
  };
}

/** As many numbers as fit. */
function fitting(
  bare: TracePayload,
  planFor: (available: number) => DetailPlan,
  add: (plan: DetailPlan) => TracePayload,
  bytes: number | undefined,
): TracePicture {
  const budget = bytes ?? defaultBytes;
  const room = budget - JSON.stringify(bare).length;
  let available = bytes === undefined ? Math.min(room, defaultDetailBytes) : room;
  for (;;) {
    const plan = planFor(available);
    const payload = add(plan);
    const excess = JSON.stringify(payload).length - budget;
    if (excess <= 0) return { payload, plan };
    if (plan.steps.length === 0) {
      payload.leftOut.push(`Even so the payload is larger than ${budget} bytes.`);
      return { payload, plan };
    }
    available -= Math.max(excess, budget / 100);
  }
}

const finite = (value: number): number | null => (Number.isFinite(value) ? value : null);

function checkSample({ timeSteps, batchSize }: Trace, sample: TraceSample): void {
  const indices = (end: number) => (value: unknown) =>
    Array.isArray(value) &&
    value.every((one) => Number.isInteger(one) && Number(one) >= 0 && Number(one) < end)
      ? undefined
      : `a list of numbers from 0 to ${end - 1}`;
  checkOptions('inspect: sample', sample, {
    bytes: optional(is.positiveInteger),
    steps: optional(indices(timeSteps)),
    sequences: optional(indices(batchSize)),
    units: optional(is.positiveInteger),
  });
  if (sample.sequences?.length === 0)
    throw new OptionError('inspect: sample: sequences must name at least one sequence, got none');
}

function toGradient(trace: Trace): TracePayload['gradient'] {
  const places = new Map<string, { layer: number; node: number; steps: EncodedArray }>();
  trace.layers.slice(0, traceLimits.layers).forEach((layer, index) =>
    layer.program.parameters.forEach(({ node }, k) => {
      const slot = splitInputs(layer.operation).parameters[k]!;
      const name = trace.network.slots[slot]!.parameter;
      if (name !== undefined && !places.has(name))
        places.set(name, {
          layer: index,
          node,
          steps: onAxisOf(trace, layer)(layer.norms.adjoints[node]!),
        });
    }),
  );
  return {
    norm: finite(trace.gradientNorm),
    running: encodeFloats(trace.runningNorm, [trace.timeSteps]),
    parameters: [...trace.gradients.values()].map(({ name, value, gradient }) => ({
      name,
      shape: [...value.shape],
      ...places.get(name),
      valueNorm: finite(norm(value.data)),
      gradientNorm: finite(norm(gradient.data)),
      ...(value.data.length <= smallParameter && {
        value: encodeFloats(value.data, value.shape),
        gradient: encodeFloats(gradient.data, value.shape),
      }),
    })),
  };
}

function toClip({ clip }: Trace): Pick<TracePayload, 'clip'> {
  if (!clip) return {};
  const { maxNorm, factor, fired, step } = clip;
  return { clip: { maxNorm, factor: finite(factor), fired, ...(step !== undefined && { step }) } };
}

function toTruncation(trace: Trace): Pick<TracePayload, 'truncation'> {
  const length = trace.options.truncate;
  return length === undefined ? {} : { truncation: { length, boundaries: boundariesOf(trace) } };
}

function toVerdict(trace: Trace, drawn: readonly LayerTrace[]): Pick<TracePayload, 'verdict'> {
  const { sentence, findings } = trace.verdict();
  return {
    verdict: {
      sentence: sentence.slice(0, 2_000),
      findings: findings.map(({ kind, text, layer, step }) => ({
        kind,
        text,
        ...(layer && drawn.includes(layer) && { layer: drawn.indexOf(layer) }),
        ...(step !== undefined && { step }),
      })),
    },
  };
}
