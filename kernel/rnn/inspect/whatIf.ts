import { norm } from './vectors.js';
import { InspectionError, OptionError } from '../errors.js';
import { showShape, sizeOf, type NdArray, type NumberArray, type Shape } from '../ndarray.js';
import type { LayerTrace } from './layerTrace.js';
import type { RecurrentOperation } from './network.js';
import { runForward, type LayerEdits } from './passes.js';
import { type NodeEdit } from './stepMachine.js';
import { printable } from './printable.js';
import { Trace, type LayerChoice } from './trace.js';
import { closeness, type Closeness } from './truncation.js';

/** What a number becomes: a number, or a function of what it was. */
export type Change = number | ((was: number) => number);

/** Weights. `index` are the leading indices of what changes, `[row, column]` or `[row]`; left out: all. */
export interface WeightEdit {
  parameter: string;
  index?: readonly number[];
  set: Change;
}

/** The model's input; `input` are leading indices as its axes are, `[t, sequence, feature]` or fewer. */
export interface InputEdit {
  input: readonly number[];
  set: Change;
}

/**
 * A value inside a cell, by label or id, e.g. `{ node: 'f', t: 3, set: 1 }`, or by its index in the cell's
 * program; a state's name means its next value, `x` what the layer reads. `t`, `sequence` and `unit` left
 * out: all. It is set to a constant: nothing flows back through it.
 */
export interface GateEdit extends LayerChoice {
  node: string | number;
  t?: number | readonly number[];
  sequence?: number;
  unit?: number;
  set: Change;
}

/** What `trace.whatIf` changes: a weight, a number of the input, or a gate. */
export type Edit = WeightEdit | InputEdit | GateEdit;

/** A trace and what it becomes. */
export interface WhatIf {
  readonly before: Trace;
  /** A trace like any other. */
  readonly after: Trace;
  readonly loss: { readonly before: number; readonly after: number; readonly change: number };
  /** By layer's name and state: `[T]` ‖after − before‖ of the state after each step. */
  readonly states: ReadonlyMap<string, ReadonlyMap<string, Float64Array>>;
  /** All parameters' gradients, after against before. */
  readonly gradient: Closeness;
}

/**
 * @throws InspectionError for a parameter, layer or value that is not there, or where an operation without a
 * rule stands in the way; OptionError for an index out of range
 */
export function whatIf(before: Trace, edit: Edit | readonly Edit[]): WhatIf {
  const edits = Array.isArray(edit) ? (edit as readonly Edit[]) : [edit as Edit];
  const { network, dtype } = before.pass;
  const opaque = network.operations.find(({ kind }) => kind === 'opaque');
  if (opaque?.kind === 'opaque')
    throw new InspectionError(
      `whatIf: '${opaque.op}' has no rule to be computed again by, expected operations of the library only`,
    );
  const leaves = new Map(before.pass.leaves);
  const gates = new Map<RecurrentOperation, Map<number, NodeEdit[]>>(
    [...before.pass.edits].map(([operation, steps]) => [
      operation,
      new Map([...steps].map(([t, own]) => [t, [...own]])),
    ]),
  );
  for (const one of edits) {
    if ('parameter' in one)
      editLeaf(leaves, parameterSlot(before, one.parameter), one.index ?? [], one.set);
    else if ('input' in one) editLeaf(leaves, network.input, one.input, one.set);
    else editGate(before, gates, one);
  }
  const { truncate } = before.options;
  const pass = runForward(network, leaves, dtype, { truncate, edits: gates satisfies LayerEdits });
  return compare(before, new Trace(pass, before.options));
}

function parameterSlot({ network }: Trace, name: string): number {
  const slot = network.slots.findIndex(({ parameter }) => parameter === name);
  if (slot < 0)
    throw new InspectionError(
      `whatIf: unknown parameter '${name}', expected ${network.slots.flatMap(({ parameter }) => parameter ?? []).join(', ')}`,
    );
  return slot;
}

/** Replaces a leaf by a changed copy: the trace before keeps its own. */
function editLeaf(
  leaves: Map<number, NdArray>,
  slot: number,
  index: readonly number[],
  change: Change,
): void {
  const { data, shape } = leaves.get(slot)!;
  const { from, size } = blockOf(index, shape);
  const copy = data.slice();
  for (let i = from; i < from + size; i++) copy[i] = changed(change, copy[i]!);
  leaves.set(slot, { data: copy, shape });
}

