import { formatValue } from '../format.js';
import { isStop, type Level } from './cursor.js';
import { nameOf } from './timedNames.js';
import type { OperationPlace, Place, Walk } from './walk.js';
import type { Walker } from './walker.js';

/** What the walk stops at; a condition that is left out is off. */
export interface Breakpoints {
  /** Time steps, set by a click or by a key. */
  steps: ReadonlySet<number>;
  /** The value's norm on the way forward, the adjoint's on the way back. */
  normAbove?: number;
  normBelow?: number;
  /** A value or an adjoint with NaN or infinity. */
  notFinite?: true;
  /** An activation of which at least this fraction is near a bound. */
  saturated?: number;
  /** The gradient, summed so far on the way back, exceeds the clipping norm. */
  clipFired?: true;
  /** On the way back, the adjoint from the next time step is cut off. */
  truncationCrossed?: true;
}

export type Condition = Exclude<keyof Breakpoints, 'steps'>;

/**
 * Why the walk stops at `index`, coming from `before`; undefined where it does not.
 *
 * Norms and saturation are looked at where the walk of this level stops, and count from where they begin to
 * hold: at the same operation one time step before they did not. NaN is looked for in every operation.
 */
export function whyStop(
  walk: Walk,
  before: number,
  index: number,
  level: Level,
  breakpoints: Breakpoints,
): string | undefined {
  const place = walk.at(index);
  if (!('node' in place)) return undefined;
  const came = walk.at(before);
  const why = [
    ...(isNewStep(came, place) ? arrivalReasons(walk, place, breakpoints) : []),
    ...notFiniteReasons(walk, came, place, breakpoints),
    ...(isStop(walk, place, level) ? sizeReasons(walk, place, breakpoints) : []),
  ];
  return why.length === 0 ? undefined : why.join('; ');
}

/** The next stop where a breakpoint holds, and why; the end of the walk where none does. */
export function runOn(
  walk: Walk,
  from: number,
  level: Level,
  breakpoints: Breakpoints,
): { index: number; why: string | undefined } {
  for (let index = from + 1; index < walk.length; index++) {
    const why = whyStop(walk, index - 1, index, level, breakpoints);
    if (why !== undefined) return { index, why };
  }
  return { index: walk.length - 1, why: undefined };
}

/** One stop of the walk's level on, or to the first breakpoint on the way there. */
export function stepOn(
  walker: Walker,
  breakpoints: Breakpoints,
): { isEnd: boolean; why: string | undefined } {
  const before = walker.index;
  walker.move('next');
  const end = walker.index;
  for (let index = before + 1; index <= end; index++) {
    const why = whyStop(walker.walk, index - 1, index, walker.level, breakpoints);
    if (why === undefined) continue;
    walker.goTo(index);
    return { isEnd: false, why };
  }
  return { isEnd: end === before, why: undefined };
}

const isNewStep = (before: Place, place: OperationPlace): boolean =>
  !('t' in before) || before.t !== place.t || before.phase !== place.phase;

/** What holds for a whole time step, said once on arrival. */
function arrivalReasons(walk: Walk, { phase, t }: OperationPlace, on: Breakpoints): string[] {
  const { trace } = walk;
  const isBack = phase === 'backward';
  const { clip, truncation } = trace;
  return [
    ...(on.steps.has(t) ? [`breakpoint at t = ${t}`] : []),
    ...(on.clipFired && isBack && clip?.fired && clip.step === t
      ? [
          `clipping fires: summed back to t = ${t}, the gradient's norm ${formatValue(trace.gradient.running.data[t]!)} is above ${clip.maxNorm}`,
        ]
      : []),
    ...(on.truncationCrossed && isBack && truncation?.boundaries.includes(t + 1)
      ? [`truncation crossed: nothing comes from t = ${t + 1} to t = ${t}`]
      : []),
  ];
}

function notFiniteReasons(
  walk: Walk,
  came: Place,
  place: OperationPlace,
  { notFinite }: Breakpoints,
): string[] {
  if (!notFinite || Number.isFinite(normAt(walk, place))) return [];
  // What follows from a NaN is NaN too: only the first is news.
  const isNews =
    !('node' in came) || came.phase !== place.phase || Number.isFinite(normAt(walk, came));
  return isNews ? [`${describe(walk, place)} is not finite`] : [];
}

function sizeReasons(
  walk: Walk,
  place: OperationPlace,
  { normAbove, normBelow, saturated }: Breakpoints,
): string[] {
  const before = previousVisit(walk, place);
  const norm = normAt(walk, place);
  const begins = (holds: (at: OperationPlace) => boolean) =>
    holds(place) && !(before && holds(before));
  const text = `‖${describe(walk, place)}‖ = ${formatValue(norm)}`;
  return [
    ...(normAbove !== undefined && begins((at) => normAt(walk, at) > normAbove)
      ? [`${text} is above ${formatLimit(normAbove)}`]
      : []),
    ...(normBelow !== undefined && begins((at) => normAt(walk, at) < normBelow)
      ? [`${text} is below ${formatLimit(normBelow)}`]
      : []),
    ...(saturated !== undefined && begins((at) => saturationAt(walk, at) >= saturated)
      ? [
          `${Math.round(100 * saturationAt(walk, place))} % of ${describe(walk, { ...place, phase: 'forward' })} is saturated`,
        ]
      : []),
  ];
}

/** The same operation one time step before on the walk. */
function previousVisit(walk: Walk, place: OperationPlace): OperationPlace | undefined {
  const { start, end } = walk.spanOf(place.layer);
  const isForward = walk.trace.layers[place.layer]!.direction === 'forward';
  const t = place.t + ((place.phase === 'forward') === isForward ? -1 : 1);
  return t >= start && t < end ? { ...place, t } : undefined;
}

const nodeAt = ({ trace }: Walk, { layer, node }: OperationPlace) =>
  trace.layers[layer]!.nodes[node]!;

function normAt(walk: Walk, place: OperationPlace): number {
  const { valueNorm, adjointNorm } = nodeAt(walk, place);
  return (place.phase === 'forward' ? valueNorm : adjointNorm).data[place.t]!;
}

function saturationAt(walk: Walk, place: OperationPlace): number {
  const { saturation } = nodeAt(walk, place);
  return saturation ? saturation.nearLow.data[place.t]! + saturation.nearHigh.data[place.t]! : 0;
}

function describe(walk: Walk, place: OperationPlace): string {
  const name = nameOf(nodeAt(walk, place));
  const layer = walk.trace.layers[place.layer]!.name;
  return `${place.phase === 'backward' ? 'adjoint of ' : ''}${layer} ${name} at t = ${place.t}`;
}

const formatLimit = (limit: number): string => String(limit).replaceAll('-', '−');
