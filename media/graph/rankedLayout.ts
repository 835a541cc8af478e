/**
 * Places a directed acyclic graph in ranks from left to right (Sugiyama, Tagawa and Toda 1981): edges that
 * span ranks get a bend in each rank between, bends and nodes of a rank are ordered for few crossings by
 * barycentres, then moved up and down towards their neighbours for straight edges.
 */
import { type Placed, spread } from '../spread.js';

export interface RankedNode {
  id: string;
  rank: number;
  width: number;
  height: number;
}

export interface RankedEdge {
  from: string;
  to: string;
}

export interface Point {
  x: number;
  y: number;
}

export interface RankedOptions {
  /** The steeper the edges between two columns, the more of this range lies between them. */
  columnGap: { least: number; most: number };
  rowGap: number;
  /** Ranks whose nodes stay in the given order, top to bottom. */
  fixedRanks: readonly number[];
  /** Two nodes each, that end up at the same height. */
  level: readonly (readonly [string, string])[];
}

export interface RankedLayout {
  /** Middles of the nodes. */
  at: Map<string, Point>;
  /** Per edge: where it leaves its column, passes through others and reaches its target. */
  routes: { edge: RankedEdge; points: Point[] }[];
  width: number;
  height: number;
}

/** A node, or the bend of an edge in a rank that it passes. */
interface Item {
  id: string | undefined;
  rank: number;
  width: number;
  height: number;
  y: number;
  before: Item[];
  after: Item[];
}

const bendHeight = 8;
const orderingSweeps = 12;
const straighteningSweeps = 16;
const snappingPasses = 4;

export function toRankedLayout(
  nodes: readonly RankedNode[],
  edges: readonly RankedEdge[],
  options: RankedOptions,
): RankedLayout {
  const items = new Map(
    nodes.map((node): [string, Item] => [node.id, { ...node, y: 0, before: [], after: [] }]),
  );
  const ranks: Item[][] = [];
  for (const item of items.values()) (ranks[item.rank] ??= []).push(item);
  for (let rank = 0; rank < ranks.length; rank++) ranks[rank] ??= [];
  const chains = edges.map((edge) => ({ edge, chain: toChain(edge, items, ranks) }));
  orderRanks(ranks, new Set(options.fixedRanks));
  straighten(
    ranks,
    chains.map(({ chain }) => chain),
    items,
    options,
  );
  const columns = toColumns(ranks, options.columnGap);
  const low = Math.min(...ranks.flat().map((item) => item.y - item.height / 2));
  const high = Math.max(...ranks.flat().map((item) => item.y + item.height / 2));
  for (const item of ranks.flat()) item.y -= low;
  return {
    at: new Map(
      [...items].map(([id, { rank, y }]) => [id, { x: columns[rank]!.middle, y }] as const),
    ),
    routes: chains.map(({ edge, chain }) => ({ edge, points: toRoute(chain, columns) })),
    width: columns.at(-1)?.right ?? 0,
    height: high - low,
  };
}

/** The edge's ends with a new bend in every rank between them. */
function toChain({ from, to }: RankedEdge, items: Map<string, Item>, ranks: Item[][]): Item[] {
  const [start, end] = [items.get(from)!, items.get(to)!];
  const chain = [start];
  for (let rank = start.rank + 1; rank < end.rank; rank++) {
    const bend = { id: undefined, rank, width: 0, height: bendHeight, y: 0, before: [], after: [] };
    ranks[rank]!.push(bend);
    chain.push(bend);
  }
  chain.push(end);
  chain.slice(1).forEach((item, index) => {
    item.before.push(chain[index]!);
    chain[index]!.after.push(item);
  });
  return chain;
}

// ---------------------------------------------------------------------------------------------------
// Order within ranks

