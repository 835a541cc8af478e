/**
 * Reads a trace that may come from anywhere; see `parsePayload.ts` for what that promises. Beyond it: every
 * array has the shape that its place asks for and all arrays together stay within a bound, before a byte is
 * decoded; every index points at something that exists; formulas are of allowed elements and of bounded depth.
 */
import { layerReader } from './parseTraceLayer.js';
import { checkSpan, spanFields } from './traceSpan.js';
import * as base from './readValue.js';
import { findingKinds, type ComparisonData, type FloatArray, type TraceData } from './trace.js';
import {
  ascendingBelow,
  createReaders,
  flag,
  indexBelow,
  numberOrNull,
  objectOf,
  traceLimits,
  type Fields,
  type TraceReaders,
} from './traceReaders.js';

export { traceLimits } from './traceReaders.js';

/** @throws PayloadError that names the member, what was expected and what came */
export const parseTrace = (value: unknown): TraceData => parseTraceMember(value, '');

/** Two traces; @throws PayloadError as `parseTrace` */
export function parseComparison(value: unknown): ComparisonData {
  const comparison = objectOf<ComparisonData>({
    version,
    title: base.readText,
    traces: base.listOf(
      objectOf<ComparisonData['traces'][number]>({ name: base.readText, trace: parseTraceMember }),
      2,
    ),
  })(value, '');
  const { traces } = comparison;
  if (traces.length !== 2) throw new base.PayloadError('traces', '2 entries', `${traces.length}`);
  base.checkUnique(
    traces.map(({ name }) => name),
    (index) => `traces[${index}].name`,
  );
  return comparison;
}

/** A trace that stands inside of something else. */
export function parseTraceMember(value: unknown, member: string): TraceData {
  try {
    return readTrace(value);
  } catch (error) {
    if (!(error instanceof base.PayloadError) || member === '') throw error;
    throw error.within(member);
  }
}

function readTrace(value: unknown): TraceData {
  const { timeSteps, steps, sequences, truncation } = readHead(value);
  const readers = createReaders(
    timeSteps,
    steps.length,
    sequences.length,
    truncation?.boundaries.length ?? 0,
  );
  const trace = objectOf(bodyFields(readers))(value, '');
  base.checkUnique(
    trace.layers.map(({ name }) => name),
    (index) => `layers[${index}].name`,
  );
  checkReferences(trace);
  return trace;
}

const version: base.Reader<1> = (value, member) => {
  if (value !== 1) throw new base.PayloadError(member, '1', base.describe(value));
  return 1;
};

const extent =
  (most: number): base.Reader<number> =>
  (value, member) => {
    const count = base.readCount(value, member);
    if (count < 1 || count > most) throw new base.PayloadError(member, `1 to ${most}`, `${count}`);
    return count;
  };

/** What must be known before anything else can be read. */
function readHead(value: unknown) {
  const members = base.readMembers(value, '');
  version(members.get('version'), 'version');
  const timeSteps = extent(traceLimits.timeSteps)(members.get('timeSteps'), 'timeSteps');
  const batchSize = extent(traceLimits.batchSize)(members.get('batchSize'), 'batchSize');
  return {
    timeSteps,
    steps: ascendingBelow(timeSteps, timeSteps)(members.get('steps'), 'steps'),
    sequences: ascendingBelow(batchSize, 4_096)(members.get('sequences'), 'sequences'),
    truncation: base.optional(truncationReader(timeSteps))(members.get('truncation'), 'truncation'),
  };
}

const truncationReader = (timeSteps: number) =>
  objectOf<NonNullable<TraceData['truncation']>>({
    length: extent(traceLimits.timeSteps),
    boundaries: ascendingBelow(timeSteps, timeSteps),
  });

type Input = NonNullable<TraceData['input']>;
type Attention = NonNullable<TraceData['attention']>[number];

const texts = (most: number) => base.listOf(base.readText, most);

