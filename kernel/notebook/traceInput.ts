import { encodeFloats } from '../contract/floatText.js';
import type { TracePayload } from '../contract/trace.js';
import type { Network } from '../rnn/inspect/network.js';
import type { Trace } from '../rnn/inspect/trace.js';
import { spreadEvenly } from '../rnn/inspect/vectors.js';
import { sizeOf, type Shape } from '../rnn/ndarray.js';
import type { DetailPlan } from './traceDetail.js';

/** How the numbers of a model's input lie: which axis is time, and how large a sequence's part of a step is. */
export interface InputLayout {
  /** The sequence, then the time step, where the batch comes first. */
  readonly batchFirst: boolean;
  /** Shape of one sequence at one time step. */
  readonly inner: Shape;
}

/** What is read first: an encoder's time steps where a decoder follows. */
const inputSteps = ({ layers }: Trace): number => layers[0]!.timeSteps;

/** Undefined where the input is no sequence of the first layer's time steps and the trace's batch. */
export function inputLayout(trace: Trace): InputLayout | undefined {
  const { network, batchSize } = trace;
  const timeSteps = inputSteps(trace);
  const { shape } = network.slots[network.input]!;
  const [first, second, ...inner] = shape;
  const isTimeMajor = first === timeSteps && second === batchSize;
  const isBatchMajor = first === batchSize && second === timeSteps;
  if (!isTimeMajor && !isBatchMajor) return undefined;
  return { batchFirst: isBatchMajor && (!isTimeMajor || isTransposed(network)), inner };
}

/** Where both axes are of one length: whether the model turns its input around before it reads it. */
const isTransposed = ({ operations, input }: Network): boolean =>
  operations.some(
    (one) => one.kind === 'primitive' && one.op === 'permute' && one.inputs.includes(input),
  );

/** The flat index of a number of the input. */
export function inputIndex(
  trace: Trace,
  { batchFirst, inner }: InputLayout,
  t: number,
  sequence: number,
  unit: number,
): number {
  const place = batchFirst ? sequence * inputSteps(trace) + t : t * trace.batchSize + sequence;
  return place * sizeOf(inner) + unit;
}

/** What the model reads, as far as the picture carries numbers. */
export function toInput(trace: Trace, plan: DetailPlan): TracePayload['input'] {
  const layout = inputLayout(trace);
  if (!layout) return undefined;
  const { data } = trace.pass.leaves.get(trace.network.input)!;
  const { steps, sequences } = plan;
  const all = Array.from({ length: sizeOf(layout.inner) }, (_, unit) => unit);
  const units = spreadEvenly(all, plan.units);
  const numbers = new Float32Array(steps.length * sequences.length * units.length);
  let at = 0;
  const end = inputSteps(trace);
  for (const t of steps.filter((step) => step < end))
    for (const b of sequences)
      for (const unit of units) numbers[at++] = data[inputIndex(trace, layout, t, b, unit)]!;
  return {
    shape: [trace.batchSize, ...layout.inner],
    isInteger: data instanceof Int32Array,
    units,
    value: encodeFloats(numbers, [steps.length, sequences.length, units.length]),
  };
}
