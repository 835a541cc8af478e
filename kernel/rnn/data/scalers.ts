import { OptionError } from '../errors.js';
import { checkOptions } from '../options.js';
import { ColumnScaler } from './columnScaler.js';

/**
 * z = (x − mean) / σ for each column, with the standard deviation over all values (divided by N), as scikit-learn's.
 * A column that never changes becomes 0.
 */
export class StandardScaler extends ColumnScaler {
  protected override measure(column: Float64Array): { offset: number; scale: number } {
    let sum = 0;
    for (const x of column) sum += x;
    const offset = sum / column.length;
    let squares = 0;
    for (const x of column) squares += (x - offset) ** 2;
    return { offset, scale: Math.sqrt(squares / column.length) };
  }
}

/** Options of `MinMaxScaler`. */
export interface MinMaxScalerOptions {
  /** What the smallest and the largest value become. Default `[0, 1]`. */
  range?: readonly [number, number];
}

/**
 * low + (x − min) / (max − min) · (high − low) for each column. Values outside what `fit` saw fall outside the range.
 * A column that never changes becomes `low`.
 */
export class MinMaxScaler extends ColumnScaler {
  readonly #low: number;
  readonly #high: number;

  /** @throws OptionError unless the range's first number is the smaller */
  constructor(options: MinMaxScalerOptions = {}) {
    super();
    checkOptions('MinMaxScaler', options, { range: () => undefined });
    const [low, high] = options.range ?? [0, 1];
    if (!(low < high) || !Number.isFinite(high - low))
      throw new OptionError(
        `MinMaxScaler: range must go from a smaller to a larger number, got ${low}, ${high}`,
      );
    [this.#low, this.#high] = [low, high];
  }

  protected override measure(column: Float64Array): { offset: number; scale: number } {
    let [min, max] = [Infinity, -Infinity];
    for (const x of column) {
      if (x < min) min = x;
      if (x > max) max = x;
    }
    const scale = (max - min) / (this.#high - this.#low);
    return { offset: min - this.#low * (scale || 1), scale };
  }
}
