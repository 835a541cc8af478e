import {
  ascendingBelow,
  indexBelow,
  numberOrNull,
  flag,
  objectOf,
  traceLimits,
  type TraceReaders,
} from './traceReaders.js';
import * as base from './readValue.js';
import { spanFields } from './traceSpan.js';
import type { FloatArray, TraceLayer } from './trace.js';

type Layer = TraceLayer<FloatArray>;
type Node = Layer['nodes'][number];
type Edge = Layer['edges'][number];

/** One recurrent layer of a trace. */
export function layerReader(readers: TraceReaders): base.Reader<Layer> {
  return (value, member) => {
    const nodes = readNodes(readers, base.readMembers(value, member), member);
    const node = indexBelow(nodes.length);
    const detail = (units: number) => readers.floats([readers.steps, readers.sequences, units]);
    const series = readers.floats([readers.timeSteps]);
    const layer = objectOf<Layer>({
      name: base.readText,
      type: base.readText,
      layer: base.readCount,
      direction: base.oneOf(['forward', 'reverse']),
      ...spanFields(readers.timeSteps),
      nodes: () => nodes,
      edges: base.listOf(edgeReader(readers, nodes), traceLimits.edges),
      states: base.listOf(stateReader(readers, nodes), traceLimits.states),
      output: node,
      fromAbove: series,
      fromAboveAdjoint: (array, where) => {
        const output = node(base.readMembers(value, member).get('output'), `${member}.output`);
        return base.optional(detail(nodes[output]!.units.length))(array, where);
      },
      ledgers: base.listOf(ledgerReader(readers), traceLimits.states),
      jacobian: base.optional(jacobianReader(readers)),
    })(value, member);
    base.checkUnique(
      layer.states.map(({ name }) => name),
      (index) => `${member}.states[${index}].name`,
    );
    return layer;
  };
}

function readNodes(readers: TraceReaders, layer: base.Members, member: string): Node[] {
  const nodes = base.listOf(nodeReader(readers), traceLimits.nodes)(
    layer.get('nodes'),
    `${member}.nodes`,
  );
  base.checkUnique(
    nodes.map(({ id }) => id),
    (index) => `${member}.nodes[${index}].id`,
  );
  return nodes;
}

const nodeReader =
  (readers: TraceReaders) =>
  (value: unknown, member: string, index: number): Node => {
    const members = base.readMembers(value, member);
    const once = flag(members.get('once'), `${member}.once`);
    const units = ascendingBelow(Number.MAX_SAFE_INTEGER, traceLimits.units);
    const count = units(members.get('units'), `${member}.units`).length;
    const series = readers.floats([readers.timeSteps]);
    const detail = (steps: number) => readers.floats([steps, once ? 1 : readers.sequences, count]);
    return objectOf<Node>({
      id: base.readText,
      kind: base.oneOf(['input', 'state', 'parameter', 'constant', 'operation']),
      op: base.optional(base.readText),
      label: base.optional(base.readText),
      gate: base.optional(base.readText),
      operands: base.listOf(indexBelow(index), 512),
      shape: base.readShape,
      once: flag,
      equation: base.readText,
      math: readers.math,
      formula: base.optional(
        objectOf<NonNullable<Node['formula']>>({ text: base.readText, math: readers.math }),
      ),
      valueNorm: once ? readers.floats([1]) : series,
      adjointNorm: series,
      units,
      value: base.optional(detail(once ? 1 : readers.steps)),
      adjoint: base.optional(detail(readers.steps)),
      check: base.optional(readers.floats([readers.steps])),
      saturation: base.optional(
        objectOf<NonNullable<Node['saturation']>>({
          low: base.readNumber,
          high: base.readNumber,
          mean: series,
          nearLow: series,
          nearHigh: series,
        }),
      ),
    })(value, member);
  };

function edgeReader(readers: TraceReaders, nodes: readonly Node[]): base.Reader<Edge> {
  return (value, member) => {
    const members = base.readMembers(value, member);
    const node = indexBelow(nodes.length);
    const from = nodes[node(members.get('from'), `${member}.from`)]!;
    const to = nodes[node(members.get('to'), `${member}.to`)]!;
    const operand = indexBelow(to.operands.length)(members.get('operand'), `${member}.operand`);
    if (nodes[to.operands[operand]!] !== from)
      throw new base.PayloadError(
        `${member}.from`,
        `${to.operands[operand]!}, operand ${operand} of node ${base.describe(to.id)}`,
        base.describe(members.get('from')),
      );
    const units = from.units.length;
    return objectOf<Edge>({
      from: node,
      to: node,
      operand: base.readCount,
      equation: base.readText,
      math: readers.math,
      norm: readers.floats([readers.timeSteps]),
      contribution: base.optional(
        readers.floats([readers.steps, from.once ? 1 : readers.sequences, units]),
      ),
    })(value, member);
  };
}

function stateReader(
  readers: TraceReaders,
  nodes: readonly Node[],
): base.Reader<Layer['states'][number]> {
  return (value, member) => {
    const node = indexBelow(nodes.length);
    const next = node(base.readMembers(value, member).get('next'), `${member}.next`);
    return objectOf<Layer['states'][number]>({
      name: base.readText,
      size: base.readCount,
      node,
      next: node,
      carried: readers.floats([readers.timeSteps]),
      carriedAdjoint: base.optional(
        readers.floats([readers.steps, readers.sequences, nodes[next]!.units.length]),
      ),
      cut: base.optional(readers.floats([readers.boundaries])),
    })(value, member);
  };
}

function ledgerReader(readers: TraceReaders): base.Reader<Layer['ledgers'][number]> {
  return (value, member) => {
    const members = base.readMembers(value, member);
    const times = ascendingBelow(readers.timeSteps, traceLimits.rows);
    const rows = times(members.get('rows'), `${member}.rows`).length;
    const columns = times(members.get('columns'), `${member}.columns`).length;
    const column = readers.floats([columns]);
    return objectOf<Layer['ledgers'][number]>({
      state: base.readText,
      rows: times,
      columns: times,
      matrix: readers.floats([rows, columns]),
      adjoint: column,
      fromLoss: column,
      fromNext: column,
      through: base.listOf(
        objectOf<Layer['ledgers'][number]['through'][number]>({
          state: base.readText,
          norm: column,
        }),
        traceLimits.states,
      ),
    })(value, member);
  };
}

function jacobianReader(readers: TraceReaders): base.Reader<NonNullable<Layer['jacobian']>> {
  return (value, member) => {
    const members = base.readMembers(value, member);
    const steps = ascendingBelow(readers.timeSteps, traceLimits.rows);
    const ranks = ascendingBelow(traceLimits.units, traceLimits.units);
    const singular = [
      steps(members.get('steps'), `${member}.steps`).length,
      ranks(members.get('ranks'), `${member}.ranks`).length,
    ];
    return objectOf<NonNullable<Layer['jacobian']>>({
      sequence: base.readCount,
      states: base.listOf(base.readText, traceLimits.states),
      steps,
      ranks,
      singular: readers.floats(singular),
      product: objectOf<NonNullable<Layer['jacobian']>['product']>({
        from: indexBelow(readers.timeSteps),
        norm: readers.floats([readers.timeSteps]),
      }),
      radii: base.listOf(
        objectOf<NonNullable<Layer['jacobian']>['radii'][number]>({
          parameter: base.readText,
          block: base.readText,
          radius: numberOrNull,
        }),
        traceLimits.nodes,
      ),
    })(value, member);
  };
}
