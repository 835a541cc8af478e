import type { LossPayload } from '../../kernel/contract/mime.js';
import { formatCount, formatDuration, formatPace, formatValue } from '../format.js';
import { lastAtMost, lastFinite } from './lines.js';

interface Progress {
  step: number;
  seconds: number;
  /** Over the last tenth of the run so far, at least ten steps; undefined before there are two points. */
  secondsPerStep: number | undefined;
}

export function toProgress(payload: LossPayload): Progress {
  let furthest: LossPayload['series'][number] | undefined;
  for (const series of payload.series) {
    if ((series.step.at(-1) ?? -1) > (furthest?.step.at(-1) ?? -1)) furthest = series;
  }
  if (!furthest) return { step: 0, seconds: 0, secondsPerStep: undefined };
  const step = furthest.step.at(-1)!;
  const seconds = furthest.seconds.at(-1)!;
  const since = Math.max(0, lastAtMost(furthest.step, step - Math.max(10, step / 10)));
  const steps = step - furthest.step[since]!;
  return {
    step,
    seconds,
    secondsPerStep: steps > 0 ? (seconds - furthest.seconds[since]!) / steps : undefined,
  };
}

/** `Step 420 of 2,000 · 35 ms/step · about 55 s left` */
export function toStatusText(payload: LossPayload): string {
  const { step, seconds, secondsPerStep } = toProgress(payload);
  const reached = `${formatCount(step)} of ${formatCount(Math.max(step, payload.totalSteps))}`;
  const ended = { done: 'Done', stopped: 'Stopped', failed: 'Failed' };
  if (payload.status === 'running' && payload.paused) {
    return `Paused at step ${reached} · after ${formatDuration(seconds)}`;
  }
  if (payload.status === 'running') {
    const left = payload.totalSteps - step;
    const parts = [`Step ${reached}`];
    if (secondsPerStep !== undefined) {
      parts.push(formatPace(secondsPerStep));
      if (left > 0) parts.push(`about ${formatDuration(left * secondsPerStep)} left`);
    }
    return parts.join(' · ');
  }
  if (payload.status === 'done') {
    return `Done · ${formatCount(step)} steps in ${formatDuration(seconds)}`;
  }
  return `${ended[payload.status]} at step ${reached} · after ${formatDuration(seconds)}`;
}

/** The chart in sentences, for a screen reader. */
export function toSummary(payload: LossPayload): string {
  const sentences = [`${payload.title || 'Loss curve'}. ${toStatusText(payload)}.`];
  for (const { name, step, value } of payload.series) {
    const last = lastFinite(value);
    if (last < 0) continue;
    const best = value.reduce<number>(
      (at, one, index) => (one !== null && one < (value[at] ?? Infinity) ? index : at),
      last,
    );
    sentences.push(
      `${name}: ${formatValue(value[last]!)} ${payload.unit} at step ${formatCount(step[last]!)}, ` +
        `lowest ${formatValue(value[best]!)} at step ${formatCount(step[best]!)}.`,
    );
  }
  for (const { name, value } of payload.baselines ?? []) {
    sentences.push(`Baseline ${name}: ${formatValue(value)}.`);
  }
  return sentences.join(' ');
}

/** What the drawing can't show, in a sentence; empty where it shows all. */
export function toNote(payload: LossPayload, scale: 'linear' | 'log'): string {
  const notes: string[] = [];
  for (const { name, step, value } of payload.series) {
    const broken = value.filter((one) => one === null).length;
    if (broken > 0) {
      notes.push(
        `${name}: ${formatCount(broken)} of ${formatCount(value.length)} values are not finite, the first at step ${formatCount(step[value.indexOf(null)]!)} (▾).`,
      );
    }
    const below = scale === 'log' ? value.filter((one) => one !== null && one <= 0).length : 0;
    if (below > 0) {
      notes.push(`${name}: ${formatCount(below)} values of 0 or less have no place on a log axis.`);
    }
  }
  return notes.join(' ');
}
