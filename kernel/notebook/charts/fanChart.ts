import { OptionError, ShapeError } from '../../rnn/errors.js';
import { checkOptions, is, optional } from '../../rnn/options.js';
import { chart, chartChecks, titled, type ChartOptions } from './chartOptions.js';
import { normalQuantile } from './normalQuantile.js';

/** A forecast step by step: a normal distribution at each, or a middle and intervals about it, the widest first or last. */
export type FanForecast =
  | { mean: ArrayLike<number>; deviation: ArrayLike<number> }
  | {
      mean: ArrayLike<number>;
      intervals: readonly { low: ArrayLike<number>; high: ArrayLike<number> }[];
    };

/** Options of `fanChart`. */
export interface FanChartOptions extends ChartOptions {
  /** What was known before: its last value is at 0, the first forecast at 1. */
  past?: ArrayLike<number>;
  /** What came, as far as it is known. */
  truth?: ArrayLike<number>;
  /** Of a normal distribution: the probabilities of the bands. Default 0.5, 0.8 and 0.95. */
  probabilities?: readonly number[];
  /** What the horizontal axis is called. Default: time steps from the origin. */
  x?: string;
  /** What the vertical axis is called. */
  y?: string;
}

/**
 * A forecast that says how sure it is, as a Vega-Lite specification for `vegaLite`: bands in which the values are expected, the middle
 * as a line, what was known before and what came in grey. The band of probability p of a normal distribution is μ ± Φ⁻¹((1 + p)/2)·σ.
 *
 * @throws ShapeError for parts of different length, OptionError for a forecast of no steps or a wrong option
 * @example vegaLite(fanChart({ mean: [3, 4], deviation: [1, 1.5] }, { past: [1, 2], truth: [3.5, 3] }));
 */
export function fanChart(forecast: FanForecast, options: FanChartOptions = {}): object {
  checkOptions('fanChart', options, {
    ...chartChecks,
    past: optional(is.object),
    truth: optional(is.object),
    probabilities: optional((value) =>
      Array.isArray(value) && value.every((one) => one > 0 && one < 1)
        ? undefined
        : 'a list of numbers between 0 and 1',
    ),
    x: optional(chart.text),
    y: optional(chart.text),
  });
  const { past = [], truth = [], width = 620, height = 240 } = options;
  const steps = forecast.mean.length;
  if (steps === 0)
    throw new OptionError('fanChart: expected a forecast of a step or more, got none');
  const intervals = intervalsOf(forecast, options.probabilities ?? [0.5, 0.8, 0.95]);
  if (
    truth.length > steps ||
    intervals.some(({ low, high }) => low.length !== steps || high.length !== steps)
  )
    throw new ShapeError(
      `fanChart: the forecast has ${steps} steps, its bands ${intervals.map(({ low }) => low.length).join(', ')}, what came ${truth.length}`,
    );
  const known = [
    ...Array.from(past, (value, i) => ({ t: i + 1 - past.length, value })),
    ...Array.from(truth, (value, k) => ({ t: k + 1, value })),
  ];
  const x = {
    field: 't',
    type: 'quantitative',
    title: options.x ?? 'time steps from the origin',
    scale: { nice: false },
    axis: { grid: false },
  };
  const y = { type: 'quantitative', scale: { zero: false }, title: options.y ?? null };
  return {
    ...titled(options.title),
    width,
    height,
    layer: [
      {
        data: {
          values: intervals.flatMap(({ low, high }, band) =>
            Array.from(low, (value, k) => ({ t: k + 1, band, low: value, high: high[k]! })),
          ),
        },
        mark: { type: 'area', opacity: 0.22 },
        encoding: {
          x,
          y: { ...y, field: 'low' },
          y2: { field: 'high' },
          detail: { field: 'band' },
        },
      },
      {
        data: { values: Array.from(forecast.mean, (value, k) => ({ t: k + 1, value })) },
        mark: { type: 'line', strokeWidth: 2 },
        encoding: { x, y: { ...y, field: 'value' } },
      },
      {
        data: { values: known },
        mark: { type: 'line', strokeWidth: 1.2, color: '#888' },
        encoding: { x, y: { ...y, field: 'value' } },
      },
      ...(past.length > 0
        ? [
            {
              data: { values: [{ t: 0 }] },
              mark: { type: 'rule', strokeDash: [2, 4] },
              encoding: { x },
            },
          ]
        : []),
    ],
  };
}

function intervalsOf(
  forecast: FanForecast,
  probabilities: readonly number[],
): readonly { low: ArrayLike<number>; high: ArrayLike<number> }[] {
  if ('intervals' in forecast) return forecast.intervals;
  const { mean, deviation } = forecast;
  return probabilities.map((probability) => {
    const z = normalQuantile((1 + probability) / 2);
    const bound = (sign: number) => Array.from(deviation, (one, k) => mean[k]! + sign * z * one);
    return { low: bound(-1), high: bound(1) };
  });
}
