import * as base from './readValue.js';
import type { TraceSpan } from './trace.js';
import { indexBelow, type Fields } from './traceReaders.js';

/** The time steps from `start` up to, not including, `end`. */
export interface Span {
  readonly start: number;
  readonly end: number;
}

/** Where a layer or stage runs along a trace's time steps. */
export function spanOf(
  { timeSteps }: { readonly timeSteps: number },
  { start = 0, timeSteps: own }: TraceSpan,
): Span {
  return { start, end: own === undefined ? timeSteps : start + own };
}

/** Readers of the two members. */
export const spanFields = (timeSteps: number): Fields<TraceSpan> => ({
  start: base.optional(indexBelow(timeSteps)),
  timeSteps: base.optional(indexBelow(timeSteps + 1)),
});

/** @throws PayloadError if it has no time step, or one beyond the trace's */
export function checkSpan(
  trace: { readonly timeSteps: number },
  span: TraceSpan,
  member: string,
): void {
  const { start, end } = spanOf(trace, span);
  if (end <= start || end > trace.timeSteps)
    throw new base.PayloadError(
      `${member}.timeSteps`,
      `1 to ${trace.timeSteps - start}`,
      `${end - start}`,
    );
}
