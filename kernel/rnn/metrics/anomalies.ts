import { OptionError, ShapeError } from '../errors.js';
import { checkOptions, is, optional } from '../options.js';
import { Tensor } from '../tensor.js';
import { toNumbers, type Numbers } from './classCounts.js';

/** Options of `anomalyScores`. */
export interface AnomalyScoresOptions {
  /** Residuals of normal operation `[N, K]`, not those that the model was fitted to: they say how large each one usually is. */
  reference: Tensor | readonly (readonly number[])[];
  /** w, time steps over which squares are averaged, up to the one that is scored. Default 8. */
  window?: number;
}

/** Some time steps of a series, the last not among them. */
export interface EventSpan {
  from: number;
  to: number;
}

/** Options of `detectionDelays`. */
export interface DetectionDelaysOptions {
  /** A score above it is an alarm. */
  threshold: number;
  /** Time steps behind an event in which an alarm still counts. Default 0. */
  slack?: number;
}

type Rows = readonly (readonly number[])[];
const toRows = (values: Tensor | Rows): Rows =>
  values instanceof Tensor ? (values.toNested() as number[][]) : values;

/**
 * How odd each time step of several series is, from what a model expected of it and what came:
 *
 *     score_t = max over k of  mean over i < w of  r²_{t−i,k} / mean of reference² of k
 *
 * About 1 for normal operation, whatever the unit of a series. The largest of the series decides, so that one that is wrong is not
 * averaged away. The first w − 1 scores average over what there is.
 *
 * @param residuals r, what came less what was expected, `[T, K]`
 * @returns T numbers
 * @throws ShapeError unless all rows have equally many numbers, OptionError where a series of the reference is all 0 or there is none
 */
export function anomalyScores(residuals: Tensor | Rows, options: AnomalyScoresOptions): number[] {
  checkOptions('anomalyScores', options, {
    reference: is.object,
    window: optional(is.positiveInteger),
  });
  const { window = 8 } = options;
  const [rows, calm] = [toRows(residuals), toRows(options.reference)];
  const width = calm[0]?.length ?? 0;
  const odd = [...rows, ...calm].find((row) => row.length !== width);
  if (odd) throw new ShapeError(`anomalyScores: got a row of ${odd.length}, expected ${width}`);
  const sizes = Array.from({ length: width }, (_, k) =>
    calm.reduce((sum, row) => sum + row[k]! ** 2 / calm.length, 0),
  );
  if (width === 0 || sizes.some((size) => !(size > 0)))
    throw new OptionError('anomalyScores: expected a reference in which no series is all 0');
  return rows.map((_, t) => {
    const last = rows.slice(Math.max(0, t - window + 1), t + 1);
    const means = sizes.map((size, k) =>
      last.reduce((sum, row) => sum + row[k]! ** 2 / size / last.length, 0),
    );
    return Math.max(...means);
  });
}

/**
 * How long each event goes on before it is noticed: time steps from its beginning to the first score above the threshold, null
 * where there is none.
 *
 * @param scores one for each time step
 * @returns one for each event
 * @throws OptionError for an event outside the series
 */
export function detectionDelays(
  scores: Numbers,
  events: readonly EventSpan[],
  options: DetectionDelaysOptions,
): (number | null)[] {
  checkOptions('detectionDelays', options, {
    threshold: (value) =>
      typeof value === 'number' && !Number.isNaN(value) ? undefined : 'a number',
    slack: optional(is.nonNegative),
  });
  const { threshold, slack = 0 } = options;
  const all = toNumbers(scores);
  return events.map(({ from, to }) => {
    if (!(from >= 0 && from < to && from < all.length))
      throw new OptionError(
        `detectionDelays: expected events within the ${all.length} time steps, got one from ${from} to ${to}`,
      );
    for (let t = from; t < Math.min(to + slack, all.length); t++)
      if (all[t]! > threshold) return t - from;
    return null;
  });
}
