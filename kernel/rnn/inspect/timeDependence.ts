import {
  createNdArray,
  sameShape,
  sizeOf,
  type NdArray,
  type NumberArray,
  type Shape,
} from '../ndarray.js';
import { elementwise, ruleOf, type OpName } from '../ops/table.js';
import type { Network, NetworkOperation, Primitive, RecurrentOperation } from './network.js';
import type { ForwardPass } from './passes.js';
import type { TimeAxis } from './timeAxis.js';

/** By element of a slot's value: the last and the first time step whose layer output it depends on, else −1. */
export interface Dependence {
  latest: NumberArray;
  earliest: NumberArray;
}

/** Operations that move elements; their own rule moves the time steps as well. */
const moving: ReadonlySet<OpName> = new Set(['slice', 'cat', 'reshape', 'permute']);
/** Operations that mix the elements along the last axis of their first operand only. */
const alongLastAxis: ReadonlySet<OpName> = new Set([
  'linear',
  'softmax',
  'logSoftmax',
  'layerNorm',
]);

/** Which time steps each element depends on. An operation not known here mixes everything. */
export function timeDependence(pass: ForwardPass, { starts }: TimeAxis): Dependence[] {
  const { network, values } = pass;
  const none = (slot: number): Dependence => {
    const size = values[slot]?.data.length ?? sizeOf(network.slots[slot]!.shape);
    return { latest: filled(size, -1), earliest: filled(size, -1) };
  };
  const found: (Dependence | undefined)[] = network.slots.map(() => undefined);
  const of = (slot: number): Dependence => (found[slot] ??= none(slot));
  for (const operation of network.operations) {
    if (operation.kind === 'recurrent') {
      const start = starts.get(operation)!;
      found[operation.outputs[0]!] = ofLayer(network.slots[operation.outputs[0]!]!.shape, start);
      for (const slot of operation.outputs.slice(1))
        found[slot] = ofFinal(values[slot], operation, network, start);
      continue;
    }
    for (const slot of operation.outputs) {
      if (!values[slot]) continue;
      found[slot] = combine(operation, values, of, slot);
    }
  }
  return network.slots.map((_, slot) => of(slot));
}

const filled = (size: number, value: number): Int32Array => new Int32Array(size).fill(value);

function ofLayer(shape: Shape, start: number): Dependence {
  const own = shape[0]!;
  const steps = new Int32Array(sizeOf(shape));
  const size = steps.length / own;
  for (let i = 0; i < steps.length; i++) steps[i] = start + Math.floor(i / size);
  return { latest: steps, earliest: steps };
}

/** The final state is what the last step in order gives; of a shorter sequence its own last. */
function ofFinal(
  value: NdArray | undefined,
  { direction, lengths, inputs }: RecurrentOperation,
  { slots }: Network,
  start: number,
): Dependence {
  const steps = filled(value?.data.length ?? 0, -1);
  const [own, batchSize] = slots[inputs[0]!]!.shape as [number, number];
  const width = steps.length / batchSize;
  for (let i = 0; i < steps.length; i++) {
    const length = lengths?.[Math.floor(i / width)] ?? own;
    steps[i] = start + (direction === 'reverse' ? 0 : length - 1);
  }
  return { latest: steps, earliest: steps };
}

function combine(
  operation: Exclude<NetworkOperation, { kind: 'recurrent' }>,
  values: readonly (NdArray | undefined)[],
  of: (slot: number) => Dependence,
  output: number,
): Dependence {
  const out = values[output]!;
  const inputs = operation.inputs.map((slot) => ({ ...of(slot), shape: values[slot]!.shape }));
  if (operation.kind === 'primitive') {
    const { op } = operation;
    if (moving.has(op)) return move(operation, inputs, out.shape);
    if (elementwise.has(op)) return join(out, inputs);
    if (op === 'sum') return sumOver(operation, inputs[0]!, out);
    if (alongLastAxis.has(op)) return rows(out, inputs);
    if (op === 'matmul') return product(out, inputs as [Shaped, Shaped]);
  }
  if (operation.kind === 'loss' && inputs.every(({ shape }) => hasRowsOf(out, shape)))
    return join(
      out,
      inputs.map((one) => perPosition(out, one)),
    );
  const all = inputs.map((one) => reduce(one, 0, one.latest.length));
  const [latest, earliest] = all.reduce(merge, nothing);
  return { latest: filled(out.data.length, latest), earliest: filled(out.data.length, earliest) };
}

type Span = readonly [latest: number, earliest: number];
const nothing: Span = [-1, -1];
type Shaped = Dependence & { shape: Shape };

function merge(a: Span, b: Span): Span {
  if (a[0] < 0) return b;
  return b[0] < 0 ? a : [Math.max(a[0], b[0]), Math.min(a[1], b[1])];
}

