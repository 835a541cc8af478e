import { encodeFloats } from '../contract/floatText.js';
import type { TracePayload } from '../contract/trace.js';
import type { Network, NetworkOperation } from '../rnn/inspect/network.js';
import type { Trace } from '../rnn/inspect/trace.js';
import type { NdArray, Shape } from '../rnn/ndarray.js';

type Stage = TracePayload['stages'][number];

/** Operations that rearrange numbers and compute none. */
const transparent: ReadonlySet<string> = new Set(['slice', 'reshape', 'permute', 'cat']);

const typeNames: Readonly<Record<string, string>> = { embedding: 'Embedding', linear: 'Linear' };

/** Everything that computes at each time step, in the order of computation. */
export function toStages(trace: Trace): Stage[] {
  const { network } = trace;
  const stages: Stage[] = [];
  /** Slot → the stages whose numbers it holds, rearranged or not. */
  const sources = new Map<number, number[]>([[network.input, [-1]]]);
  for (const operation of network.operations) {
    const from = [...new Set(operation.inputs.flatMap((slot) => sources.get(slot) ?? []))];
    const output = operation.outputs[0]!;
    const value = trace.pass.values[output];
    const axis = value && timeAxis(value.shape, trace.timeSteps);
    const isStage = !transparent.has(nameOfOperation(operation)) && axis !== undefined;
    for (const slot of operation.outputs) sources.set(slot, isStage ? [stages.length] : from);
    if (!isStage) continue;
    const layer = trace.layers.findIndex((one) => one.operation === operation);
    stages.push({
      name: uniqueName(ownerOf(network, operation), stages),
      type: typeOf(operation),
      from,
      ...(layer >= 0 && { layer }),
      shape: value!.shape.filter((_, k) => k !== axis),
      valueNorm: normsOverTime(value, axis, trace.timeSteps),
      adjointNorm: normsOverTime(trace.adjoints[output], axis, trace.timeSteps),
    });
  }
  return stages;
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

function normsOverTime(array: NdArray | undefined, axis: number, timeSteps: number) {
  const squares = new Float64Array(timeSteps);
  if (array) {
    const inner = array.shape.slice(axis + 1).reduce((product, n) => product * n, 1);
    for (let i = 0; i < array.data.length; i++)
      squares[Math.floor(i / inner) % timeSteps]! += array.data[i]! ** 2;
  }
  return encodeFloats(squares.map(Math.sqrt), [timeSteps]);
}
