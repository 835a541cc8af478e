import { OptionError } from '../errors.js';
import { createNumbers, type NumberArray } from '../ndarray.js';
import { checkOptions, is, optional } from '../options.js';
import { randomStream } from '../random.js';
import { Tensor } from '../tensor.js';
import type { Batch } from './batch.js';
import { toRows, widthOfRows, type Rows, type Sequence } from './sequence.js';
import { shuffledIndices } from './shuffle.js';

/** Options of `slidingWindows`. */
export interface SlidingWindowsOptions {
  /** T, time steps that the model sees. */
  windowLength: number;
  /** How many time steps ahead the target is. Default 1. */
  horizon?: number;
  /**
   * `'last'`: the value `horizon` steps after the window's last one, target `[B, K]`;
   * `'each'`: the value `horizon` steps after each one, target `[T, B, K]`;
   * `'span'`: all of the `horizon` values after the window, target `[horizon, B, K]`. Default `'last'`.
   */
  target?: 'last' | 'each' | 'span';
  /** Columns of the series that are predicted, K of them. Default: all. */
  targetColumns?: readonly number[];
  /** Time steps from the start of one window to that of the next. Default 1. */
  stride?: number;
  /** B, windows in each batch. Default 32. */
  batchSize?: number;
  /** Another order each time the batches are read, fixed by `manualSeed`. Default false. */
  shuffle?: boolean;
  /** Leave out a batch that is not full. Default false. */
  dropLast?: boolean;
  /** `[B, T, …]` instead of `[T, B, …]`. Default false. */
  batchFirst?: boolean;
  /** Default `'float32'`. */
  dtype?: 'float32' | 'float64';
}

const columnList = (value: unknown): string | undefined =>
  Array.isArray(value) && value.length > 0 ? undefined : 'an array of column numbers';

/**
 * Windows of a series and what comes after them. Each window's values, target included, lie within the series that is
 * given: windows of a training part (see `splitSeries`) never reach into the part held out.
 *
 * @param series N numbers, or N rows of F columns
 * @returns batches of input `[T, B, F]` and target as `target` says; `count` is the number of windows
 * @throws OptionError if the series is too short for one window and its target, or a column is missing
 */
export function slidingWindows(
  series: Sequence,
  options: SlidingWindowsOptions,
): Iterable<Batch> & { readonly count: number } {
  checkOptions('slidingWindows', options, {
    windowLength: is.positiveInteger,
    horizon: optional(is.positiveInteger),
    target: optional(is.oneOf('last', 'each', 'span')),
    targetColumns: optional(columnList),
    stride: optional(is.positiveInteger),
    batchSize: optional(is.positiveInteger),
    shuffle: optional(is.boolean),
    dropLast: optional(is.boolean),
    batchFirst: optional(is.boolean),
    dtype: optional(is.oneOf('float32', 'float64')),
  });
  const { windowLength, horizon = 1, stride = 1, batchSize = 32 } = options;
  const rows = toRows('slidingWindows', series);
  const room = rows.length - windowLength - horizon;
  if (room < 0)
    throw new OptionError(
      `slidingWindows: ${rows.length} time steps are too few, expected ${windowLength + horizon} or more for a window of ${windowLength} and a target ${horizon} ahead`,
    );
  const count = Math.floor(room / stride) + 1;
  const cut = createCutter(rows, options);
  return {
    count,
    *[Symbol.iterator]() {
      const order = options.shuffle
        ? shuffledIndices(count, randomStream('slidingWindows'))
        : Int32Array.from({ length: count }, (_, i) => i);
      for (let at = 0; at < count; at += batchSize) {
        const starts = order.slice(at, at + batchSize).map((window) => window * stride);
        if (options.dropLast && starts.length < batchSize) return;
        yield cut(starts);
      }
    },
  };
}

/** Cuts the windows that start at the given time steps. */
function createCutter(rows: Rows, options: SlidingWindowsOptions): (starts: Int32Array) => Batch {
  const { windowLength, horizon = 1, target = 'last', batchFirst = false } = options;
  const { dtype = 'float32' } = options;
  const width = widthOfRows(rows);
  const all = Array.from({ length: width }, (_, k) => k);
  const columns = options.targetColumns ?? all;
  for (const column of columns)
    if (!all.includes(column))
      throw new OptionError(
        `slidingWindows: there is no column ${column}, expected 0 to ${width - 1}`,
      );
  /** Rows start + from … start + from + steps − 1 of each start. */
  const gather = (starts: Int32Array, from: number, steps: number, some: readonly number[]) => {
    const data: NumberArray = createNumbers(dtype, starts.length * steps * some.length);
    for (let b = 0; b < starts.length; b++)
      for (let t = 0; t < steps; t++) {
        const at = (batchFirst ? b * steps + t : t * starts.length + b) * some.length;
        const row = (starts[b]! + from + t) * width;
        for (let k = 0; k < some.length; k++) data[at + k] = rows.data[row + some[k]!]!;
      }
    const extents = batchFirst ? [starts.length, steps] : [steps, starts.length];
    return new Tensor(data, [...extents, some.length]);
  };
  return (starts) => {
    const input = gather(starts, 0, windowLength, all);
    if (target === 'each') return { input, target: gather(starts, horizon, windowLength, columns) };
    if (target === 'span') return { input, target: gather(starts, windowLength, horizon, columns) };
    const last = gather(starts, windowLength + horizon - 1, 1, columns);
    return { input, target: last.reshape([starts.length, columns.length]) };
  };
}
