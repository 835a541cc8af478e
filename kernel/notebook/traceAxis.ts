import { encodeFloats, type EncodedArray } from '../contract/floatText.js';
import type { LayerTrace } from '../rnn/inspect/layerTrace.js';
import type { Trace } from '../rnn/inspect/trace.js';

export const series = (numbers: ArrayLike<number>): EncodedArray =>
  encodeFloats(numbers, [numbers.length]);

/** Puts what stands by a layer's time steps on the axis of the trace: zero where the layer does not run. */
export type OnAxis = (numbers: ArrayLike<number>) => EncodedArray;

export function onAxisOf(trace: Trace, { start, timeSteps }: LayerTrace): OnAxis {
  if (timeSteps === trace.timeSteps) return series;
  return (numbers) => {
    const whole = new Float64Array(trace.timeSteps);
    whole.set(Array.from(numbers), start);
    return series(whole);
  };
}

/** Said where a layer does not run over the whole axis. */
export const toSpan = (
  trace: Trace,
  { start, timeSteps }: { readonly start: number; readonly timeSteps: number },
): { start?: number; timeSteps?: number } =>
  timeSteps === trace.timeSteps ? {} : { start, timeSteps };

/** Where truncation cuts, on the trace's axis. */
export function boundariesOf({ layers }: Trace): number[] {
  const all = layers.flatMap(({ start, run }) =>
    [...(run.options.boundaries ?? [])].map((t) => start + t),
  );
  return [...new Set(all)].sort((a, b) => a - b);
}
