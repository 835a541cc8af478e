/** Which shade a number has in a heat map. Pure. */
import { type Paint, type Palette } from '../inspector/scales.js';
import type { SliceCell, SliceStatistics } from '../../kernel/contract/valueSlice.js';

export interface HeatScale {
  low: number;
  high: number;
  paint: (value: SliceCell, palette: Palette) => Paint | undefined;
}

/** Numbers that are nearer to each other than to zero by this share span the whole scale. */
const nearShare = 0.5;

/**
 * Of both signs: diverging, white at 0, the same weight for the same magnitude. Of one sign: from 0, or from the smallest
 * where all are far from 0.
 */
export function heatScale({ min = 0, max = 0 }: SliceStatistics): HeatScale {
  const largest = Math.max(Math.abs(min), Math.abs(max));
  const isNear = max - min < nearShare * largest && min * max > 0 && max > min;
  if (isNear) {
    return {
      low: min,
      high: max,
      paint: painted((value, palette) => palette.value((value - min) / (max - min))),
    };
  }
  const [low, high] = min < 0 && max > 0 ? [-largest, largest] : max > 0 ? [0, max] : [min, 0];
  return {
    low,
    high,
    paint: painted((value, palette) => palette.signed(largest > 0 ? value / largest : 0)),
  };
}

function painted(paint: (value: number, palette: Palette) => Paint): HeatScale['paint'] {
  return (value, palette) => {
    if (typeof value === 'number') return paint(value, palette);
    return value === '' ? undefined : palette.notFinite;
  };
}
