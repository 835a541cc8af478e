import type { Row } from '../vegaView.js';
import { attentionEdges } from './attentionRows.js';
import { cellRows, lossBars, stepBand } from './cellRows.js';
import { boundaryRules, graphEdges } from './edgeRows.js';
import { insideBoxes, insideEdges, insideTexts } from './insideRows.js';
import type { InspectorLayout } from './layout.js';
import type { PictureColours, PictureState, Scene } from './scene.js';
import { breakpointDots, editDots, gridTexts } from './textRows.js';
import type { TraceScales } from './traceScales.js';
import type { Walk } from './walk.js';

/** All rows of the picture; see `spec.ts` for how each set is drawn. */
export function toPictureRows(
  walk: Walk,
  layout: InspectorLayout,
  scales: TraceScales,
  state: PictureState,
  colours: PictureColours,
): Record<string, Row[]> {
  const scene: Scene = { trace: walk.trace, walk, layout, scales, state, colours };
  const edges = graphEdges(scene);
  const attention = attentionEdges(scene);
  const inside = insideEdges(scene);
  return {
    bands: stepBand(scene),
    boxes: [...lossBars(scene), ...cellRows(scene)],
    insideBoxes: insideBoxes(scene),
    rules: [...edges.lines, ...boundaryRules(scene)],
    heads: [...attention.heads, ...edges.heads],
    insideHeads: inside.heads,
    curves: [...attention.lines, ...inside.lines],
    texts: gridTexts(scene),
    insideTexts: insideTexts(scene),
    dots: [...breakpointDots(scene), ...editDots(scene)],
  };
}

/** Where a set of rows says the same as last time, the list of last time: it need not be drawn again. */
export function keepUnchanged(
  before: Record<string, Row[]>,
  after: Record<string, Row[]>,
): Record<string, Row[]> {
  return Object.fromEntries(
    Object.entries(after).map(([name, rows]) => {
      const old = before[name];
      return [name, old && areEqual(old, rows) ? old : rows];
    }),
  );
}

function areEqual(before: readonly Row[], after: readonly Row[]): boolean {
  return (
    before.length === after.length &&
    before.every((row, index) => {
      const other = after[index]!;
      for (const key in other) if (row[key] !== other[key]) return false;
      return true;
    })
  );
}
