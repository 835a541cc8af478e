import { encodeFloats } from '../contract/floatText.js';
import type { TracePayload } from '../contract/trace.js';
import type { LayerTrace } from '../rnn/inspect/layerTrace.js';
import type { Network, NetworkOperation, Primitive } from '../rnn/inspect/network.js';
import type { Trace } from '../rnn/inspect/trace.js';
import { squaredNorm } from '../rnn/inspect/vectors.js';
import type { NdArray } from '../rnn/ndarray.js';
import type { StageMap } from './traceStages.js';

type Attention = NonNullable<TracePayload['attention']>[number];

/** Operations that rearrange numbers and compute none. */
export const transparent: ReadonlySet<string> = new Set(['slice', 'reshape', 'permute', 'cat']);

/** Most weights that are carried, of all attention together. */
const mostWeights = 40_000;

/**
 * Who looks at whom, found from what the model computed: a softmax whose numbers `[B, Q, K]` weigh the rows of what
 * lies along K time steps. Nothing where no attention lies along time steps that are drawn.
 */
export function toAttention(
  trace: Trace,
  map: StageMap,
  drawn: readonly LayerTrace[],
): Pick<TracePayload, 'attention'> {
  let room = mostWeights;
  const attention = meansUnderWeights(trace.network).flatMap((operation) => {
    const found = toOne(trace, map, drawn, operation);
    if (!found || found.queries.length * found.keys.length > room) return [];
    room -= found.queries.length * found.keys.length;
    return [found];
  });
  return attention.length > 0 ? { attention } : {};
}

/** Products of what a softmax gave, `[B, Q, K]`, with `[B, K, F]`. */
export function meansUnderWeights({ operations, slots }: Network): Primitive[] {
  const weights = new Set(
    operations.flatMap((one) =>
      one.kind === 'primitive' && one.op === 'softmax' && slots[one.outputs[0]!]!.shape.length === 3
        ? one.outputs
        : [],
    ),
  );
  return operations.filter(
    (one): one is Primitive =>
      one.kind === 'primitive' && one.op === 'matmul' && weights.has(one.inputs[0]!),
  );
}

/** What computes weights of attention and nothing else: scores and their softmax. One stage stands for all. */
export function weightOperations(network: Network): Set<NetworkOperation> {
  const { operations } = network;
  const means = new Set<NetworkOperation>(meansUnderWeights(network));
  const found = new Set<NetworkOperation>();
  for (const operation of operations.toReversed()) {
    if (operation.kind !== 'primitive' || means.has(operation)) continue;
    const readers = operations.filter((one) =>
      operation.outputs.some((slot) => one.inputs.includes(slot)),
    );
    const isWeights =
      operation.op === 'softmax' &&
      readers.some((one) => means.has(one) && one.inputs[0] === operation.outputs[0]);
    if (isWeights || (readers.length > 0 && readers.every((one) => found.has(one))))
      found.add(operation);
  }
  return found;
}

function toOne(
  trace: Trace,
  { stages, sources }: StageMap,
  drawn: readonly LayerTrace[],
  operation: Primitive,
): Attention | undefined {
  const [weights, keys] = operation.inputs as [number, number];
  const value = trace.pass.values[weights]!;
  const adjoint = trace.adjoints[operation.outputs[0]!];
  if (value.shape.length !== 3 || !adjoint) return undefined;
  const [, queryCount, keyCount] = value.shape as [number, number, number];
  const lengthOf = (stage: number) => stages[stage]?.timeSteps ?? trace.timeSteps;
  const from = sources.get(keys)?.findLast((one) => stages[one] && lengthOf(one) === keyCount);
  const reader = readerOf(trace, operation, drawn);
  const to =
    reader >= 0
      ? stages.findIndex(({ layer }) => layer === reader)
      : sources.get(operation.outputs[0]!)?.[0];
  if (from === undefined || to === undefined || !stages[to] || lengthOf(to) !== queryCount)
    return undefined;
  const stepsOf = (stage: number) =>
    Array.from({ length: lengthOf(stage) }, (_, k) => (stages[stage]!.start ?? 0) + k);
  const shape = [queryCount, keyCount];
  return {
    from,
    to,
    queries: stepsOf(to),
    keys: stepsOf(from),
    weight: encodeFloats(meanOverBatch(value), shape),
    flow: encodeFloats(flowBack(value, adjoint), shape),
  };
}

/**
 * The recurrent layer that reads the mean as it is, beside other things or alone: its step is the one that looks. −1
 * where there is none, as where the mean joins what the layer gave out.
 */
function readerOf({ network }: Trace, operation: Primitive, drawn: readonly LayerTrace[]): number {
  const { operations } = network;
  const reached = new Set(operation.outputs);
  for (const next of operations.slice(operations.indexOf(operation) + 1)) {
    if (next.kind === 'recurrent') {
      if (reached.has(next.inputs[0]!)) return drawn.findIndex((one) => one.operation === next);
    } else if (
      next.kind === 'primitive' &&
      transparent.has(next.op) &&
      next.inputs.some((slot) => reached.has(slot))
    )
      for (const slot of next.outputs) reached.add(slot);
  }
  return -1;
}

/** `[B, Q, K]` → `[Q, K]` */
function meanOverBatch({ data, shape: [batchSize] }: NdArray): Float64Array {
  const mean = new Float64Array(data.length / batchSize!);
  for (let i = 0; i < data.length; i++) mean[i % mean.length]! += data[i]! / batchSize!;
  return mean;
}

/** ‖w·c̄‖ over the batch, with weights w `[B, Q, K]` and the adjoint c̄ `[B, Q, F]` of the mean: `[Q, K]`. */
function flowBack(weights: NdArray, mean: NdArray): Float64Array {
  const [batchSize, queries, keys] = weights.shape as [number, number, number];
  const features = mean.data.length / (batchSize * queries);
  const squares = new Float64Array(queries * keys);
  for (let row = 0; row < batchSize * queries; row++) {
    const own = squaredNorm(mean.data.subarray(row * features, (row + 1) * features));
    const q = row % queries;
    for (let k = 0; k < keys; k++)
      squares[q * keys + k]! += weights.data[row * keys + k]! ** 2 * own;
  }
  return squares.map(Math.sqrt);
}
