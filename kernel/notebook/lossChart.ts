import { lossMime, vegaLiteMime, type LossPayload, type MimeBundle } from '../contract/mime.js';
import type { SettingChange, TrainingHistory } from '../rnn/train/history.js';
import type { RunStatus } from '../rnn/train/run.js';
import { OptionError } from '../rnn/errors.js';
import { checkOptions, optional } from '../rnn/options.js';
import { lossFallback } from './lossFallback.js';
import { Media } from './mimeBundle.js';
import { thin } from './thin.js';

/** Options of `lossChart`. */
export interface LossChartOptions {
  /** Default `'Loss'`. */
  title?: string;
  /** What the drawn values are measured in, the axis title. Default `'loss'`. */
  unit?: string;
  /** Drawn value = loss · scale, e.g. `1 / Math.LN2` to draw nats as bits. Default 1. */
  scale?: number;
  /** Reference values drawn as lines, in the drawn unit. */
  baselines?: Record<string, number>;
}

/** Changes of settings that are marked, the last ones. */
const mostMarks = 100;
/** Points sent per series; longer ones are thinned, keeping each stretch's smallest and largest value. */
const mostPoints = 2000;

export function toLossPayload(
  history: TrainingHistory,
  status: RunStatus,
  totalSteps: number,
  options: LossChartOptions = {},
): LossPayload {
  const { title = 'Loss', unit = 'loss', scale = 1, baselines = {} } = options;
  const { validation } = history;
  const drawable = (value: number): number | null =>
    Number.isFinite(value) ? value * scale : null;
  const marks = toMarks(history, scale);
  const series: LossPayload['series'] = [];
  const addSeries = (
    role: 'training' | 'validation',
    columns: { step: number[]; seconds: number[]; loss: number[] },
  ): void => {
    const kept = thin(columns.loss, mostPoints);
    series.push({
      name: role,
      role,
      step: kept.map((i) => columns.step[i]!),
      seconds: kept.map((i) => columns.seconds[i]!),
      value: kept.map((i) => drawable(columns.loss[i]!)),
    });
  };
  addSeries('training', history);
  if (validation.step.length > 0) addSeries('validation', validation);
  return {
    version: 1,
    title,
    unit,
    status: status === 'paused' ? 'running' : status,
    ...(status === 'paused' ? { paused: true } : {}),
    totalSteps,
    series,
    baselines: Object.entries(baselines).map(([name, value]) => ({ name, value })),
    ...(marks.length > 0 ? { marks } : {}),
  };
}

type Mark = NonNullable<LossPayload['marks']>[number];

/** Changes of settings, and the best measurement. */
function toMarks(history: TrainingHistory, scale: number): Mark[] {
  const { changes, best, stoppedEarly } = history;
  const marks = changes.slice(-mostMarks).map(toMark);
  if (stoppedEarly) marks.push({ step: history.step.at(-1)!, text: 'stopped early' });
  if (!best) return marks;
  const [what, value] =
    best.metric === 'loss' ? ['best', best.value * scale] : [`best ${best.metric}`, best.value];
  return [...marks, { step: best.step, text: `${what} ${short(value)}` }];
}

/** `lr 0.01 → 0.001` */
function toMark({ step, name, from, to }: SettingChange): Mark {
  const label = name === 'lr' ? 'lr' : 'clip';
  const text = (value: number | undefined) => (value === undefined ? 'off' : short(value));
  return { step, text: `${label} ${text(from)} → ${text(to)}` };
}

const short = (value: number): string => String(Number(value.toPrecision(3)));

export function lossBundle(payload: LossPayload): MimeBundle {
  return {
    [lossMime]: payload as unknown as MimeBundle[string],
    [vegaLiteMime]: lossFallback(payload),
    'text/plain': describeLoss(payload),
  };
}

function describeLoss({ title, unit, status, paused, series }: LossPayload): string {
  const parts = series.map(({ name, step, value }) => {
    const last = value.at(-1);
    return step.length === 0
      ? `${name}: no steps yet`
      : `${name} ${last == null ? 'not finite' : last.toFixed(4)} at step ${step.at(-1)!}`;
  });
  return `${title} (${unit}), ${paused ? 'paused' : status}: ${parts.join('; ')}`;
}

/**
 * The loss curve of a finished run, to be shown as a cell's value.
 * @throws OptionError for options it does not know
 */
export function lossChart(history: TrainingHistory, options: LossChartOptions = {}): Media {
  checkLossChartOptions('lossChart', options);
  return new Media(lossBundle(toLossPayload(history, 'done', history.step.at(-1) ?? 0, options)));
}

export function checkLossChartOptions(owner: string, options: LossChartOptions): void {
  const text = (value: unknown) => (typeof value === 'string' ? undefined : 'a text');
  checkOptions(owner, options, {
    title: optional(text),
    unit: optional(text),
    scale: optional((value) =>
      typeof value === 'number' && Number.isFinite(value) && value !== 0 ? undefined : 'a number',
    ),
    baselines: optional((value) =>
      typeof value === 'object' && value !== null ? undefined : 'an object of names and values',
    ),
  });
  for (const [name, value] of Object.entries(options.baselines ?? {}))
    if (!Number.isFinite(value))
      throw new OptionError(`${owner}: baseline '${name}' must be a finite number, got ${value}`);
}