function orderRanks(ranks: Item[][], fixed: ReadonlySet<number>): void {
  let best = ranks.map((rank) => [...rank]);
  let fewest = countCrossings(ranks);
  for (let sweep = 0; sweep < orderingSweeps && fewest > 0; sweep++) {
    const forwards = sweep % 2 === 0;
    const order = ranks.map((_, rank) => rank);
    for (const rank of forwards ? order : order.reverse()) {
      if (!fixed.has(rank)) sortByNeighbours(ranks, rank, forwards ? 'before' : 'after');
    }
    const crossings = countCrossings(ranks);
    if (crossings < fewest) {
      fewest = crossings;
      best = ranks.map((rank) => [...rank]);
    }
  }
  best.forEach((rank, index) => (ranks[index] = rank));
}

function sortByNeighbours(ranks: Item[][], rank: number, side: 'before' | 'after'): void {
  const neighbours = positionsOf(ranks[rank + (side === 'before' ? -1 : 1)] ?? []);
  const weights = new Map(
    ranks[rank]!.map((item, index) => {
      const positions = item[side].map((one) => neighbours.get(one)!);
      return [item, positions.length > 0 ? mean(positions) : index] as const;
    }),
  );
  ranks[rank]!.sort((a, b) => weights.get(a)! - weights.get(b)!);
}

function countCrossings(ranks: readonly Item[][]): number {
  let crossings = 0;
  for (let rank = 0; rank + 1 < ranks.length; rank++) {
    const positions = positionsOf(ranks[rank + 1]!);
    const ends = ranks[rank]!.map((item) => item.after.map((next) => positions.get(next)!));
    for (let upper = 0; upper < ends.length; upper++) {
      for (let lower = upper + 1; lower < ends.length; lower++) {
        for (const a of ends[upper]!) for (const b of ends[lower]!) if (a > b) crossings++;
      }
    }
  }
  return crossings;
}

function positionsOf(items: readonly Item[]): Map<Item, number> {
  return new Map(items.map((item, index) => [item, index]));
}

// ---------------------------------------------------------------------------------------------------
// Heights

function straighten(
  ranks: Item[][],
  chains: readonly Item[][],
  items: Map<string, Item>,
  options: RankedOptions,
): void {
  const pairs = options.level.map(([a, b]) => [items.get(a)!, items.get(b)!] as const);
  const pinned = new Set(pairs.flat());
  const settle = (rank: Item[], towards: (item: Item) => Item[]) => {
    const places = rank.map((item): Placed => {
      const others = towards(item);
      return {
        wanted: others.length > 0 ? weightedMean(item, others) : item.y,
        size: item.height + options.rowGap,
        // Long edges that bend look worse than short ones, and ends that must be level count most.
        weight: pinned.has(item) ? 1e6 : item.id === undefined ? 4 : 1,
      };
    });
    spread(places).forEach((y, index) => (rank[index]!.y = y));
  };
  const first = ranks[0] ?? [];
  const levelEnds = () => {
    const opposite = new Map(pairs);
    settle(first, (item) => [...item.after, ...(opposite.get(item)?.before ?? [])]);
    for (const [start, end] of pairs) end.y = start.y;
  };
  for (const rank of ranks) settle(rank, () => []);
  for (let sweep = 0; sweep < straighteningSweeps; sweep++) {
    for (const rank of ranks.slice(1)) settle(rank, ({ before, id }) => (isPort(id) ? [] : before));
    for (const rank of ranks.slice(1, -1).reverse()) settle(rank, ({ after }) => after);
    levelEnds();
  }
  for (let sweep = 0; sweep < 4; sweep++) {
    for (const rank of ranks.slice(1, -1)) {
      settle(rank, ({ before, after }) => [...before, ...after]);
    }
  }
  snap(ranks, chains, pairs, options.rowGap);
  settle(ranks.at(-1) ?? [], ({ before, id }) => (isPort(id) ? [] : before));

  function isPort(id: string | undefined): boolean {
    return id !== undefined && pinned.has(items.get(id)!);
  }
}

/**
 * Makes nearly straight edges straight: moves the bends of an edge together, ends that must be level
 * towards what they lead to, and a node in line with its only neighbour, each as far as there is room.
 */
