/**
 * Reads a trace that may come from anywhere; see `parsePayload.ts` for what that promises. Beyond it: every
 * array has the shape that its place asks for and all arrays together stay within a bound, before a byte is
 * decoded; every index points at something that exists; formulas are of allowed elements and of bounded depth.
 */
import { layerReader } from './parseTraceLayer.js';
import {
  checkUnique,
  describe,
  listOf,
  oneOf,
  optional,
  PayloadError,
  readCount,
  readMembers,
  readNumber,
  readShape,
  readText,
  type Reader,
} from './readValue.js';
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
    title: readText,
    traces: listOf(
      objectOf<ComparisonData['traces'][number]>({ name: readText, trace: parseTraceMember }),
      2,
    ),
  })(value, '');
  const { traces } = comparison;
  if (traces.length !== 2) throw new PayloadError('traces', '2 entries', `${traces.length}`);
  checkUnique(
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
    if (!(error instanceof PayloadError) || member === '') throw error;
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
  checkUnique(
    trace.layers.map(({ name }) => name),
    (index) => `layers[${index}].name`,
  );
  checkReferences(trace);
  return trace;
}

const version: Reader<1> = (value, member) => {
  if (value !== 1) throw new PayloadError(member, '1', describe(value));
  return 1;
};

const extent =
  (most: number): Reader<number> =>
  (value, member) => {
    const count = readCount(value, member);
    if (count < 1 || count > most) throw new PayloadError(member, `1 to ${most}`, `${count}`);
    return count;
  };

/** What must be known before anything else can be read. */
function readHead(value: unknown) {
  const members = readMembers(value, '');
  version(members.get('version'), 'version');
  const timeSteps = extent(traceLimits.timeSteps)(members.get('timeSteps'), 'timeSteps');
  const batchSize = extent(traceLimits.batchSize)(members.get('batchSize'), 'batchSize');
  return {
    timeSteps,
    steps: ascendingBelow(timeSteps, timeSteps)(members.get('steps'), 'steps'),
    sequences: ascendingBelow(batchSize, 4_096)(members.get('sequences'), 'sequences'),
    truncation: optional(truncationReader(timeSteps))(members.get('truncation'), 'truncation'),
  };
}

const truncationReader = (timeSteps: number) =>
  objectOf<NonNullable<TraceData['truncation']>>({
    length: extent(traceLimits.timeSteps),
    boundaries: ascendingBelow(timeSteps, timeSteps),
  });

type Input = NonNullable<TraceData['input']>;

const texts = (most: number) => listOf(readText, most);

function bodyFields(readers: TraceReaders): Fields<TraceData> {
  const { timeSteps } = readers;
  const series = readers.floats([timeSteps]);
  return {
    version,
    title: readText,
    id: optional(readText),
    dtype: oneOf(['float32', 'float64']),
    timeSteps: readCount,
    batchSize: readCount,
    inputs: optional(texts(timeSteps)),
    outputs: optional(texts(timeSteps)),
    input: optional(inputReader(readers)),
    steps: listOf(readCount, timeSteps),
    sequences: listOf(readCount, 4_096),
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
      parameters: listOf(parameterReader(readers), traceLimits.parameters),
    }),
    clip: optional(
      objectOf<NonNullable<TraceData['clip']>>({
        maxNorm: readNumber,
        factor: numberOrNull,
        fired: flag,
        step: optional(indexBelow(timeSteps)),
      }),
    ),
    truncation: optional(truncationReader(timeSteps)),
    stages: listOf(stageReader(series), traceLimits.stages),
    layers: listOf(layerReader(readers), traceLimits.layers),
    verdict: objectOf<TraceData['verdict']>({
      sentence: readText,
      findings: listOf(
        objectOf<TraceData['verdict']['findings'][number]>({
          kind: oneOf(findingKinds),
          text: readText,
          layer: optional(readCount),
          step: optional(indexBelow(timeSteps)),
        }),
        traceLimits.texts,
      ),
    }),
    checks: listOf(
      objectOf<TraceData['checks'][number]>({
        name: readText,
        error: numberOrNull,
        tolerance: readNumber,
      }),
      traceLimits.texts,
    ),
  };
}

function inputReader(readers: TraceReaders): Reader<Input> {
  return (value, member) => {
    const units = ascendingBelow(Number.MAX_SAFE_INTEGER, traceLimits.units);
    const count = units(readMembers(value, member).get('units'), `${member}.units`).length;
    return objectOf<Input>({
      shape: readShape,
      isInteger: flag,
      units,
      value: readers.floats([readers.steps, readers.sequences, count]),
    })(value, member);
  };
}

function parameterReader(
  readers: TraceReaders,
): Reader<TraceData['gradient']['parameters'][number]> {
  return (value, member) => {
    const shape = readShape(readMembers(value, member).get('shape'), `${member}.shape`);
    return objectOf<TraceData['gradient']['parameters'][number]>({
      name: readText,
      shape: readShape,
      layer: optional(readCount),
      node: optional(readCount),
      valueNorm: numberOrNull,
      gradientNorm: numberOrNull,
      steps: optional(readers.floats([readers.timeSteps])),
      value: optional(readers.floats(shape)),
      gradient: optional(readers.floats(shape)),
    })(value, member);
  };
}

const stageReader =
  (series: Reader<FloatArray>) =>
  (value: unknown, member: string, index: number): TraceData['stages'][number] =>
    objectOf<TraceData['stages'][number]>({
      name: readText,
      type: readText,
      from: listOf((entry, where) => (entry === -1 ? -1 : indexBelow(index)(entry, where)), 512),
      layer: optional(readCount),
      shape: readShape,
      valueNorm: series,
      adjointNorm: series,
    })(value, member);

/** References from one list into another. */
function checkReferences(trace: TraceData): void {
  const layer = indexBelow(trace.layers.length);
  trace.stages.forEach((stage, index) => optional(layer)(stage.layer, `stages[${index}].layer`));
  trace.verdict.findings.forEach((finding, index) =>
    optional(layer)(finding.layer, `verdict.findings[${index}].layer`),
  );
  trace.gradient.parameters.forEach((parameter, index) => {
    const member = `gradient.parameters[${index}]`;
    optional(layer)(parameter.layer, `${member}.layer`);
    if (parameter.layer !== undefined)
      optional(indexBelow(trace.layers[parameter.layer]!.nodes.length))(
        parameter.node,
        `${member}.node`,
      );
  });
}
