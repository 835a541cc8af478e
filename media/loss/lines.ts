import type { LossPayload, LossSeries } from '../../kernel/contract/mime.js';
import { smooth } from './smoothing.js';

/** What the reader of a chart chose. */
export interface LossOptions {
  x: 'step' | 'seconds';
  y: 'linear' | 'log';
  /** Weight of the moving average, 0 (off) to 0.99. */
  smoothing: number;
}

export const defaultOptions: LossOptions = { x: 'step', y: 'linear', smoothing: 0 };

/** A series as it is drawn. */
export interface Line {
  /** Index in the payload. */
  series: number;
  name: string;
  role: LossSeries['role'];
  /** Place in the chart's colours: even for training, odd for validation. */
  colour: number;
  x: readonly number[];
  step: readonly number[];
  seconds: readonly number[];
  measured: readonly (number | null)[];
  /** What the strong line shows: smoothed for training; validation is measured seldom and stays as it is. */
  shown: readonly (number | null)[];
}

export const coloursPerRole = 6;

export function toLines(payload: LossPayload, options: LossOptions): Line[] {
  const seen = { training: 0, validation: 0 };
  return payload.series.map((series, index) => {
    const training = series.role === 'training';
    const position = seen[series.role]++ % coloursPerRole;
    return {
      series: index,
      name: series.name,
      role: series.role,
      colour: 2 * position + (training ? 0 : 1),
      x: options.x === 'step' ? series.step : series.seconds,
      step: series.step,
      seconds: series.seconds,
      measured: series.value,
      shown: training ? smooth(series.value, options.smoothing) : series.value,
    };
  });
}

/** Index of the last finite value, or -1. */
export function lastFinite(values: readonly (number | null)[]): number {
  return values.findLastIndex((value) => value !== null);
}

/** Index of the last entry of an ascending column that is at most `value`, or -1. */
export function lastAtMost(column: readonly number[], value: number): number {
  let [low, high] = [0, column.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if (column[middle]! <= value) low = middle + 1;
    else high = middle;
  }
  return low - 1;
}

/** Index of the entry of an ascending column nearest to `value`, or -1 where there is none. */
export function nearest(column: readonly number[], value: number): number {
  const before = lastAtMost(column, value);
  if (before < 0) return column.length > 0 ? 0 : -1;
  const after = before + 1;
  if (after >= column.length) return before;
  return value - column[before]! <= column[after]! - value ? before : after;
}
