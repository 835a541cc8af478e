import type { LossPayload } from '../../kernel/contract/mime.js';
import { formatValue } from '../format.js';
import { shorten } from '../shorten.js';
import { type Placed, spreadWithin } from '../spread.js';
import type { Row } from '../vegaView.js';
import { type Axis, place, toStepAxis, toTimeAxis, toValueAxis } from './axes.js';
import { coloursPerRole, lastAtMost, lastFinite, type Line, type LossOptions } from './lines.js';
import type { Reading } from './readings.js';

/** What the chart draws for a payload; `spec.ts` says how. */
export interface LossDrawing {
  /** Size of the plot: what the axes span, without the room for labels. */
  plot: { width: number; height: number };
  x: Axis;
  y: Axis;
  data: Record<DataName, Row[]>;
}

export type DataName =
  'curves' | 'measured' | 'dots' | 'tips' | 'gaps' | 'baselines' | 'marks' | 'markTexts' | 'labels';

/** The colour behind those of the series. */
const mutedColour = 2 * coloursPerRole;

const labelHeight = 16;
/** Mean width of a character of a label; Vega would tell only after drawing. */
const characterWidth = 6.6;
/** How far left of the plot the vertical axis' title begins. */
const axisTitleLeft = 48;
/** Width of the strips of the plot in which a curve shows its extremes only; about the line's own width. */
const stripWidth = 2;
const dotsPerSeries = 60;

/** Pure: the same payload, choices and room give the same drawing. */
export function toLossDrawing(
  payload: LossPayload,
  lines: readonly Line[],
  options: LossOptions,
  room: { width: number; height: number },
): LossDrawing {
  const baselines = (payload.baselines ?? []).filter(
    ({ value }) => options.y === 'linear' || value > 0,
  );
  const margin = labelMargin(lines, baselines, room.width);
  const plot = { width: Math.max(80, room.width - margin), height: room.height };
  const x = toXAxis(payload, lines, options, plot.width);
  const y = toValueAxis(
    [...shownValues(lines), ...baselines.map(({ value }) => value)],
    options.y,
    Math.max(2, plot.height / 48),
  );
  const strips = Math.ceil(plot.width / stripWidth);
  const points = (line: Line, values: Line['shown']) => toPoints(line, values, options.y);
  const curves = lines.map((line) => points(line, line.shown));
  const tips = curves.flatMap((curve) => {
    const last = curve[lastFinite(curve.map((point) => point['y'] as number | null))];
    return last ? [last] : [];
  });
  return {
    plot,
    x,
    y,
    data: {
      curves: curves.flatMap((curve) => thin(curve, x, strips)),
      measured:
        options.smoothing > 0
          ? lines
              .filter((line) => line.role === 'training')
              .flatMap((line) => thin(points(line, line.measured), x, strips))
          : [],
      dots: lines
        .filter(({ role, x: column }) => role === 'validation' && column.length <= dotsPerSeries)
        .flatMap((line) => points(line, line.shown).filter((point) => point['y'] !== null)),
      tips: tips.map((tip) => ({ ...tip })),
      gaps: lines.flatMap(firstOfEachGap),
      baselines: baselines.map(({ value }) => ({ y: value })),
      ...toMarks(payload, lines, options, x, plot.width),
      labels: toLabels(tips, lines, baselines, { x, y, plot, margin }),
    },
  };
}

/** The hover's rule and points. */
export function toHoverRows(
  reading: Reading | undefined,
  options: LossOptions,
): { hoverRule: Row[]; hoverDots: Row[] } {
  if (!reading) return { hoverRule: [], hoverDots: [] };
  const drawable = (value: number | null) =>
    value !== null && (options.y === 'linear' || value > 0);
  return {
    hoverRule: [{ x: reading.x }],
    hoverDots: reading.values
      .filter(({ shown }) => drawable(shown))
      .map(({ x, shown, colour }) => ({ x, y: shown, colour })),
  };
}

function toXAxis(
  payload: LossPayload,
  lines: readonly Line[],
  options: LossOptions,
  width: number,
): Axis {
  const tickCount = Math.max(2, Math.min(10, width / 90));
  const last = Math.max(0, ...lines.map((line) => line.x.at(-1) ?? 0));
  const running = payload.status === 'running';
  if (options.x === 'seconds') return toTimeAxis(last, tickCount, running);
  return toStepAxis(running ? Math.max(last, payload.totalSteps) : last, tickCount);
}

function shownValues(lines: readonly Line[]): number[] {
  return lines.flatMap(({ measured, shown }) =>
    [...measured, ...(shown === measured ? [] : shown)].filter((value) => value !== null),
  );
}

function toPoints(line: Line, values: Line['shown'], scale: Axis['kind']): Row[] {
  return values.map((value, index) => ({
    x: line.x[index]!,
    y: value === null || (scale === 'log' && value <= 0) ? null : value,
    colour: line.colour,
    series: line.series,
  }));
}

/** Where values stop being finite: one mark per run of them. */
function firstOfEachGap(line: Line): Row[] {
  return line.measured.flatMap((value, index) =>
    value === null && line.measured[index - 1] !== null ? [{ x: line.x[index]! }] : [],
  );
}

/**
 * Of each strip of the axis the lowest, the highest, the last and the first gap, in order: no spike is
 * lost. Strips belong to the axis and not to the count of rows, so that a curve that grows does not shimmer.
 */
