/** A loss curve's payload as numbers. */
import type { LossPayload, LossSeries } from '../../kernel/contract/mime.js';
import { rounded, thinnedPositions } from './numbers.js';

export function trainingNumbers(payload: LossPayload, maxPoints: number) {
  const { title, unit, status, paused, totalSteps, series, baselines, marks } = payload;
  return {
    title,
    unit,
    status: paused ? 'paused' : status,
    totalSteps,
    series: series.map((one) => seriesNumbers(one, maxPoints)),
    ...(baselines ? { baselines } : {}),
    ...(marks ? { changes: marks } : {}),
  };
}

function seriesNumbers({ name, role, step, seconds, value }: LossSeries, maxPoints: number) {
  const lowest = value.reduce<number>(
    (best, one, at) => (one !== null && one < (value[best] ?? Infinity) ? at : best),
    0,
  );
  const at = thinnedPositions(value.length, maxPoints, value.length > 0 ? [lowest] : []);
  const point = (index: number) => ({
    step: step[index] ?? null,
    value: rounded(value[index]),
  });
  return {
    name,
    role,
    points: value.length,
    first: point(0),
    last: point(value.length - 1),
    lowest: point(lowest),
    seconds: rounded(seconds.at(-1)),
    notFinite: value.filter((one) => one === null).length,
    step: at.map((index) => step[index]!),
    value: at.map((index) => rounded(value[index])),
  };
}
