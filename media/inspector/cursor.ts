import { spanOf } from '../../kernel/contract/traceSpan.js';
import type { Layer, OperationPlace, Place, Walk } from './walk.js';

/** How finely the walk stops, and what the picture shows: cells, the gates inside one, all its operations. */
export type Level = 'cell' | 'gate' | 'operation';
export const levels: readonly Level[] = ['cell', 'gate', 'operation'];

export type Move =
  'first' | 'back' | 'next' | 'last' | 'stepBack' | 'stepNext' | 'layerUp' | 'layerDown';

/** The operation that stands for a whole cell: its output, or else the last one. */
export function cellNode({ nodes, output }: Layer): number {
  const isStop = (index: number) => nodes[index]?.kind === 'operation' && !nodes[index].once;
  if (isStop(output)) return output;
  return nodes.findLastIndex((_, index) => isStop(index));
}

export function isStop(walk: Walk, place: Place, level: Level): boolean {
  if (!('node' in place) || level === 'operation') return true;
  const layer = walk.trace.layers[place.layer]!;
  if (place.node === cellNode(layer)) return true;
  return level === 'gate' && layer.nodes[place.node]!.formula !== undefined;
}

/** The index of the next stop of the level in a direction; stays where there is none. */
export function step(walk: Walk, index: number, by: 1 | -1, level: Level): number {
  for (let at = index + by; at >= 0 && at < walk.length; at += by)
    if (isStop(walk, walk.at(at), level)) return at;
  return index;
}

/** Where a control or key leads. */
export function move(walk: Walk, index: number, how: Move, level: Level): number {
  switch (how) {
    case 'first':
      return isStop(walk, walk.at(0), level) ? 0 : step(walk, 0, 1, level);
    case 'last':
      return walk.length - 1;
    case 'next':
      return step(walk, index, 1, level);
    case 'back':
      return step(walk, index, -1, level);
    case 'stepNext':
      return timeStep(walk, index, 1, level);
    case 'stepBack':
      return timeStep(walk, index, -1, level);
    case 'layerUp':
      return otherLayer(walk, index, 1);
    case 'layerDown':
      return otherLayer(walk, index, -1);
  }
}

/** The same operation one time step further along the walk; past the last of a phase, the loss or the end. */
function timeStep(walk: Walk, index: number, by: 1 | -1, level: Level): number {
  const place = walk.at(index);
  if (!('node' in place)) return step(walk, index, by, level);
  const isForward = walk.trace.layers[place.layer]!.direction === 'forward';
  const t = place.t + ((place.phase === 'forward') === isForward ? by : -by);
  const span = walk.spanOf(place.layer);
  if (t >= span.start && t < span.end) return walk.indexOf({ ...place, t });
  const beyond = beside(walk, place, t);
  if (beyond >= 0) return beyond;
  if (place.phase === 'forward') return by === 1 ? walk.loss : move(walk, index, 'first', level);
  return by === 1 ? walk.length - 1 : walk.loss;
}

/** From an encoder into its decoder and the other way: the cell of a layer that runs at that time step. */
function beside(walk: Walk, place: OperationPlace, t: number): number {
  const layer = walk.trace.layers.findIndex((_, at) => {
    const { start, end } = walk.spanOf(at);
    return t >= start && t < end;
  });
  return layer < 0 ? -1 : stopAt(walk, { phase: place.phase, layer, t });
}

/** The output of the layer above or below, at the same time step. */
function otherLayer(walk: Walk, index: number, by: 1 | -1): number {
  const place = walk.at(index);
  if (!('node' in place)) return index;
  const layer = walk.trace.layers[place.layer + by];
  if (!layer) return index;
  const found = walk.indexOf({ ...place, layer: place.layer + by, node: cellNode(layer) });
  return found < 0 ? index : found;
}

/** The stop that shows the same thing after the level has changed: the gate that the operation serves. */
export function settle(walk: Walk, index: number, level: Level): number {
  const place = walk.at(index);
  if (isStop(walk, place, level) || !('node' in place)) return index;
  const layer = walk.trace.layers[place.layer]!;
  const { gate } = layer.nodes[place.node]!;
  const named = layer.nodes.findLastIndex(
    ({ label, formula }) => formula && gate !== undefined && label === gate,
  );
  const node = level === 'gate' && named >= 0 ? named : cellNode(layer);
  const found = walk.indexOf({ ...place, node });
  return found < 0 ? index : found;
}

/** The stop at a cell, in the phase of the walk. */
export function stopAt(
  walk: Walk,
  place: Omit<OperationPlace, 'node'> & { node?: number },
): number {
  const layer = walk.trace.layers[place.layer];
  if (!layer) return -1;
  return walk.indexOf({ ...place, node: place.node ?? cellNode(layer) });
}

/** The layer and the time step whose inside is shown: at the loss and at the end, of the uppermost layer. */
export function insideAt({ trace }: Walk, place: Place): { layer: number; t: number } {
  if ('layer' in place) return place;
  const layer = Math.max(0, trace.layers.length - 1);
  const { start, end } = spanOf(trace, trace.layers[layer] ?? {});
  return { layer, t: place.phase === 'loss' ? end - 1 : start };
}

/** How far the walk has come at a cell: not there yet, values known, adjoints known. */
export type Progress = 'none' | 'value' | 'adjoint';

export function progressAt(walk: Walk, index: number, layer: number, t: number): Progress {
  const node = cellNode(walk.trace.layers[layer]!);
  if (node < 0) return 'none';
  const forward = walk.indexOf({ phase: 'forward', layer, t, node });
  if (index < forward && !sharesVisit(walk, index, 'forward', layer, t)) return 'none';
  const backward = walk.indexOf({ phase: 'backward', layer, t, node });
  return index >= backward || sharesVisit(walk, index, 'backward', layer, t) ? 'adjoint' : 'value';
}

function sharesVisit(walk: Walk, index: number, phase: Place['phase'], layer: number, t: number) {
  const place = walk.at(index);
  return 'node' in place && place.phase === phase && place.layer === layer && place.t === t;
}
