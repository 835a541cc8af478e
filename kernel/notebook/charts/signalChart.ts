import { OptionError, ShapeError } from '../../rnn/errors.js';
import { checkOptions, is, optional } from '../../rnn/options.js';
import { chart, chartChecks, titled, type ChartOptions } from './chartOptions.js';

/** One of the drawings of `signalChart`, which stand below each other over the same time. */
export interface SignalPanel {
  /** Stands above it. */
  title?: string;
  /** Its lines, a value for each time step. */
  series: Record<string, ArrayLike<number>>;
  /** Whether each line has a strip of its own, below the one before, rather than one scale for all. Default false. */
  isApart?: boolean;
  /** Whether the scale is logarithmic: what is below a ten thousandth of the largest is drawn there. Default false. */
  logarithmic?: boolean;
  /** A value above which something is up: a dashed line. */
  threshold?: number;
  /** In pixels. Default: 60 for each line that is apart, else 60. */
  height?: number;
}

/** Some time steps of a signal, the last not among them. */
export interface SignalSpan {
  from: number;
  to: number;
  label?: string;
}

/** Options of `signalChart`. */
export interface SignalChartOptions extends Omit<ChartOptions, 'height'> {
  /** What is shaded in all panels and named in the first. */
  spans?: readonly SignalSpan[];
  /** The first time step that is drawn. Default 0. */
  from?: number;
  /** Where the picture ends. Default: with the signals. */
  to?: number;
  /** What the time axis is called. Default: time step. */
  x?: string;
}

const panelHeight = 60;
const decades = 1e4;
const labelSize = 10;

/**
 * Signals over one time axis, in panels below each other, with spans shaded through all of them: sensors and the scores of
 * detectors, an input and what a gate does. A Vega-Lite specification for `vegaLite`.
 *
 * @throws ShapeError for signals of different length, OptionError for no panel, a panel without a line, or a wrong option
 * @example
 * vegaLite(signalChart([{ series: sensors, isApart: true }, { title: 'score', series: { score }, threshold: 3 }],
 *   { spans: [{ from: 120, to: 160, label: 'stuck' }] }));
 */
export function signalChart(
  panels: readonly SignalPanel[],
  options: SignalChartOptions = {},
): object {
  checkOptions('signalChart', options, {
    title: chartChecks.title,
    width: chartChecks.width,
    spans: optional(is.object),
    from: optional(is.nonNegative),
    to: optional(is.positive),
    x: optional(chart.text),
  });
  const lengths = new Set(
    panels.flatMap(({ series }) => Object.values(series).map(({ length }) => length)),
  );
  if (lengths.size === 0 || panels.some(({ series }) => Object.keys(series).length === 0))
    throw new OptionError('signalChart: expected panels with a line or more each, got none');
  if (lengths.size > 1)
    throw new ShapeError(
      `signalChart: signals have ${[...lengths].join(', ')} time steps, expected equally many`,
    );
  const { from = 0, to = [...lengths][0]!, spans = [], width = 640 } = options;
  const seen = spans.filter((span) => span.to > from && span.from < to);
  const stretch = { from, to, width, title: options.x ?? 'time step' };
  return {
    ...titled(options.title),
    vconcat: panels.map((panel, i) =>
      panelOf(panel, seen, { ...stretch, isFirst: i === 0, isLast: i === panels.length - 1 }),
    ),
    spacing: 8,
    resolve: { scale: { color: 'independent' } },
  };
}

interface Stretch {
  from: number;
  to: number;
  width: number;
  title: string;
  isFirst: boolean;
  isLast: boolean;
}

function panelOf(panel: SignalPanel, spans: readonly SignalSpan[], stretch: Stretch): object {
  const { from, to, width, title, isFirst, isLast } = stretch;
  const names = Object.keys(panel.series);
  const height = panel.height ?? panelHeight * (panel.isApart ? names.length : 1);
  const x = {
    field: 't',
    type: 'quantitative',
    scale: { domain: [from, to], nice: false },
    ...(isLast
      ? { title, axis: { grid: false } }
      : { title: null, axis: { grid: false, labels: false } }),
  };
  const values = drawnOf(panel, from, to);
  const shown = spans.map((span) => ({
    ...span,
    from: Math.max(from, span.from),
    to: Math.min(to, span.to),
  }));
  return {
    ...(panel.title !== undefined && {
      title: { text: panel.title, anchor: 'start', fontSize: 11 },
    }),
    width,
    height,
    layer: [
      {
        data: { values: shown },
        mark: { type: 'rect', color: '#888', opacity: 0.25 },
        encoding: { x: { ...x, field: 'from' }, x2: { field: 'to' } },
      },
      {
        data: { values },
        mark: { type: 'line', strokeWidth: 1.2, clip: true },
        encoding: {
          x,
          y: {
            field: 'y',
            type: 'quantitative',
            title: null,
            scale: { zero: false, ...(panel.logarithmic && { type: 'log' }) },
            axis: panel.isApart ? null : { tickCount: 3 },
          },
          ...(names.length > 1 && {
            color: { field: 'series', type: 'nominal', scale: { domain: names }, title: null },
          }),
        },
      },
      ...(panel.threshold === undefined ? [] : [thresholdLayer(panel.threshold)]),
      ...(isFirst && shown.some(({ label }) => label !== undefined)
        ? [labelLayer(shown, { ...x, field: 'from' })]
        : []),
    ],
  };
}

/** The part that is seen; lines that are apart are scaled to their deviation and moved, the first on top. */
function drawnOf({ series, isApart, logarithmic }: SignalPanel, from: number, to: number) {
  return Object.entries(series).flatMap(([name, all], place) => {
    const part = Array.from(all).slice(from, to);
    const mean = part.reduce((sum, value) => sum + value / part.length, 0);
    const deviation =
      Math.sqrt(part.reduce((sum, value) => sum + (value - mean) ** 2 / part.length, 0)) || 1;
    const largest = part.reduce((most, value) => Math.max(most, value), 0);
    return part.map((value, i) => ({
      t: from + i,
      series: name,
      y: isApart
        ? (value - mean) / deviation - 4.5 * place
        : logarithmic
          ? Math.max(value, largest / decades)
          : value,
    }));
  });
}

const thresholdLayer = (threshold: number): object => ({
  data: { values: [{ threshold }] },
  mark: { type: 'rule', strokeDash: [4, 3], color: '#dd6600' },
  encoding: { y: { field: 'threshold', type: 'quantitative' } },
});

/** Above the drawing, where no line runs through the names. */
const labelLayer = (spans: readonly SignalSpan[], x: object): object => ({
  data: { values: spans },
  mark: { type: 'text', align: 'left', baseline: 'middle', angle: 325, fontSize: labelSize },
  encoding: { x, y: { value: -6 }, text: { field: 'label' } },
});
