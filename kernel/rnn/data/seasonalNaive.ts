import { OptionError } from '../errors.js';
import { checkOptions, is, optional } from '../options.js';
import { Tensor } from '../tensor.js';
import { toNumbers, type Numbers } from '../metrics/classCounts.js';

/** Options of `seasonalNaive`. */
export interface SeasonalNaiveOptions {
  /** h, time steps that are forecast from each origin. */
  horizon: number;
  /** m, time steps after which the series resembles itself. Default 1: the last value. */
  season?: number;
  /** The first time step that is forecast. Default: the season, before which there is nothing to go by. */
  from?: number;
  /** Behind the last time step that is forecast. Default: the end of the series. */
  to?: number;
}

/**
 * The forecast to beat: as one season ago, from every origin, the last value that is known.
 *
 *     ŷ_{o+k} = y_{o+k−m·⌈k/m⌉},   k = 1 … h
 *
 * With a season of 1 it is the last value, for all steps ahead. Origins are `from − 1` to `to − 1 − h`, so that all that is forecast lies
 * within `from` to `to`, as the windows of `slidingWindows` do with `target: 'span'`.
 *
 * Source: R. J. Hyndman, G. Athanasopoulos, "Forecasting: principles and practice", 3rd edition, 2021, section 5.2
 *
 * @param values in time order
 * @returns float64 `[h, origins]`
 * @throws OptionError where there is no origin with a season before it
 */
export function seasonalNaive(values: Numbers, options: SeasonalNaiveOptions): Tensor {
  checkOptions('seasonalNaive', options, {
    horizon: is.positiveInteger,
    season: optional(is.positiveInteger),
    from: optional(is.nonNegative),
    to: optional(is.positive),
  });
  const y = toNumbers(values);
  const { horizon, season = 1 } = options;
  const { from = season, to = y.length } = options;
  const origins = to - from - horizon + 1;
  if (from < season || to > y.length || origins < 1)
    throw new OptionError(
      `seasonalNaive: expected ${season} values before the first forecast and ${horizon} from it on, got ${from} and ${Math.min(to, y.length) - from}`,
    );
  const data = new Float64Array(horizon * origins);
  for (let k = 0; k < horizon; k++)
    for (let b = 0; b < origins; b++)
      data[k * origins + b] = y[from + b + k - season * Math.ceil((k + 1) / season)]!;
  return new Tensor(data, [horizon, origins]);
}
