/**
 * Reads a picture's payload that may come from anywhere (a saved notebook, another kernel).
 *
 * Whoever draws relies on what these functions return and on nothing else: every member is copied into a
 * fresh object, so no prototype, accessor or extra member of the sender's survives; every count and text
 * length has a bound; references between nodes exist and have no cycle. The first thing that is wrong
 * ends the reading with a `PayloadError` that names the member.
 */
import type {
  GraphCell,
  GraphLayer,
  GraphNode,
  GraphPayload,
  LossPayload,
  LossSeries,
} from './mime.js';

import {
  assignDefined,
  checkAscending,
  checkUnique,
  describe,
  listOf,
  type Members,
  oneOf,
  optional,
  PayloadError,
  payloadLimits,
  type Reader,
  readCount,
  readMembers,
  readNumber,
  readShape,
  readText,
} from './readValue.js';
import { flag } from './traceReaders.js';

export { parseInspectorAnswer, parseInspectorRequest } from './inspectorMessages.js';
export { parseComparison, parseTrace, traceLimits } from './parseTrace.js';
export { PayloadError, payloadLimits } from './readValue.js';

/** @throws PayloadError */
export function parseLoss(value: unknown): LossPayload {
  const payload = readMembers(value, '');
  readVersion(payload);
  const parsed: LossPayload = {
    version: 1,
    title: readText(payload.get('title'), 'title'),
    unit: readText(payload.get('unit'), 'unit'),
    status: oneOf(['running', 'done', 'stopped', 'failed'])(payload.get('status'), 'status'),
    totalSteps: readCount(payload.get('totalSteps'), 'totalSteps'),
    series: listOf(readSeries, payloadLimits.series)(payload.get('series'), 'series'),
  };
  const paused = optional(flag);
  assignDefined(parsed, 'paused', paused(payload.get('paused'), 'paused'));
  const baselines = optional(listOf(readBaseline, payloadLimits.baselines));
  const marks = optional(listOf(readMark, payloadLimits.marks));
  assignDefined(parsed, 'baselines', baselines(payload.get('baselines'), 'baselines'));
  assignDefined(parsed, 'marks', marks(payload.get('marks'), 'marks'));
  return parsed;
}

/** @throws PayloadError */
export function parseGraph(value: unknown): GraphPayload {
  const payload = readMembers(value, '');
  readVersion(payload);
  const parsed: GraphPayload = {
    version: 1,
    title: readText(payload.get('title'), 'title'),
    timeSteps: readTimeSteps(payload.get('timeSteps')),
    layers: listOf(readLayer, payloadLimits.layers)(payload.get('layers'), 'layers'),
  };
  if (parsed.layers.length === 0) throw new PayloadError('layers', 'at least one layer', 'none');
  checkUnique(
    parsed.layers.map((layer) => layer.name),
    (index) => `layers[${index}].name`,
  );
  for (const member of ['inputs', 'outputs'] as const) {
    const texts = optional(listOf(readText, payloadLimits.tokens))(payload.get(member), member);
    if (texts && texts.length > parsed.timeSteps) {
      throw new PayloadError(
        member,
        `at most timeSteps = ${parsed.timeSteps} texts`,
        `${texts.length}`,
      );
    }
    assignDefined(parsed, member, texts);
  }
  return parsed;
}

function readVersion(payload: Members): void {
  if (payload.get('version') !== 1) {
    throw new PayloadError('version', '1', describe(payload.get('version')));
  }
}

// ---------------------------------------------------------------------------------------------------
// Loss curve

const readColumn = {
  step: listOf(readCount, payloadLimits.points),
  seconds: listOf(readSeconds, payloadLimits.points),
  value: listOf(readValueOrNull, payloadLimits.points),
};

function readSeries(value: unknown, member: string): LossSeries {
  const members = readMembers(value, member);
  const series: LossSeries = {
    name: readText(members.get('name'), `${member}.name`),
    role: oneOf(['training', 'validation'])(members.get('role'), `${member}.role`),
    step: readColumn.step(members.get('step'), `${member}.step`),
    seconds: readColumn.seconds(members.get('seconds'), `${member}.seconds`),
    value: readColumn.value(members.get('value'), `${member}.value`),
  };
  for (const column of ['seconds', 'value'] as const) {
    if (series[column].length !== series.step.length) {
      throw new PayloadError(
        `${member}.${column}`,
        `as many entries as step has (${series.step.length})`,
        `${series[column].length}`,
      );
    }
  }
  checkAscending(series.step, `${member}.step`);
  checkAscending(series.seconds, `${member}.seconds`);
  return series;
}

function readValueOrNull(value: unknown, member: string): number | null {
  if (value === null) return null;
  if (typeof value !== 'number' || !Number.isFinite(value)) {
    throw new PayloadError(member, 'a finite number or null', describe(value));
  }
  return value;
}

function readSeconds(value: unknown, member: string): number {
  if (typeof value !== 'number' || !Number.isFinite(value) || value < 0) {
    throw new PayloadError(member, 'a time in seconds, 0 or more', describe(value));
  }
  return value;
}

function readBaseline(value: unknown, member: string): { name: string; value: number } {
  const members = readMembers(value, member);
  return {
    name: readText(members.get('name'), `${member}.name`),
    value: readNumber(members.get('value'), `${member}.value`),
  };
}