function snap(
  ranks: readonly Item[][],
  chains: readonly Item[][],
  pairs: readonly (readonly [Item, Item])[],
  rowGap: number,
): void {
  const pinned = new Set(pairs.flat());
  const move = (group: readonly Item[], wanted: readonly number[]) => {
    const [low, high] = roomFor(group, ranks, rowGap);
    if (low > high || wanted.length === 0) return;
    const inside = wanted.find((y) => y >= low && y <= high);
    const y = inside ?? Math.min(high, Math.max(low, wanted[0]!));
    for (const item of group) item.y = y;
  };
  const heights = (items: readonly Item[]) => items.map(({ y }) => y);
  const byLength = [...chains].sort((a, b) => b.length - a.length);
  for (let pass = 0; pass < snappingPasses; pass++) {
    for (const chain of byLength) {
      const bends = chain.slice(1, -1);
      if (bends.length > 0) move(bends, heights([chain.at(-1)!, chain[0]!]));
    }
    for (const pair of pairs)
      move(pair, heights([...pair[0].after, ...pair[1].before].filter(isBend)));
    for (const item of ranks.flat()) {
      if (pinned.has(item) || isBend(item)) continue;
      const alone = [item.after, item.before].filter((side) => side.length === 1);
      if (canAlign(alone, item, ranks, rowGap)) move([item], heights(alone.flat()));
    }
  }
}

function isBend(item: Item): boolean {
  return item.id === undefined;
}

/** A node moves only where that makes an edge straight; half-way helps nothing. */
function canAlign(
  sides: readonly Item[][],
  item: Item,
  ranks: readonly Item[][],
  rowGap: number,
): boolean {
  const [low, high] = roomFor([item], ranks, rowGap);
  return sides.flat().some(({ y }) => y >= low && y <= high);
}

/** The heights that all of the group can take without coming too near to others of their ranks. */
function roomFor(
  group: readonly Item[],
  ranks: readonly Item[][],
  rowGap: number,
): [low: number, high: number] {
  let [low, high] = [-Infinity, Infinity];
  for (const item of group) {
    const rank = ranks[item.rank]!;
    const index = rank.indexOf(item);
    const room = (other: Item) => (item.height + other.height) / 2 + rowGap;
    const [above, below] = [rank[index - 1], rank[index + 1]];
    if (above) low = Math.max(low, above.y + room(above));
    if (below) high = Math.min(high, below.y - room(below));
  }
  return [low, high];
}

/** Bends pull harder than nodes on a bend: an edge is straight before it is short. */
function weightedMean(item: Item, towards: readonly Item[]): number {
  let [sum, total] = [0, 0];
  for (const other of towards) {
    const weight = item.id === undefined && other.id === undefined ? 6 : 1;
    sum += other.y * weight;
    total += weight;
  }
  return sum / total;
}

// ---------------------------------------------------------------------------------------------------
// Columns and routes

interface Column {
  left: number;
  middle: number;
  right: number;
}

function toColumns(ranks: readonly Item[][], gap: RankedOptions['columnGap']): Column[] {
  let left = 0;
  return ranks.map((rank) => {
    const width = Math.max(0, ...rank.map((item) => item.width));
    const column = { left, middle: left + width / 2, right: left + width };
    const rise = Math.max(
      0,
      ...rank.flatMap(({ y, after }) => after.map((to) => Math.abs(to.y - y))),
    );
    left += width + Math.min(gap.most, gap.least + rise / 7);
    return column;
  });
}

/** Level across each column, so that edges bend between columns only. */
function toRoute(chain: readonly Item[], columns: readonly Column[]): Point[] {
  return chain.flatMap((item, index) => {
    const { left, middle, right } = columns[item.rank]!;
    const ends = [];
    if (index > 0) ends.push({ x: left, y: item.y });
    if (index > 0 && item.id !== undefined) ends.push({ x: middle - item.width / 2, y: item.y });
    if (index === 0) ends.push({ x: middle + item.width / 2, y: item.y });
    if (index < chain.length - 1) ends.push({ x: right, y: item.y });
    return ends;
  });
}

function mean(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}