/** The numbers under leading indices. */
function blockOf(index: readonly number[], shape: Shape): { from: number; size: number } {
  if (index.length > shape.length)
    throw new OptionError(
      `whatIf: index [${index.join(', ')}] is longer than shape ${showShape(shape)}`,
    );
  let from = 0;
  index.forEach((at, axis) => {
    checkIndex('index', at, shape[axis]!);
    from += at * sizeOf(shape.slice(axis + 1));
  });
  return { from, size: sizeOf(shape.slice(index.length)) };
}

function checkIndex(what: string, value: number, end: number): void {
  if (!Number.isInteger(value) || value < 0 || value >= end)
    throw new OptionError(`whatIf: ${what} must be from 0 to ${end - 1}, got ${value}`);
}

function changed(change: Change, was: number): number {
  const value = typeof change === 'number' ? change : change(was);
  if (typeof value !== 'number' || Number.isNaN(value))
    throw new OptionError(`whatIf: set must give a number, got ${String(value)}`);
  return value;
}

function editGate(
  trace: Trace,
  edits: Map<RecurrentOperation, Map<number, NodeEdit[]>>,
  edit: GateEdit,
): void {
  const layer = trace.layer(edit);
  const { nodes } = layer.program;
  if (typeof edit.node === 'number') checkIndex('node', edit.node, nodes.length);
  const index =
    typeof edit.node === 'number'
      ? edit.node
      : trace.node({ ...edit, node: edit.node, t: 0 }).index;
  const { kind, invariant } = nodes[index]!;
  if ((kind !== 'operation' && kind !== 'input') || invariant)
    throw new InspectionError(
      `whatIf: expected a value that is computed or read at each time step, got '${layer.ids[index]!}' of ${layer.name} (${kind})`,
    );
  const steps =
    edit.t === undefined ? Array.from({ length: layer.timeSteps }, (_, t) => t) : [edit.t].flat();
  const own = edits.get(layer.operation) ?? new Map<number, NodeEdit[]>();
  edits.set(layer.operation, own);
  for (const t of steps) {
    checkIndex('t', t, layer.timeSteps);
    const numbers = numbersAt(layer, index, t, edit);
    own.set(t, [...(own.get(t) ?? []), { node: index, numbers }]);
  }
}

function numbersAt(
  layer: LayerTrace,
  node: number,
  t: number,
  { sequence, unit, set }: GateEdit,
): Map<number, number> {
  const { data } = layer.at(t).values[node]!;
  const { batchSize } = layer.run;
  const size = data.length / batchSize;
  if (sequence !== undefined) checkIndex('sequence', sequence, batchSize);
  if (unit !== undefined) checkIndex('unit', unit, size);
  const numbers = new Map<number, number>();
  for (let i = 0; i < data.length; i++) {
    const isSequence = sequence === undefined || Math.floor(i / size) === sequence;
    const isUnit = unit === undefined || i % size === unit;
    if (isSequence && isUnit) numbers.set(i, changed(set, data[i]!));
  }
  return numbers;
}

function compare(before: Trace, after: Trace): WhatIf {
  const loss = {
    before: before.loss.total,
    after: after.loss.total,
    change: after.loss.total - before.loss.total,
  };
  const names = [...before.gradients.keys()];
  const gradient = closeness(
    names.map((name) => after.gradients.get(name)!.gradient.data),
    names.map((name) => before.gradients.get(name)!.gradient.data),
  );
  const states = new Map(
    before.layers.map((layer, l) => [layer.name, stateChanges(layer, after.layers[l]!)]),
  );
  return printable({ before, after, loss, gradient, states }, describe, 'WhatIf');
}

function stateChanges(before: LayerTrace, after: LayerTrace): Map<string, Float64Array> {
  return new Map(
    before.program.states.map(({ name }, k) => [
      name,
      Float64Array.from({ length: before.timeSteps }, (_, t) =>
        difference(after.run.stateAfter(k, t), before.run.stateAfter(k, t)),
      ),
    ]),
  );
}

const difference = (a: NumberArray, b: NumberArray): number => norm(a.map((x, i) => x - b[i]!));

function describe({ loss, gradient, states }: WhatIf): string {
  const rows = [...states].flatMap(([layer, own]) =>
    [...own].map(([state, series]) => {
      const first = series.findIndex((value) => value > 0);
      return first < 0
        ? `  ${layer} ${state}: unchanged`
        : `  ${layer} ${state}: changed from t=${first}, by ${Math.max(...series).toExponential(2)} at most`;
    }),
  );
  return [
    `loss ${loss.before.toPrecision(6)} → ${loss.after.toPrecision(6)} (${loss.change >= 0 ? '+' : ''}${loss.change.toExponential(2)})`,
    ...rows,
    `  gradient: cosine ${gradient.cosine.toFixed(4)}, norm ×${gradient.ratio.toPrecision(4)}`,
  ].join('\n');
}
