import type { Row } from '../vegaView.js';
import type { Progress } from './cursor.js';
import { columnsOf, overlap, type StageRow } from './layout.js';
import { type Arrows, joinArrows, type Scene } from './scene.js';
import { shownAt, shownBetween, shownOf } from './shown.js';

export interface EdgeLook {
  stroke: string;
  strokeWidth: number;
  opacity: number;
}

/** Thin where values go, as wide as the adjoint that comes back. */
export function edgeLook({ scales, layout, colours }: Scene, shown: Progress, flow: number) {
  const share = shown === 'adjoint' ? scales.adjoint.share(flow) : undefined;
  const width = layout.roomy ? 7 : 4.5;
  if (shown === 'adjoint')
    return {
      stroke: share === undefined ? colours.line : colours.adjointLine,
      strokeWidth: share === undefined ? 0.5 : 0.8 + width * share ** 1.5,
      opacity: share === undefined ? 0.5 : 1,
    };
  return {
    stroke: colours.line,
    strokeWidth: shown === 'value' ? 1.2 : 0.6,
    opacity: shown === 'value' ? 0.9 : 0.5,
  };
}

/** Size of the head of an edge. */
export const headSize = ({ strokeWidth }: EdgeLook): number => 26 + strokeWidth * 11;

/** The edges of the unrolled graph: between stages, and between time steps. */
export function graphEdges(scene: Scene): Arrows {
  return joinArrows([
    ...scene.layout.rows.map((row, at) => verticals(scene, row, at)),
    ...scene.layout.rows.map((row) => horizontals(scene, row)),
    ...handovers(scene),
  ]);
}

function verticals(scene: Scene, row: StageRow, at: number): Arrows {
  const { trace, layout } = scene;
  const { gridBottom, rows } = layout;
  const isWhole = rows.every(({ span }) => span.start === row.span.start);
  const stage = trace.stages[row.stage]!;
  const under = rows.slice(at + 1).find(({ span }) => overlap(span, row.span));
  const isTop = !rows.slice(0, at).some(({ span }) => overlap(span, row.span));
  const measured = new Set(trace.loss.measuredAt);
  const end = row.y + row.height;
  const isAdjacent = under !== undefined && stage.from.includes(under.stage);
  const start = isAdjacent ? under.y : under ? undefined : Math.min(end + 16, gridBottom);
  return joinArrows(
    columnsOf(layout, row).flatMap(({ t, x, width }) => {
      const middle = x + width / 2;
      const shown = shownAt(scene, row, t);
      const parts: Arrows[] = [];
      if (start !== undefined) {
        const flow = under
          ? trace.stages[under.stage]!.adjointNorm.data[t]!
          : inputFlow(scene, row, t);
        parts.push(arrow(scene, [middle, start, middle, end], shown, flow));
      }
      if (isTop && (isWhole || measured.has(t))) {
        const flow = stage.adjointNorm.data[t]!;
        parts.push(arrow(scene, [middle, row.y, middle, layout.lossFoot + 2], shown, flow));
      }
      return parts;
    }),
  );
}

/** What flows back to the network's input. */
function inputFlow({ trace }: Scene, row: StageRow, t: number): number {
  if (row.layer === undefined) return 0;
  const input = trace.layers[row.layer]!.nodes.find(({ kind }) => kind === 'input');
  return input?.adjointNorm.data[t] ?? 0;
}

function horizontals(scene: Scene, row: StageRow): Arrows {
  const { layer: index, states } = row;
  if (index === undefined) return { lines: [], heads: [] };
  const layer = scene.trace.layers[index]!;
  const columns = columnsOf(scene.layout, row);
  const isForward = layer.direction === 'forward';
  return joinArrows(
    states.flatMap((y, state) =>
      columns.slice(1).map((column, at) => {
        const before = columns[at]!;
        // `carried` stands at the time step that it comes to.
        const [to, from] = isForward ? [before, column] : [column, before];
        const shown = shownBetween(scene, index, to.t, from.t);
        const flow = layer.states[state]!.carried.data[to.t]!;
        const [start, end] = [before.x + before.width, column.x];
        return arrow(scene, isForward ? [start, y, end, y] : [end, y, start, y], shown, flow);
      }),
    ),
  );
}

/**
 * From the last step of one layer to the first of a layer that begins there: an encoder's final states are where its
 * decoder begins. The k-th layer hands over to the k-th.
 */
function handovers(scene: Scene): Arrows[] {
  const { trace, layout } = scene;
  const recurrent = layout.rows.toReversed().filter(({ layer }) => layer !== undefined);
  return recurrent.flatMap((row): Arrows[] => {
    const { end } = row.span;
    const level = recurrent.filter(({ span }) => span.end === end).indexOf(row);
    const next = recurrent.filter(({ span }) => span.start === end)[level];
    const [before, after] = [end - 1, end].map((t) => layout.columns.find((one) => one.t === t));
    if (!next || !before || !after || trace.layers[row.layer!]!.direction === 'reverse') return [];
    return trace.layers[row.layer!]!.states.slice(0, row.states.length).map((state, k) => {
      const [y, y2] = [row.states[k]!, next.states[k] ?? next.states.at(-1)!];
      // What comes to the last next value is the adjoint of the final state.
      const flow = state.carried.data[end - 1]!;
      const reached = shownOf(scene, next.layer!, end);
      const shown = reached === 'none' ? shownOf(scene, row.layer!, end - 1) : reached;
      return arrow(scene, [before.x + before.width, y, after.x, y2], shown, flow);
    });
  });
}

type Ends = readonly [x: number, y: number, x2: number, y2: number];

/** From source to target as values flow; the head turns round where the adjoint is shown. */
function arrow(scene: Scene, [x, y, x2, y2]: Ends, shown: Progress, flow: number): Arrows {
  const look = edgeLook(scene, shown, flow);
  const length = Math.hypot(x2 - x, y2 - y);
  if (length < 9) return { lines: [{ x, y, x2, y2, ...look, dash: 0 }], heads: [] };
  const isBack = shown === 'adjoint';
  const size = headSize(look);
  const reach = Math.min(length / 2, Math.sqrt(size) * 0.8);
  const [ux, uy] = [(x2 - x) / length, (y2 - y) / length];
  const head = {
    x: isBack ? x : x2,
    y: isBack ? y : y2,
    angle: (Math.atan2(isBack ? -uy : uy, isBack ? -ux : ux) * 180) / Math.PI,
    fill: look.stroke,
    size,
    opacity: look.opacity,
  };
  // The line ends inside its head.
  const [sx, sy] = isBack ? [x + ux * reach, y + uy * reach] : [x, y];
  const [ex, ey] = isBack ? [x2, y2] : [x2 - ux * reach, y2 - uy * reach];
  return { lines: [{ x: sx, y: sy, x2: ex, y2: ey, ...look, dash: 0 }], heads: [head] };
}

/** Where truncation cuts. */
export function boundaryRules({ trace, layout, colours }: Scene): Row[] {
  const { columns, rows, gridBottom } = layout;
  return (trace.truncation?.boundaries ?? []).flatMap((t) => {
    const at = columns.findIndex((column) => column.t === t);
    if (at <= 0) return [];
    const before = columns[at - 1]!;
    const x = (before.x + before.width + columns[at]!.x) / 2;
    return [
      {
        x,
        x2: x,
        y: rows[0]!.y - 10,
        y2: gridBottom - 20,
        stroke: colours.foreground,
        strokeWidth: 1.5,
        opacity: 1,
        dash: 1,
      },
    ];
  });
}
