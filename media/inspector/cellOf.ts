import type { GraphCell, GraphNode } from '../../kernel/contract/mime.js';
import { leavingKey, nodeKey } from '../graph/cellGraph.js';
import type { Level } from './cursor.js';
import type { Layer, Node } from './walk.js';

/** A cell as it can be laid out, and what flows along each of its edges. */
export interface DrawnCell {
  cell: GraphCell;
  /** The layer's node behind a node of the cell. */
  nodeOf(id: string): number | undefined;
  /** Norm of the adjoint that flows back along an edge of the layout at a time step. */
  flow(from: string, to: string, t: number): number;
}

/**
 * The inside of a layer's cell: all operations, or gates alone with what several of them share.
 * Undefined where its states are not what a cell can have.
 */
export function toDrawnCell(layer: Layer, level: Exclude<Level, 'cell'>): DrawnCell | undefined {
  if (!isDrawable(layer)) return undefined;
  const owner = level === 'gate' ? toOwners(layer) : layer.nodes.map((_, index) => index);
  const stateNames = new Map(layer.states.map(({ node, name }) => [node, name]));
  const idOf = (index: number) => stateNames.get(index) ?? ` ${index}`;
  const kept = layer.nodes.flatMap(({ kind }, index) =>
    kind !== 'constant' && owner[index] === index && (level === 'operation' || kind !== 'parameter')
      ? [index]
      : [],
  );
  const ids = new Map(kept.map((index) => [idOf(index), index]));
  const operands = toOperands(layer, owner, new Set(kept));
  const nodes = kept.map((index) =>
    toGraphNode(layer.nodes[index]!, idOf(index), operands[index]!.map(idOf), level),
  );
  return {
    cell: {
      nodes,
      states: layer.states.map(({ name, size, next }) => ({
        name,
        shape: [size],
        next: idOf(next),
      })),
      output: idOf(layer.output),
    },
    nodeOf: (id) => ids.get(id),
    flow: toFlow(layer, owner, idOf),
  };
}

function isDrawable({ nodes, states, output }: Layer): boolean {
  const own = new Set(states.map(({ node }) => node));
  return (
    own.size === states.length &&
    states.every(
      ({ node, next }) => nodes[node]!.kind === 'state' && nodes[next]!.kind !== 'constant',
    ) &&
    nodes.every(({ kind }, index) => kind !== 'state' || own.has(index)) &&
    nodes[output]!.kind !== 'constant'
  );
}

function toGraphNode(node: Node, id: string, inputs: string[], level: Level): GraphNode {
  const label = node.label ?? (node.kind === 'operation' ? undefined : node.id);
  return {
    id,
    kind: node.kind as GraphNode['kind'],
    // The box of a gate holds its name; its width is that of the text.
    ...(node.op !== undefined && { op: level === 'gate' && node.label ? node.label : node.op }),
    ...(label !== undefined && !(level === 'gate' && node.kind === 'operation') && { label }),
    inputs,
    shape: node.shape,
    equation: node.equation,
  };
}

/**
 * The node that each node belongs to when gates are drawn: itself where it has a name, is a state or the
 * output, or feeds several of those; else the only one it feeds. Leaves belong to themselves.
 */
function toOwners({ nodes, states, output }: Layer): number[] {
  const named = new Set([output, ...states.map(({ next }) => next)]);
  const feeds = nodes.map(() => new Set<number>());
  const owners = nodes.map((_, index) => index);
  for (let index = nodes.length - 1; index >= 0; index--) {
    const node = nodes[index]!;
    const reached = feeds[index]!;
    const isKept =
      node.kind !== 'operation' ||
      node.label !== undefined ||
      named.has(index) ||
      reached.size !== 1;
    const owner = isKept ? index : [...reached][0]!;
    owners[index] = owner;
    for (const operand of node.operands) feeds[operand]!.add(owner);
  }
  return owners;
}

/** Nodes that are drawn and that a drawn node reads, each once. */
function toOperands(layer: Layer, owner: readonly number[], kept: ReadonlySet<number>): number[][] {
  const result = layer.nodes.map(() => [] as number[]);
  layer.nodes.forEach((node, index) => {
    const to = result[owner[index]!]!;
    for (const operand of node.operands) {
      const from = owner[operand]!;
      if (from !== owner[index] && kept.has(from) && !to.includes(from)) to.push(from);
    }
  });
  return result;
}

function toFlow(
  { edges, states, fromAbove }: Layer,
  owner: readonly number[],
  idOf: (index: number) => string,
): DrawnCell['flow'] {
  const flows = new Map<string, Float32Array[]>();
  const add = (from: string, to: string, series: Float32Array) => {
    const key = JSON.stringify([from, to]);
    flows.set(key, [...(flows.get(key) ?? []), series]);
  };
  for (const { from, to, norm } of edges)
    add(nodeKey(idOf(from)), nodeKey(idOf(owner[to]!)), norm.data);
  for (const { name, next, carried } of states)
    add(nodeKey(idOf(next)), leavingKey(name), carried.data);
  return (from, to, t) => {
    if (to === 'output') return fromAbove.data[t]!;
    const found = flows.get(JSON.stringify([from, to])) ?? [];
    return found.reduce((sum, series) => sum + series[t]!, 0);
  };
}
