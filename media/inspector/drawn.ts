import { type Reading, readChange, readStop } from './reading.js';
import type { Side } from './side.js';
import { toSharedScales, toTraceScales, type TraceScales } from './traceScales.js';
import { Walk } from './walk.js';
import type { Change } from './whatIf.js';
import type { Version } from './whatIfBar.js';

/** What a side draws: which trace gives the shades, on which scales, and what is said of its stops. */
export interface Drawn {
  walk: Walk;
  scales: TraceScales;
  read: (index: number, sequence: number) => Reading;
}

/** Two traces share their scales; so do before and after an edit. A change has scales of its own. */
export function toDrawn(
  sides: readonly Side[],
  change: Change | undefined,
  version: Version,
): Drawn[] {
  if (change && sides.length === 1) return [changeDrawn(change, version)];
  const scales = toSharedScales(sides.map(({ trace }) => trace));
  return sides.map(({ walker: { walk } }, index) => ({
    walk,
    scales: scales[index]!,
    read: (at, sequence) => readStop(walk, at, sequence),
  }));
}

function changeDrawn({ walks }: Change, version: Version): Drawn {
  const walk = walks[version];
  const { before, after } = walks;
  const scales =
    version === 'difference'
      ? toTraceScales(walk.trace, true)
      : toSharedScales([walk.trace, (version === 'after' ? before : after).trace])[0]!;
  return { walk, scales, read: (at, sequence) => readChange(before, after, at, sequence) };
}
