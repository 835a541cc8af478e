import type { GraphCell } from '../../kernel/contract/mime.js';
import {
  type CellGraph,
  inputTurn,
  leavingKey,
  nodeKey,
  type Operation,
  toCellGraph,
} from './cellGraph.js';
import { roundCorners, smoothLevel } from './curves.js';
import { type Point, type RankedLayout, toRankedLayout } from './rankedLayout.js';

/**
 * The inside of a recurrent cell: states enter left and leave right at the same height, the input comes
 * from below at the left, the output leaves to the top at the right. Origin: the cell's upper left corner.
 */
export interface CellLayout {
  width: number;
  height: number;
  operations: PlacedOperation[];
  edges: CellEdge[];
  /** Where a line splits without an operation. */
  junctions: Point[];
  /** Height at which each state enters and leaves. */
  stateHeights: Map<string, number>;
  /** Where the first input enters from below, and the output leaves above. */
  inputX: number;
  outputX: number;
}

/** `x` and `y` are the middle. */
export type PlacedOperation = Operation & Point;

export interface CellEdge {
  /** Keys of the nodes or ports that it joins; see `cellGraph.ts`. */
  from: string;
  to: string;
  points: Point[];
  /** It is a state, or becomes one. */
  state: boolean;
  arrow: boolean;
}

const padding = { left: 8, right: 44, top: 24, bottom: 28 };
const columnGap = { least: 19, most: 34 };
const rowGap = 12;
const cornerRadius = inputTurn / 2;

/** A drawing of more operations than this can't be read; the table of operations can. */
export const mostOperations = 120;

/** Undefined where the cell has too many operations to draw. */
export function toCellLayout(cell: GraphCell): CellLayout | undefined {
  if (cell.nodes.filter(({ kind }) => kind === 'operation').length > mostOperations) {
    return undefined;
  }
  const graph = toCellGraph(cell);
  const ranked = toRankedLayout(graph.nodes, graph.edges, {
    columnGap,
    rowGap,
    fixedRanks: [0, graph.lastRank],
    level: graph.states.map((name) => [nodeKey(name), leavingKey(name)] as const),
  });
  const width = ranked.width + padding.left + padding.right;
  const height = ranked.height + padding.top + padding.bottom;
  const at = (key: string) => moved(ranked.at.get(key)!);
  const output = at(graph.outputPort);
  const states = new Set(graph.states.map(nodeKey));
  const leaving = new Set(graph.states.map(leavingKey));
  return {
    width,
    height,
    operations: graph.operations.map((operation) => ({
      ...operation,
      ...at(nodeKey(operation.node.id)),
    })),
    edges: toEdges(graph, ranked, { width, height }).map(({ from, to, points }) => ({
      from,
      to,
      points,
      state: states.has(from) || leaving.has(to),
      arrow: isBox(graph, to),
    })),
    junctions: toJunctions(graph, ranked),
    stateHeights: new Map(graph.states.map((name) => [name, at(nodeKey(name)).y])),
    inputX: graph.inputs[0] === undefined ? width / 2 : at(nodeKey(graph.inputs[0])).x,
    outputX: output.x,
  };
}

function moved({ x, y }: Point): Point {
  return { x: x + padding.left, y: y + padding.top };
}

function isBox(graph: CellGraph, key: string): boolean {
  return graph.operations.some(
    ({ node, glyph }) => glyph.tone !== 'dot' && nodeKey(node.id) === key,
  );
}

/** The program's edges, those of states and inputs drawn on to the cell's border, and the output's way up. */
function toEdges(
  graph: CellGraph,
  ranked: RankedLayout,
  size: { width: number; height: number },
): { from: string; to: string; points: Point[] }[] {
  const inputs = new Map(graph.inputs.map((id, index) => [nodeKey(id), index]));
  const states = new Set(graph.states.map(nodeKey));
  const leaving = new Set(graph.states.map(leavingKey));
  const arrivals = toArrivals(graph, ranked);
  const edges = ranked.routes.map(({ edge, points }, index) => {
    const path = points.map(moved);
    // The last two points belong to the target's column.
    for (const point of path.slice(-2)) point.y += arrivals[index]!;
    const start = path[0]!;
    const input = inputs.get(edge.from);
    let before: Point[] = [];
    if (states.has(edge.from)) before = [{ x: 0, y: start.y }];
    if (input !== undefined) {
      const x = start.x - inputTurn - Math.min(input, 1) * cornerRadius;
      before = roundCorners([{ x, y: size.height }, { x, y: start.y }, start], cornerRadius);
    }
    const end = path.at(-1)!;
    const after = leaving.has(edge.to) ? [{ x: size.width, y: end.y }] : [];
    return { ...edge, points: [...before, ...smoothLevel(path), ...after] };
  });
  const port = moved(ranked.at.get(graph.outputPort)!);
  const rise = [port, { x: port.x, y: 0 }];
  const own = edges.find((edge) => edge.to === graph.outputPort && !leaving.has(edge.to));
  if (own) own.points.push({ x: port.x, y: 0 });
  else edges.push({ from: graph.outputPort, to: 'output', points: rise });
  return edges;
}

/** Several edges into one box end beside each other, in the order of where they come from. */
function toArrivals(graph: CellGraph, ranked: RankedLayout): number[] {
  const arrivals = ranked.routes.map(() => 0);
  for (const { node, height, glyph } of graph.operations) {
    if (glyph.tone === 'dot') continue;
    const key = nodeKey(node.id);
    const incoming = ranked.routes
      .map(({ edge, points }, index) => ({ edge, index, y: points.at(-3)!.y }))
      .filter(({ edge }) => edge.to === key)
      .sort((a, b) => a.y - b.y);
    const distance = Math.min(9, (height - 8) / incoming.length);
    incoming.forEach(({ index }, place) => {
      arrivals[index] = (place - (incoming.length - 1) / 2) * distance;
    });
  }
  return arrivals;
}

/** Where states go to several readers, and where the output leaves a state's line. */
function toJunctions(graph: CellGraph, ranked: RankedLayout): Point[] {
  const splits = graph.states.map(nodeKey).flatMap((key) => {
    const routes = ranked.routes.filter(({ edge }) => edge.from === key);
    return routes.length > 1 ? [routes[0]!.points[1]!] : [];
  });
  const shared = graph.states.map(leavingKey).includes(graph.outputPort);
  return [...splits, ...(shared ? [ranked.at.get(graph.outputPort)!] : [])].map(moved);
}
