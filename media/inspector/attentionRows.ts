import type { TraceData } from '../../kernel/contract/trace.js';
import { endAngle, roundCorners, shortenEnd } from '../graph/curves.js';
import type { Point } from '../graph/rankedLayout.js';
import { headSize, type EdgeLook } from './edgeRows.js';
import { columnsOf, type InspectorLayout, type StageRow } from './layout.js';
import { type Arrows, joinArrows, type Scene } from './scene.js';
import { shownAt } from './shown.js';

type Attention = NonNullable<TraceData['attention']>[number];

/** A look of one time step at another. */
interface Look {
  attention: Attention;
  to: StageRow;
  from: StageRow;
  query: number;
  key: number;
  weight: number;
  flow: number;
}

/** Numbers of edges below are those inside of the cell. */
const firstEdge = 10_000;
/** Width of an edge with weight 1. */
const widest = 7;

/**
 * From what is looked at to who looks: as wide as the weight going forward, as the adjoint that flows back coming back.
 * All looks of the current time step, and at it; of the others the strongest, faintly.
 */
export function attentionEdges(scene: Scene): Arrows {
  const { trace, state } = scene;
  const current = 't' in state.place ? state.place.t : undefined;
  const looks = (trace.attention ?? []).flatMap((one) => looksOf(scene.layout, one));
  const strongest = strongestLooks(looks);
  return joinArrows(
    looks.flatMap((look, edge) => {
      const isCurrent = look.query === current || look.key === current;
      return isCurrent || strongest.has(look)
        ? [lookCurve(scene, look, isCurrent, firstEdge + edge)]
        : [];
    }),
  );
}

function looksOf(layout: InspectorLayout, attention: Attention): Look[] {
  const { queries, keys, weight, flow } = attention;
  const rowOf = (stage: number) => layout.rows.find((row) => row.stage === stage);
  const [from, to] = [rowOf(attention.from), rowOf(attention.to)];
  if (!from || !to) return [];
  const isDrawn = (row: StageRow) => {
    const drawn = new Set(columnsOf(layout, row).map(({ t }) => t));
    return (t: number) => drawn.has(t);
  };
  const [isFrom, isTo] = [isDrawn(from), isDrawn(to)];
  return queries.flatMap((query, q) =>
    isTo(query)
      ? keys.flatMap((key, k): Look[] => {
          const at = q * keys.length + k;
          if (!isFrom(key)) return [];
          return [
            { attention, to, from, query, key, weight: weight.data[at]!, flow: flow.data[at]! },
          ];
        })
      : [],
  );
}

/** Of each time step that looks, where it looks most. */
function strongestLooks(looks: readonly Look[]): Set<Look> {
  const most = new Map<string, Look>();
  for (const look of looks) {
    const key = `${look.to.stage} ${look.query}`;
    const known = most.get(key);
    if (!known || known.weight < look.weight) most.set(key, look);
  }
  return new Set(most.values());
}

/** A curve and the head at its end. */
function lookCurve(scene: Scene, look: Look, isCurrent: boolean, edge: number): Arrows {
  const { to, query, weight, flow } = look;
  const shown = shownAt(scene, to, query);
  if (shown === 'none') return { lines: [], heads: [] };
  const isBack = shown === 'adjoint';
  const points = curvePoints(scene.layout, look);
  const path = isBack ? points.reverse() : points;
  const own = isBack ? backLook(scene, flow) : forwardLook(scene, weight);
  const opacity = isCurrent ? 0.9 : 0.35;
  const end = path.at(-1)!;
  const head = {
    ...end,
    angle: endAngle(path),
    fill: own.stroke,
    size: headSize(own),
    opacity,
  };
  const drawn = isCurrent ? shortenEnd(path, Math.sqrt(head.size) * 0.8) : path;
  return {
    lines: drawn.map(({ x, y }, at) => ({ edge, at, x, y, ...own, opacity })),
    heads: isCurrent ? [head] : [],
  };
}

function backLook({ scales, colours }: Scene, flow: number): EdgeLook {
  const share = scales.adjoint.share(flow);
  return share === undefined
    ? { stroke: colours.line, strokeWidth: 0.5, opacity: 1 }
    : { stroke: colours.adjointLine, strokeWidth: 0.6 + widest * share ** 1.5, opacity: 1 };
}

const forwardLook = ({ colours }: Scene, weight: number): EdgeLook => ({
  stroke: colours.valueLine,
  strokeWidth: 0.4 + widest * weight,
  opacity: 1,
});

const cornerRadius = 14;

/** Straight up from what is looked at, so that widths can be told there, and along the row to who looks. */
function curvePoints({ columns }: InspectorLayout, { from, to, key, query }: Look): Point[] {
  const [source, target] = [key, query].map((t) => columns.find((one) => one.t === t)!);
  const start = { x: source!.x + source!.width / 2, y: from.y };
  if (source!.x === target!.x) return [start, { x: start.x, y: to.y + to.height }];
  const side = source!.x < target!.x ? 0 : target!.width;
  const end = { x: target!.x + side, y: to.y + to.height / 2 };
  const radius = Math.min(cornerRadius, (start.y - end.y) / 2);
  return roundCorners([start, { x: start.x, y: end.y }, end], radius);
}