function bodyFields(readers: TraceReaders): Fields<TraceData> {
  const { timeSteps } = readers;
  const series = readers.floats([timeSteps]);
  return {
    version,
    title: base.readText,
    id: base.optional(base.readText),
    dtype: base.oneOf(['float32', 'float64']),
    timeSteps: base.readCount,
    batchSize: base.readCount,
    inputs: base.optional(texts(timeSteps)),
    outputs: base.optional(texts(timeSteps)),
    input: base.optional(inputReader(readers)),
    steps: base.listOf(base.readCount, timeSteps),
    sequences: base.listOf(base.readCount, 4_096),
    leftOut: texts(traceLimits.texts),
    loss: objectOf<TraceData['loss']>({
      value: numberOrNull,
      terms: series,
      rest: numberOrNull,
      measuredAt: ascendingBelow(timeSteps, timeSteps),
    }),
    gradient: objectOf<TraceData['gradient']>({
      norm: numberOrNull,
      running: series,
      parameters: base.listOf(parameterReader(readers), traceLimits.parameters),
    }),
    clip: base.optional(
      objectOf<NonNullable<TraceData['clip']>>({
        maxNorm: base.readNumber,
        factor: numberOrNull,
        fired: flag,
        step: base.optional(indexBelow(timeSteps)),
      }),
    ),
    truncation: base.optional(truncationReader(timeSteps)),
    stages: base.listOf(stageReader({ timeSteps, read: series }), traceLimits.stages),
    layers: base.listOf(layerReader(readers), traceLimits.layers),
    attention: base.optional(base.listOf(attentionReader(readers), traceLimits.stages)),
    verdict: objectOf<TraceData['verdict']>({
      sentence: base.readText,
      findings: base.listOf(
        objectOf<TraceData['verdict']['findings'][number]>({
          kind: base.oneOf(findingKinds),
          text: base.readText,
          layer: base.optional(base.readCount),
          step: base.optional(indexBelow(timeSteps)),
        }),
        traceLimits.texts,
      ),
    }),
    checks: base.listOf(
      objectOf<TraceData['checks'][number]>({
        name: base.readText,
        error: numberOrNull,
        tolerance: base.readNumber,
      }),
      traceLimits.texts,
    ),
  };
}

function inputReader(readers: TraceReaders): base.Reader<Input> {
  return (value, member) => {
    const units = ascendingBelow(Number.MAX_SAFE_INTEGER, traceLimits.units);
    const count = units(base.readMembers(value, member).get('units'), `${member}.units`).length;
    return objectOf<Input>({
      shape: base.readShape,
      isInteger: flag,
      units,
      value: readers.floats([readers.steps, readers.sequences, count]),
    })(value, member);
  };
}

function parameterReader(
  readers: TraceReaders,
): base.Reader<TraceData['gradient']['parameters'][number]> {
  return (value, member) => {
    const shape = base.readShape(base.readMembers(value, member).get('shape'), `${member}.shape`);
    return objectOf<TraceData['gradient']['parameters'][number]>({
      name: base.readText,
      shape: base.readShape,
      layer: base.optional(base.readCount),
      node: base.optional(base.readCount),
      valueNorm: numberOrNull,
      gradientNorm: numberOrNull,
      steps: base.optional(readers.floats([readers.timeSteps])),
      value: base.optional(readers.floats(shape)),
      gradient: base.optional(readers.floats(shape)),
    })(value, member);
  };
}

const stageReader =
  (series: { timeSteps: number; read: base.Reader<FloatArray> }) =>
  (value: unknown, member: string, index: number): TraceData['stages'][number] =>
    objectOf<TraceData['stages'][number]>({
      name: base.readText,
      type: base.readText,
      from: base.listOf(
        (entry, where) => (entry === -1 ? -1 : indexBelow(index)(entry, where)),
        512,
      ),
      layer: base.optional(base.readCount),
      ...spanFields(series.timeSteps),
      shape: base.readShape,
      valueNorm: series.read,
      adjointNorm: series.read,
    })(value, member);

function attentionReader(readers: TraceReaders): base.Reader<Attention> {
  return (value, member) => {
    const members = base.readMembers(value, member);
    const times = ascendingBelow(readers.timeSteps, readers.timeSteps);
    const count = (name: 'queries' | 'keys') =>
      times(members.get(name), `${member}.${name}`).length;
    const weights = readers.floats([count('queries'), count('keys')]);
    return objectOf<Attention>({
      from: base.readCount,
      to: base.readCount,
      queries: times,
      keys: times,
      weight: weights,
      flow: weights,
    })(value, member);
  };
}

/** References from one list into another. */
function checkReferences(trace: TraceData): void {
  trace.stages.forEach((stage, index) => checkSpan(trace, stage, `stages[${index}]`));
  trace.layers.forEach((one, index) => checkSpan(trace, one, `layers[${index}]`));
  const layer = indexBelow(trace.layers.length);
  trace.stages.forEach((stage, index) =>
    base.optional(layer)(stage.layer, `stages[${index}].layer`),
  );
  const stage = indexBelow(trace.stages.length);
  trace.attention?.forEach(({ from, to }, index) => {
    stage(from, `attention[${index}].from`);
    stage(to, `attention[${index}].to`);
  });
  trace.verdict.findings.forEach((finding, index) =>
    base.optional(layer)(finding.layer, `verdict.findings[${index}].layer`),
  );
  trace.gradient.parameters.forEach((parameter, index) => {
    const member = `gradient.parameters[${index}]`;
    base.optional(layer)(parameter.layer, `${member}.layer`);
    if (parameter.layer !== undefined)
      base.optional(indexBelow(trace.layers[parameter.layer]!.nodes.length))(
        parameter.node,
        `${member}.node`,
      );
  });
}