function reduce({ latest, earliest }: Dependence, from: number, to: number): Span {
  let span = nothing;
  for (let i = from; i < to; i++) span = merge(span, [latest[i]!, earliest[i]!]);
  return span;
}

function move(operation: Primitive, inputs: readonly Shaped[], shape: Shape): Dependence {
  const moved = (pick: (one: Shaped) => NumberArray): NumberArray => {
    const out = createNdArray('int32', shape);
    const operands = inputs.map((one) => ({ data: pick(one), shape: one.shape }));
    ruleOf(operation.op).forward(out, operands, operation.attributes);
    return out.data;
  };
  return { latest: moved((one) => one.latest), earliest: moved((one) => one.earliest) };
}

/** Calls the broadcasting `add` with zeros beside each operand, so that it is spread as the operation does. */
function join(out: NdArray, inputs: readonly Shaped[]): Dependence {
  const spread = (data: NumberArray, shape: Shape): NumberArray => {
    const result = createNdArray('int32', out.shape);
    ruleOf('add').forward(result, [{ data, shape }, createNdArray('int32', out.shape)], {});
    return result.data;
  };
  const dependent = inputs.filter(({ latest }) => latest.some((step) => step >= 0));
  const [only] = dependent;
  if (dependent.length === 1 && only && sameShape(only.shape, out.shape)) return only;
  const operands = dependent.map(({ latest, earliest, shape }) => ({
    latest: spread(latest, shape),
    earliest: spread(earliest, shape),
  }));
  return eachElement(out.data.length, (i) =>
    operands.map((one): Span => [one.latest[i]!, one.earliest[i]!]).reduce(merge, nothing),
  );
}

function eachElement(size: number, span: (i: number) => Span): Dependence {
  const latest = filled(size, -1);
  const earliest = filled(size, -1);
  for (let i = 0; i < size; i++) [latest[i], earliest[i]] = span(i);
  return { latest, earliest };
}

/** Whether an operand of a loss has its positions as leading axes, whole or with a last axis of 1. */
const hasRowsOf = ({ shape: positions }: NdArray, shape: Shape): boolean =>
  sameShape(shape.slice(0, positions.length), positions) || sameShape(shape, positions.with(-1, 1));

/** What the numbers of an operand that belong to each position depend on. */
function perPosition(out: NdArray, input: Shaped): Shaped {
  if (input.latest.length <= out.data.length) return input;
  return { ...rows(out, [input]), shape: out.shape };
}

/** Row r of the result depends on row r of the first operand; further operands have the same rows or none. */
function rows(out: NdArray, [first, ...others]: readonly Shaped[]): Dependence {
  const width = first!.shape.at(-1) ?? 1;
  const count = first!.latest.length / width;
  const perRow = out.data.length / count;
  const spans = Array.from({ length: count }, (_, r) =>
    others
      .map((one) => reduce(one, 0, one.latest.length))
      .reduce(merge, reduce(first!, r * width, (r + 1) * width)),
  );
  return eachElement(out.data.length, (i) => spans[Math.floor(i / perRow)]!);
}

/** An element of a product depends on its row on the left and its column on the right. */
function product(out: NdArray, [left, right]: readonly [Shaped, Shaped]): Dependence {
  const [m, n] = out.shape.slice(-2) as [number, number];
  const k = left.shape.at(-1)!;
  const ofRow = Array.from({ length: left.latest.length / k }, (_, row) =>
    reduce(left, row * k, (row + 1) * k),
  );
  const ofColumn = Array.from({ length: right.latest.length / k }, (_, column) => {
    const first = Math.floor(column / n) * k * n + (column % n);
    return Array.from({ length: k }, (_, l): Span => {
      const at = first + l * n;
      return [right.latest[at]!, right.earliest[at]!];
    }).reduce(merge, nothing);
  });
  return eachElement(out.data.length, (i) => {
    const row = Math.floor(i / n);
    return merge(ofRow[row]!, ofColumn[Math.floor(row / m) * n + (i % n)]!);
  });
}

/** The sum's own backward says which elements are summed into which. */
function sumOver({ attributes }: Primitive, input: Shaped, out: NdArray): Dependence {
  const into = createNdArray('int32', input.shape);
  const index = { data: Int32Array.from(out.data, (_, i) => i), shape: out.shape };
  ruleOf('sum').backward([into], index, [into], index, attributes);
  const spans: Span[] = Array.from(out.data, () => nothing);
  for (let i = 0; i < into.data.length; i++) {
    const to = into.data[i]!;
    spans[to] = merge(spans[to]!, [input.latest[i]!, input.earliest[i]!]);
  }
  return eachElement(out.data.length, (i) => spans[i]!);
}
