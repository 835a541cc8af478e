import { insideAt, type Progress, progressAt } from './cursor.js';
import type { StageRow } from './layout.js';
import type { Scene } from './scene.js';
import type { Layer } from './walk.js';

/** What is shown of a layer at a time step. */
export function shownOf({ state, walk }: Scene, layer: number, t: number): Progress {
  const { colouring, index } = state;
  return colouring === 'phase' ? progressAt(walk, index, layer, t) : colouring;
}

/** A stage without a cell of its own goes with the recurrent layer below it, or else above. */
export function shownAt(scene: Scene, row: StageRow, t: number): Progress {
  if (row.layer !== undefined) return shownOf(scene, row.layer, t);
  const { layout, state } = scene;
  const at = layout.rows.indexOf(row);
  const isNear = ({ layer, span }: StageRow) =>
    layer !== undefined && t >= span.start && t < span.end;
  const below = layout.rows.slice(at + 1).find(isNear);
  const near = below ?? layout.rows.slice(0, at).findLast(isNear);
  const shown = near?.layer === undefined ? 'none' : shownOf(scene, near.layer, t);
  const isComing =
    state.colouring === 'phase' && state.place.phase === 'backward' && shown === 'value';
  // What lies above has its adjoint before the layer that gets it.
  if (below && isComing) {
    const next = layout.columns.find((column) => column.t === t + 1);
    return next &&
      t + 1 < row.span.end &&
      shownAt(scene, { ...row, layer: below.layer }, t + 1) === 'adjoint'
      ? 'value'
      : shown;
  }
  return shown;
}

/** Of the edge between two time steps: it has its adjoint once the later cell has sent it. */
export function shownBetween(scene: Scene, layer: number, earlier: number, later: number) {
  const { colouring } = scene.state;
  if (colouring !== 'phase') return colouring;
  if (shownOf(scene, layer, later) === 'adjoint') return 'adjoint';
  return shownOf(scene, layer, earlier) === 'none' ? 'none' : 'value';
}

/** Of an operation in the cell whose inside is shown: reached or not. */
export function shownInside({ state, walk }: Scene, node: number): Progress {
  const { colouring, place, index } = state;
  if (colouring !== 'phase') return colouring;
  if (place.phase === 'loss') return 'value';
  if (place.phase === 'end') return 'adjoint';
  if (!('layer' in place)) return 'none';
  const at = walk.indexOf({ ...place, node });
  if (at < 0) return place.phase === 'backward' ? 'value' : 'none';
  if (place.phase === 'forward') return at <= index ? 'value' : 'none';
  return at <= index ? 'adjoint' : 'value';
}

/** The layer and the time step whose inside is shown. */
export function insideOf({ trace, walk, state }: Scene): { layer: Layer; t: number } {
  const { layer, t } = insideAt(walk, state.place);
  return { layer: trace.layers[layer]!, t };
}
