import type { WhatIfEdit } from '../../kernel/contract/inspectorMessages.js';
import type { TraceData } from '../../kernel/contract/trace.js';
import { spanOf } from '../../kernel/contract/traceSpan.js';
import { formatValue } from '../format.js';
import { nameOf } from './timedNames.js';
import type { OperationPlace } from './walk.js';

/** A number of a strip that can be changed: the edit without its value, and what it is called. */
export interface Editable {
  /** Which number: edits of the same key replace each other. */
  key: string;
  name: string;
  /** Whole numbers only. */
  isInteger: boolean;
  /** Where it stands in the picture, for what happens at a time step. */
  at?: { layer: number; t: number };
  toEdit: (value: number) => WhatIfEdit;
}

/** A change that was made: `net.weight_hh_l0[3, 5]: 0.12 → 0.5`. */
export interface MadeEdit {
  editable: Editable;
  was: number;
  value: number;
}

export const editText = ({ editable, was, value }: MadeEdit): string =>
  `${editable.name}: ${formatValue(finite(was))} → ${formatValue(finite(value))}`;

const finite = (number: number): number | null => (Number.isFinite(number) ? number : null);

/**
 * What an edit of a value's number at a stop on the way forward would be; a sentence where it can't be edited.
 * @param index the node of the layer whose value it is
 * @param unit flat index into the value of one sequence, or into a parameter
 * @param sequence index into the carried sequences
 */
export function toEditable(
  trace: TraceData,
  place: OperationPlace,
  index: number,
  unit: number,
  sequence: number,
): Editable | string {
  const layer = trace.layers[place.layer]!;
  const node = layer.nodes[index]!;
  if (node.kind === 'parameter') return weightEditable(trace, place.layer, index, unit);
  if (node.kind === 'constant') return 'A constant of the cell cannot be edited.';
  if (node.once) return 'This is computed from weights alone: edit the weights that it reads.';
  const inBatch = trace.sequences[Math.min(sequence, trace.sequences.length - 1)]!;
  if (node.kind === 'input' && readsModelInput(trace, place.layer))
    return inputEditable(place.t, unit, inBatch, false, place.layer);
  if (node.kind !== 'state') return nodeEditable(trace, place.layer, index, place.t, unit, inBatch);
  const state = layer.states.find((one) => one.node === index);
  const t = layer.direction === 'forward' ? place.t - 1 : place.t + 1;
  const { start, end } = spanOf(trace, layer);
  if (!state || t < start || t >= end)
    return 'The initial state cannot be edited here: edit a value that is computed from it.';
  // What enters a step is what left the one before.
  return nodeEditable(trace, place.layer, state.next, t, unit, inBatch);
}

/** The number of the model's input at a time step, e.g. the index of a token. */
export function inputEditable(
  t: number,
  unit: number,
  sequence: number,
  isInteger: boolean,
  layer: number,
): Editable {
  return {
    key: `input ${t} ${unit} ${sequence}`,
    name: `input[${unit}] at t = ${t}`,
    isInteger,
    at: { layer, t },
    toEdit: (value) => ({ kind: 'input', t, sequence, unit, value }),
  };
}

function weightEditable(
  { gradient }: TraceData,
  layer: number,
  node: number,
  unit: number,
): Editable | string {
  const parameter = gradient.parameters.find((one) => one.layer === layer && one.node === node);
  if (!parameter) return 'The payload does not name this parameter.';
  const { name, shape } = parameter;
  return {
    key: `weight ${name} ${unit}`,
    name: `${name}[${placeIn(shape, unit)}]`,
    isInteger: false,
    toEdit: (value) => ({ kind: 'weight', parameter: name, index: unit, value }),
  };
}

function nodeEditable(
  { layers }: TraceData,
  layer: number,
  node: number,
  t: number,
  unit: number,
  sequence: number,
): Editable {
  const { name, nodes } = layers[layer]!;
  return {
    key: `node ${layer} ${node} ${t} ${unit} ${sequence}`,
    name: `${name} ${nameOf(nodes[node]!)}[${unit}] at t = ${t}`,
    isInteger: false,
    at: { layer, t },
    toEdit: (value) => ({ kind: 'node', layer, node, t, sequence, unit, value }),
  };
}

/** The layer reads the model's input itself, numbers and not indices of tokens. */
function readsModelInput({ stages, input }: TraceData, layer: number): boolean {
  const stage = stages.find((one) => one.layer === layer);
  return (
    input !== undefined && !input.isInteger && stage?.from.length === 1 && stage.from[0] === -1
  );
}

/** `3, 5` of a matrix. */
export function placeIn(shape: readonly number[], flat: number): string {
  const places: number[] = [];
  for (const size of shape.toReversed()) {
    places.unshift(flat % size);
    flat = Math.floor(flat / size);
  }
  return places.join(', ');
}
