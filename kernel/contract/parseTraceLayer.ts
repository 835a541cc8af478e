import {
  ascendingBelow,
  indexBelow,
  numberOrNull,
  flag,
  objectOf,
  traceLimits,
  type TraceReaders,
} from './traceReaders.js';
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
  type Members,
  type Reader,
} from './readValue.js';
import type { FloatArray, TraceLayer } from './trace.js';

type Layer = TraceLayer<FloatArray>;
type Node = Layer['nodes'][number];
type Edge = Layer['edges'][number];

/** One recurrent layer of a trace. */
export function layerReader(readers: TraceReaders): Reader<Layer> {
  return (value, member) => {
    const nodes = readNodes(readers, readMembers(value, member), member);
    const node = indexBelow(nodes.length);
    const detail = (units: number) => readers.floats([readers.steps, readers.sequences, units]);
    const series = readers.floats([readers.timeSteps]);
    const layer = objectOf<Layer>({
      name: readText,
      type: readText,
      layer: readCount,
      direction: oneOf(['forward', 'reverse']),
      nodes: () => nodes,
      edges: listOf(edgeReader(readers, nodes), traceLimits.edges),
      states: listOf(stateReader(readers, nodes), traceLimits.states),
      output: node,
      fromAbove: series,
      fromAboveAdjoint: (array, where) => {
        const output = node(readMembers(value, member).get('output'), `${member}.output`);
        return optional(detail(nodes[output]!.units.length))(array, where);
      },
      ledgers: listOf(ledgerReader(readers), traceLimits.states),
      jacobian: optional(jacobianReader(readers)),
    })(value, member);
    checkUnique(
      layer.states.map(({ name }) => name),
      (index) => `${member}.states[${index}].name`,
    );
    return layer;
  };
}

function readNodes(readers: TraceReaders, layer: Members, member: string): Node[] {
  const nodes = listOf(nodeReader(readers), traceLimits.nodes)(
    layer.get('nodes'),
    `${member}.nodes`,
  );
  checkUnique(
    nodes.map(({ id }) => id),
    (index) => `${member}.nodes[${index}].id`,
  );
  return nodes;
}

const nodeReader =
  (readers: TraceReaders) =>
  (value: unknown, member: string, index: number): Node => {
    const members = readMembers(value, member);
    const once = flag(members.get('once'), `${member}.once`);
    const units = ascendingBelow(Number.MAX_SAFE_INTEGER, traceLimits.units);
    const count = units(members.get('units'), `${member}.units`).length;
    const series = readers.floats([readers.timeSteps]);
    const detail = (steps: number) => readers.floats([steps, once ? 1 : readers.sequences, count]);
    return objectOf<Node>({
      id: readText,
      kind: oneOf(['input', 'state', 'parameter', 'constant', 'operation']),
      op: optional(readText),
      label: optional(readText),
      gate: optional(readText),
      operands: listOf(indexBelow(index), 512),
      shape: readShape,
      once: flag,
      equation: readText,
      math: readers.math,
      formula: optional(
        objectOf<NonNullable<Node['formula']>>({ text: readText, math: readers.math }),
      ),
      valueNorm: once ? readers.floats([1]) : series,
      adjointNorm: series,
      units,
      value: optional(detail(once ? 1 : readers.steps)),
      adjoint: optional(detail(readers.steps)),
      check: optional(readers.floats([readers.steps])),
      saturation: optional(
        objectOf<NonNullable<Node['saturation']>>({
          low: readNumber,
          high: readNumber,
          mean: series,
          nearLow: series,
          nearHigh: series,
        }),
      ),
    })(value, member);
  };

function edgeReader(readers: TraceReaders, nodes: readonly Node[]): Reader<Edge> {
  return (value, member) => {
    const members = readMembers(value, member);
    const node = indexBelow(nodes.length);
    const from = nodes[node(members.get('from'), `${member}.from`)]!;
    const to = nodes[node(members.get('to'), `${member}.to`)]!;
    const operand = indexBelow(to.operands.length)(members.get('operand'), `${member}.operand`);
    if (nodes[to.operands[operand]!] !== from)
      throw new PayloadError(
        `${member}.from`,
        `${to.operands[operand]!}, operand ${operand} of node ${describe(to.id)}`,
        describe(members.get('from')),
      );
    const units = from.units.length;
    return objectOf<Edge>({
      from: node,
      to: node,
      operand: readCount,
      equation: readText,
      math: readers.math,
      norm: readers.floats([readers.timeSteps]),
      contribution: optional(
        readers.floats([readers.steps, from.once ? 1 : readers.sequences, units]),
      ),
    })(value, member);
  };
}

function stateReader(
  readers: TraceReaders,
  nodes: readonly Node[],
): Reader<Layer['states'][number]> {
  return (value, member) => {
    const node = indexBelow(nodes.length);
    const next = node(readMembers(value, member).get('next'), `${member}.next`);
    return objectOf<Layer['states'][number]>({
      name: readText,
      size: readCount,
      node,
      next: node,
      carried: readers.floats([readers.timeSteps]),
      carriedAdjoint: optional(
        readers.floats([readers.steps, readers.sequences, nodes[next]!.units.length]),
      ),
      cut: optional(readers.floats([readers.boundaries])),
    })(value, member);
  };
}

function ledgerReader(readers: TraceReaders): Reader<Layer['ledgers'][number]> {
  return (value, member) => {
    const members = readMembers(value, member);
    const times = ascendingBelow(readers.timeSteps, traceLimits.rows);
    const rows = times(members.get('rows'), `${member}.rows`).length;
    const columns = times(members.get('columns'), `${member}.columns`).length;
    const column = readers.floats([columns]);
    return objectOf<Layer['ledgers'][number]>({
      state: readText,
      rows: times,
      columns: times,
      matrix: readers.floats([rows, columns]),
      adjoint: column,
      fromLoss: column,
      fromNext: column,
      through: listOf(
        objectOf<Layer['ledgers'][number]['through'][number]>({ state: readText, norm: column }),
        traceLimits.states,
      ),
    })(value, member);
  };
}

function jacobianReader(readers: TraceReaders): Reader<NonNullable<Layer['jacobian']>> {
  return (value, member) => {
    const members = readMembers(value, member);
    const steps = ascendingBelow(readers.timeSteps, traceLimits.rows);
    const ranks = ascendingBelow(traceLimits.units, traceLimits.units);
    const singular = [
      steps(members.get('steps'), `${member}.steps`).length,
      ranks(members.get('ranks'), `${member}.ranks`).length,
    ];
    return objectOf<NonNullable<Layer['jacobian']>>({
      sequence: readCount,
      states: listOf(readText, traceLimits.states),
      steps,
      ranks,
      singular: readers.floats(singular),
      product: objectOf<NonNullable<Layer['jacobian']>['product']>({
        from: indexBelow(readers.timeSteps),
        norm: readers.floats([readers.timeSteps]),
      }),
      radii: listOf(
        objectOf<NonNullable<Layer['jacobian']>['radii'][number]>({
          parameter: readText,
          block: readText,
          radius: numberOrNull,
        }),
        traceLimits.nodes,
      ),
    })(value, member);
  };
}
