import type { GraphCell, GraphNode } from '../../kernel/contract/mime.js';
import { type Glyph, glyphOf, withConstant } from './glyphs.js';
import type { RankedEdge, RankedNode } from './rankedLayout.js';

/**
 * A cell program as a graph in ranks: states and inputs in rank 0, operations by their distance from
 * them, ports where states and the output leave in the last rank. Parameters are not nodes; the operation
 * that reads them carries their names.
 */
export interface CellGraph {
  operations: Operation[];
  nodes: RankedNode[];
  edges: RankedEdge[];
  lastRank: number;
  /** State names, top to bottom: the last declared on top, as the cell state is drawn in the literature. */
  states: string[];
  inputs: string[];
  /** The port that the output leaves through: a state's where both have the same value. */
  outputPort: string;
}

export interface Operation {
  node: GraphNode;
  glyph: Glyph;
  parameters: string[];
  width: number;
  height: number;
}

// Prefixes keep the payload's ids and our ports apart.
export const nodeKey = (id: string) => `node ${id}`;
export const leavingKey = (state: string) => `leaving ${state}`;
const outputKey = 'output';

const nodeHeight = 24;
const captionHeight = 15;
const labelHeight = 8;
const dotSize = 7;
const characterWidth = 6.8;
const portHeight = 12;
/** Room for the input's line, which comes from below, to turn to the right. */
export const inputTurn = 18;

export function toCellGraph(cell: GraphCell): CellGraph {
  const byId = new Map(cell.nodes.map((node) => [node.id, node]));
  const operations = cell.nodes
    .filter((node) => node.kind === 'operation')
    .map((node) => toOperation(node, byId));
  const ranks = toRanks(operations, byId);
  const lastRank = 1 + Math.max(0, ...ranks.values());
  const states = cell.states.map(({ name }) => name).reverse();
  const inputs = cell.nodes.filter(({ kind }) => kind === 'input').map(({ id }) => id);
  const shared = cell.states.find(({ next }) => next === cell.output);
  const port = (id: string, rank: number, width = 0) => ({ id, rank, width, height: portHeight });
  return {
    operations,
    lastRank,
    states,
    inputs,
    outputPort: shared ? leavingKey(shared.name) : outputKey,
    nodes: [
      ...states.map((id) => port(nodeKey(id), 0)),
      ...inputs.map((id) => port(nodeKey(id), 0, 2 * inputTurn)),
      ...operations.map(({ node, parameters, width, height }) => ({
        id: nodeKey(node.id),
        rank: ranks.get(node.id)!,
        width,
        height: height + 2 * roomAround(node, parameters),
      })),
      ...(shared ? [] : [port(outputKey, lastRank)]),
      ...states.map((name) => port(leavingKey(name), lastRank)),
    ],
    edges: [
      ...operations.flatMap(({ node }) =>
        operandsOf(node, byId).map(({ id }) => ({ from: nodeKey(id), to: nodeKey(node.id) })),
      ),
      ...cell.states
        .filter(({ next }) => byId.get(next)?.kind !== 'parameter')
        .map(({ name, next }) => ({ from: nodeKey(next), to: leavingKey(name) })),
      ...(shared || byId.get(cell.output)?.kind === 'parameter'
        ? []
        : [{ from: nodeKey(cell.output), to: outputKey }]),
    ],
  };
}

/** For the weight's name below or the value's name above; on both sides, as the box stays the middle. */
function roomAround({ label }: GraphNode, parameters: readonly string[]): number {
  if (parameters.length > 0) return captionHeight;
  return label === undefined ? 0 : labelHeight;
}

function toOperation(node: GraphNode, byId: ReadonlyMap<string, GraphNode>): Operation {
  const glyph = withConstant(glyphOf(node.op ?? ''), node.equation);
  const dot = glyph.tone === 'dot';
  return {
    node,
    glyph,
    parameters: node.inputs
      .map((id) => byId.get(id)!)
      .filter(({ kind }) => kind === 'parameter')
      .map(({ id, label }) => label ?? id),
    width: dot ? dotSize : Math.max(nodeHeight, glyph.text.length * characterWidth + 12),
    height: dot ? dotSize : nodeHeight,
  };
}

/** Operands that are drawn, each once. */
function operandsOf(node: GraphNode, byId: ReadonlyMap<string, GraphNode>): GraphNode[] {
  return [...new Set(node.inputs)]
    .map((id) => byId.get(id)!)
    .filter(({ kind }) => kind !== 'parameter');
}

/** Length of the longest way from a state or input; what reads neither stands just before its first reader. */
function toRanks(
  operations: readonly Operation[],
  byId: ReadonlyMap<string, GraphNode>,
): Map<string, number> {
  const ranks = new Map<string, number>();
  const rankOf = (node: GraphNode): number => {
    if (node.kind !== 'operation') return 0;
    const known = ranks.get(node.id);
    if (known !== undefined) return known;
    const rank = 1 + Math.max(0, ...operandsOf(node, byId).map(rankOf));
    ranks.set(node.id, rank);
    return rank;
  };
  for (const { node } of operations) rankOf(node);
  for (const { node } of operations) {
    if (operandsOf(node, byId).length > 0) continue;
    const readers = operations.filter((other) => other.node.inputs.includes(node.id));
    const first = Math.min(...readers.map((reader) => ranks.get(reader.node.id)!));
    if (Number.isFinite(first)) ranks.set(node.id, Math.max(1, first - 1));
  }
  return ranks;
}