function readMark(value: unknown, member: string): { step: number; text: string } {
  const members = readMembers(value, member);
  return {
    step: readCount(members.get('step'), `${member}.step`),
    text: readText(members.get('text'), `${member}.text`),
  };
}

// ---------------------------------------------------------------------------------------------------
// Unrolled computation graph

function readTimeSteps(value: unknown): number {
  const count = readCount(value, 'timeSteps');
  if (count < 1 || count > payloadLimits.timeSteps) {
    throw new PayloadError('timeSteps', `1 to ${payloadLimits.timeSteps}`, `${count}`);
  }
  return count;
}

function readLayer(value: unknown, member: string, index: number): GraphLayer {
  const members = readMembers(value, member);
  const layer: GraphLayer = {
    name: readText(members.get('name'), `${member}.name`),
    type: readText(members.get('type'), `${member}.type`),
    from: listOf(layerReference(index), payloadLimits.references)(
      members.get('from'),
      `${member}.from`,
    ),
    inputShape: readShape(members.get('inputShape'), `${member}.inputShape`),
    outputShape: readShape(members.get('outputShape'), `${member}.outputShape`),
    parameters: readCount(members.get('parameters'), `${member}.parameters`),
  };
  assignDefined(layer, 'cell', optional(readCell)(members.get('cell'), `${member}.cell`));
  return layer;
}

/** Layers stand in the order of computation, so a layer reads earlier ones only. */
function layerReference(reader: number): Reader<number> {
  return (value, member) => {
    if (typeof value !== 'number' || !Number.isInteger(value) || value < -1 || value >= reader) {
      throw new PayloadError(
        member,
        `-1 (the network's input) or the index of a layer before layer ${reader}`,
        describe(value),
      );
    }
    return value;
  };
}

function readCell(value: unknown, member: string): GraphCell {
  const members = readMembers(value, member);
  const nodes = listOf(readNode, payloadLimits.nodes)(members.get('nodes'), `${member}.nodes`);
  checkUnique(
    nodes.map((node) => node.id),
    (index) => `${member}.nodes[${index}].id`,
  );
  const byId = new Map(nodes.map((node) => [node.id, node]));
  const nodeReference: Reader<string> = (id, where) => {
    const text = readText(id, where);
    if (!byId.has(text)) throw new PayloadError(where, 'the id of a node', describe(text));
    return text;
  };
  nodes.forEach((node, index) => {
    node.inputs.forEach((id, operand) =>
      nodeReference(id, `${member}.nodes[${index}].inputs[${operand}]`),
    );
  });
  checkAcyclic(byId, `${member}.nodes`);
  const states = listOf((state, where) => {
    const parts = readMembers(state, where);
    const name = nodeReference(parts.get('name'), `${where}.name`);
    if (byId.get(name)?.kind !== 'state') {
      throw new PayloadError(`${where}.name`, "the id of a node of kind 'state'", describe(name));
    }
    return {
      name,
      shape: readShape(parts.get('shape'), `${where}.shape`),
      next: nodeReference(parts.get('next'), `${where}.next`),
    };
  }, payloadLimits.states)(members.get('states'), `${member}.states`);
  checkUnique(
    states.map((state) => state.name),
    (index) => `${member}.states[${index}].name`,
  );
  return { nodes, states, output: nodeReference(members.get('output'), `${member}.output`) };
}

function readNode(value: unknown, member: string): GraphNode {
  const members = readMembers(value, member);
  const node: GraphNode = {
    id: readText(members.get('id'), `${member}.id`),
    kind: oneOf(['input', 'state', 'parameter', 'operation'])(
      members.get('kind'),
      `${member}.kind`,
    ),
    inputs: listOf(readText, payloadLimits.references)(members.get('inputs'), `${member}.inputs`),
    shape: readShape(members.get('shape'), `${member}.shape`),
    equation: readText(members.get('equation'), `${member}.equation`),
  };
  assignDefined(node, 'op', optional(readText)(members.get('op'), `${member}.op`));
  assignDefined(node, 'label', optional(readText)(members.get('label'), `${member}.label`));
  return node;
}

/** Kahn's algorithm: takes away nodes whose operands are all taken; what remains lies on a cycle. */
function checkAcyclic(byId: ReadonlyMap<string, GraphNode>, member: string): void {
  const waiting = new Map<string, number>();
  const readers = new Map<string, string[]>();
  for (const node of byId.values()) {
    const operands = new Set(node.inputs);
    waiting.set(node.id, operands.size);
    for (const id of operands) {
      const known = readers.get(id);
      if (known) known.push(node.id);
      else readers.set(id, [node.id]);
    }
  }
  const ready = [...byId.keys()].filter((id) => waiting.get(id) === 0);
  for (let id = ready.pop(); id !== undefined; id = ready.pop()) {
    waiting.delete(id);
    for (const reader of readers.get(id) ?? []) {
      const left = (waiting.get(reader) ?? 0) - 1;
      waiting.set(reader, left);
      if (left === 0) ready.push(reader);
    }
  }
  const [onCycle] = waiting.keys();
  if (onCycle !== undefined) {
    throw new PayloadError(
      member,
      'operands that come before their operation',
      `a cycle through ${describe(onCycle)}`,
    );
  }
}