export function thin(rows: readonly Row[], axis: Axis, strips: number): Row[] {
  if (rows.length <= strips) return [...rows];
  const kept: Row[] = [];
  let strip: Row[] = [];
  let current = -Infinity;
  for (const row of rows) {
    const next = Math.floor(place(axis, row['x'] as number) * strips);
    if (next !== current) {
      kept.push(...extremesOf(strip));
      strip = [];
      current = next;
    }
    strip.push(row);
  }
  kept.push(...extremesOf(strip));
  return kept;
}

function extremesOf(strip: readonly Row[]): Row[] {
  if (strip.length <= 3) return [...strip];
  let [low, high, gap] = [-1, -1, -1];
  const valueAt = (index: number) => strip[index]!['y'] as number | null;
  for (let index = 0; index < strip.length; index++) {
    const y = valueAt(index);
    if (y === null) {
      if (gap < 0) gap = index;
      continue;
    }
    if (low < 0 || y < valueAt(low)!) low = index;
    if (high < 0 || y > valueAt(high)!) high = index;
  }
  const indices = new Set([low, high, gap, strip.length - 1].filter((index) => index >= 0));
  return [...indices].sort((a, b) => a - b).map((index) => strip[index]!);
}

function toMarks(
  payload: LossPayload,
  lines: readonly Line[],
  options: LossOptions,
  axis: Axis,
  width: number,
): { marks: Row[]; markTexts: Row[] } {
  const clock = lines.reduce<Line | undefined>(
    (longest, line) => (longest && longest.step.length >= line.step.length ? longest : line),
    undefined,
  );
  const placed = (payload.marks ?? [])
    .map(({ step, text }) => ({ x: options.x === 'step' ? step : secondsAt(clock, step), text }))
    .filter(({ x }) => x <= axis.domain[1])
    .sort((a, b) => a.x - b.x);
  const markTexts: Row[] = [];
  // The vertical axis has its title at the left of the same line.
  let free = (payload.unit.length + 6) * characterWidth - axisTitleLeft;
  for (const { x, text } of placed) {
    const middle = place(axis, x) * width;
    const shown = shorten(text, 32);
    const half = (shown.length * characterWidth) / 2;
    const left = Math.min(Math.max(0, middle - half), Math.max(0, width - 2 * half));
    if (left < free) continue;
    markTexts.push({ px: left, text: shown });
    free = left + 2 * half + 12;
  }
  return { marks: placed.map(({ x }) => ({ x })), markTexts };
}

/** Wall time of a training step, between the two measurements around it. */
function secondsAt(clock: Line | undefined, step: number): number {
  if (!clock || clock.step.length === 0) return 0;
  const before = Math.max(0, lastAtMost(clock.step, step));
  const after = Math.min(clock.step.length - 1, before + 1);
  const [from, to] = [clock.step[before]!, clock.step[after]!];
  const share = to > from ? Math.min(1, Math.max(0, (step - from) / (to - from))) : 0;
  return clock.seconds[before]! + share * (clock.seconds[after]! - clock.seconds[before]!);
}

// ---------------------------------------------------------------------------------------------------
// Labels at the ends of lines, in place of a legend

const gapBeforeLabel = 9;

/** Room for labels right of the plot. It does not depend on the values, so that a live chart stays still. */
function labelMargin(
  lines: readonly Line[],
  baselines: readonly { name: string }[],
  width: number,
): number {
  const longest = Math.max(0, ...[...lines, ...baselines].map(({ name }) => name.length));
  if (longest === 0) return 16;
  return Math.min((longest + 8) * characterWidth + gapBeforeLabel, Math.max(72, width * 0.34));
}

function toLabels(
  tips: readonly Row[],
  lines: readonly Line[],
  baselines: readonly { name: string; value: number }[],
  frame: { x: Axis; y: Axis; plot: LossDrawing['plot']; margin: number },
): Row[] {
  const { plot, margin } = frame;
  const most = Math.floor((margin - gapBeforeLabel) / characterWidth);
  const toLabel = (name: string, value: number, px: number, colour: number) => ({
    px: px + gapBeforeLabel,
    wanted: (1 - place(frame.y, value)) * plot.height,
    text: labelText(name, value, most),
    colour,
  });
  const labels = [
    ...tips.map((tip) =>
      toLabel(
        lines[tip['series'] as number]!.name,
        tip['y'] as number,
        place(frame.x, tip['x'] as number) * plot.width,
        tip['colour'] as number,
      ),
    ),
    ...baselines.map(({ name, value }) => toLabel(name, value, plot.width, mutedColour)),
  ];
  const reach = Math.max(0, ...labels.map(({ text }) => text.length * characterWidth));
  // Labels beside each other need no order; those that share a column are spread apart.
  const columns: (typeof labels)[] = [];
  for (const label of [...labels].sort((a, b) => a.px - b.px)) {
    const column = columns.at(-1);
    if (column && label.px < column[0]!.px + reach + gapBeforeLabel) column.push(label);
    else columns.push([label]);
  }
  return columns.flatMap((column) => {
    const ordered = [...column].sort((a, b) => a.wanted - b.wanted);
    const places: Placed[] = ordered.map(({ wanted }) => ({ wanted, size: labelHeight }));
    const middles = spreadWithin(places, -labelHeight / 2, plot.height + labelHeight / 2);
    return ordered.map(({ px, text, colour }, index) => ({
      px,
      py: middles[index]!,
      text,
      colour,
    }));
  });
}

function labelText(name: string, value: number, most: number): string {
  const number = formatValue(value);
  return `${shorten(name, Math.max(3, most - number.length - 1))} ${number}`;
}
