import { encodeFloats, type EncodedArray } from '../contract/floatText.js';
import type { TracePayload } from '../contract/trace.js';
import type { LayerTrace } from '../rnn/inspect/layerTrace.js';
import type { Network, NetworkOperation } from '../rnn/inspect/network.js';
import type { Trace } from '../rnn/inspect/trace.js';
import type { NdArray, Shape } from '../rnn/ndarray.js';
import { meansUnderWeights, transparent, weightOperations } from './traceAttention.js';
import { toSpan } from './traceAxis.js';

type Stage = TracePayload['stages'][number];

/** What computes at each time step, and where its numbers are. */
export interface StageMap {
  readonly stages: Stage[];
  /** Slot → the stages whose numbers it holds, rearranged or not; −1 is the network's input. */
  readonly sources: ReadonlyMap<number, readonly number[]>;
}

const typeNames: Readonly<Record<string, string>> = { embedding: 'Embedding', linear: 'Linear' };

/** Everything that computes at each time step, in the order of computation. */
export function toStages(trace: Trace, drawn: readonly LayerTrace[]): StageMap {
  const { network } = trace;
  const stages: Stage[] = [];
  const hidden = weightOperations(network);
  const means = new Set<NetworkOperation>(meansUnderWeights(network));
  const sources = new Map<number, number[]>([[network.input, [-1]]]);
  for (const operation of network.operations) {
    const from = [...new Set(operation.inputs.flatMap((slot) => sources.get(slot) ?? []))];
    const output = operation.outputs[0]!;
    const value = trace.pass.values[output];
    const span = spanOf(
      trace,
      operation,
      from.flatMap((one) => stages[one] ?? []),
    );
    const axis = value && timeAxis(value.shape, span.timeSteps);
    const isStage =
      axis !== undefined && !transparent.has(nameOfOperation(operation)) && !hidden.has(operation);
    for (const slot of operation.outputs) sources.set(slot, isStage ? [stages.length] : from);
    if (!isStage) continue;
    const layer = drawn.findIndex((one) => one.operation === operation);
    stages.push({
      name: uniqueName(means.has(operation) ? 'attention' : ownerOf(network, operation), stages),
      type: means.has(operation) ? 'attention' : typeOf(operation),
      from,
      ...(layer >= 0 && { layer }),
      ...toSpan(trace, span),
      shape: value!.shape.filter((_, k) => k !== axis),
      valueNorm: normsOverTime(trace, value, axis, span),
      adjointNorm: normsOverTime(trace, trace.adjoints[output], axis, span),
    });
  }
  return { stages, sources };
}

/** The first axis, or the second for models that take the batch first. */
const timeAxis = (shape: Shape, timeSteps: number): number | undefined =>
  shape.length < 2 ? undefined : [0, 1].find((axis) => shape[axis] === timeSteps);

const nameOfOperation = (operation: NetworkOperation): string =>
  operation.kind === 'recurrent' ? 'recurrent' : operation.op;

const typeOf = (operation: NetworkOperation): string =>
  operation.kind === 'recurrent'
    ? operation.program.name
    : (typeNames[operation.op] ?? operation.op);

/** The module whose parameter the operation reads, else what it is. */
function ownerOf(network: Network, operation: NetworkOperation): string {
  if (operation.kind === 'recurrent') return operation.name;
  const parameter = operation.inputs
    .map((slot) => network.slots[slot]!.parameter)
    .find((name) => name !== undefined);
  return parameter?.split('.').slice(0, -1).join('.') || typeOf(operation);
}

function uniqueName(name: string, taken: readonly Stage[]): string {
  let unique = name;
  for (let k = 2; taken.some((stage) => stage.name === unique); k++) unique = `${name} (${k})`;
  return unique;
}

function normsOverTime(
  trace: Trace,
  array: NdArray | undefined,
  axis: number,
  { start, timeSteps }: Span,
): EncodedArray {
  const squares = new Float64Array(trace.timeSteps);
  if (array) {
    const inner = array.shape.slice(axis + 1).reduce((product, n) => product * n, 1);
    for (let i = 0; i < array.data.length; i++)
      squares[start + (Math.floor(i / inner) % timeSteps)]! += array.data[i]! ** 2;
  }
  return encodeFloats(squares.map(Math.sqrt), [trace.timeSteps]);
}

interface Span {
  readonly start: number;
  readonly timeSteps: number;
}

/** Where an operation runs: along with what it reads, or else with the first layer that reads it. */
function spanOf(trace: Trace, operation: NetworkOperation, sources: readonly Stage[]): Span {
  const whole = { start: 0, timeSteps: trace.timeSteps };
  if (trace.layers.every(({ timeSteps }) => timeSteps === trace.timeSteps)) return whole;
  const own = trace.layers.find((layer) => layer.operation === operation);
  if (own) return own;
  const spans = sources.flatMap(({ start, timeSteps }) =>
    timeSteps === undefined ? [] : [{ start: start!, timeSteps }],
  );
  // What reads encoder and decoder runs with the decoder.
  if (spans.length > 0) return spans.reduce((last, one) => (one.start > last.start ? one : last));
  return readerOf(trace, operation) ?? whole;
}

function readerOf({ network, layers }: Trace, operation: NetworkOperation): Span | undefined {
  const reached = new Set(operation.outputs);
  for (const next of network.operations.slice(network.operations.indexOf(operation) + 1)) {
    if (next.kind === 'recurrent') {
      const layer = layers.find((one) => one.operation === next);
      if (layer && reached.has(next.inputs[0]!)) return layer;
    } else if (next.inputs.some((slot) => reached.has(slot)))
      for (const slot of next.outputs) reached.add(slot);
  }
  return undefined;
}
