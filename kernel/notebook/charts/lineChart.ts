import { OptionError, ShapeError } from '../../rnn/errors.js';
import { checkOptions, is, optional } from '../../rnn/options.js';
import { chart, chartChecks, titled, type ChartOptions } from './chartOptions.js';
import { decadeTicks } from './decadeTicks.js';

/**
 * A line: its values; or these with their places on the horizontal axis (default 0, 1, 2, …). Several runs of the same, `[run][place]`, are
 * drawn as their mean, with a band of one standard deviation about it.
 */
export type LineSeries =
  | ArrayLike<number>
  | { x?: ArrayLike<number>; y: ArrayLike<number> | readonly ArrayLike<number>[] };

/** Options of `lineChart`. */
export interface LineChartOptions extends ChartOptions {
  /** What the horizontal axis is called. */
  x?: string;
  /** What the vertical axis is called. */
  y?: string;
  /** Names of the places 0, 1, 2, …, words for example: they stand on the axis in place of the numbers. */
  labels?: readonly string[];
  /** Values to compare with, each a dashed line with its name. */
  references?: Record<string, number>;
  /** Whether the vertical axis is logarithmic; values that are not above 0 are left out then. Default false. */
  logarithmic?: boolean;
  /** Whether each value has a dot. Default false. */
  points?: boolean;
  /** Whether the area below the line is filled. Default false. */
  fill?: boolean;
  /** From where to where the horizontal axis goes. Default: what there is. */
  xDomain?: readonly [number, number];
  /** From where to where the vertical axis goes. Default: what there is, 0 need not be in it. */
  yDomain?: readonly [number, number];
  /** How numbers on the vertical axis are written, as d3-format: `'%'` for shares. */
  format?: string;
}

interface Place {
  x: number;
  y: number;
  low?: number;
  high?: number;
  series: string;
}

/** With more places than this nobody finds one under the pointer. */
const mostReadings = 500;
const [usualWidth, usualHeight] = [560, 260];
/** Room that a name on the horizontal axis has to have, or it is slanted. */
const labelWidth = 42;
const legendRow = 15;

/**
 * Lines in one picture, each with a colour and its name in the legend, as a Vega-Lite specification: for `vegaLite`, alone or beside
 * others (`hconcat`, `vconcat`).
 *
 * @throws OptionError where there is no series or a wrong option, ShapeError where x and y are of different length
 * @example
 * vegaLite(lineChart({ LSTM: [run1, run2, run3], GRU: other }, { y: 'bits per character', references: { bigram: 3.5 } }));
 */
export function lineChart(
  series: Record<string, LineSeries>,
  options: LineChartOptions = {},
): object {
  checkOptions('lineChart', options, {
    ...chartChecks,
    x: optional(chart.text),
    y: optional(chart.text),
    labels: optional(chart.texts),
    references: optional(is.object),
    logarithmic: optional(is.boolean),
    points: optional(is.boolean),
    fill: optional(is.boolean),
    xDomain: optional(chart.domain),
    yDomain: optional(chart.domain),
    format: optional(chart.text),
  });
  const { width = usualWidth, height = usualHeight } = options;
  const names = Object.keys(series);
  if (names.length === 0) throw new OptionError('lineChart: expected a series or more, got none');
  const isDrawn = (value: number) => !options.logarithmic || value > 0;
  const places = names
    .flatMap((name) => placesOf(name, series[name]!))
    .map((place) => ({
      ...place,
      y: isDrawn(place.y) && Number.isFinite(place.y) ? place.y : null,
    }));
  const references = Object.entries(options.references ?? {}).map(([name, y]) => ({ name, y }));
  const banded = places.filter(({ low }) => low !== undefined && isDrawn(low));
  const axes = axesOf(places, references, options);
  const color = colourOf(names, height, options.fill);
  return {
    ...titled(options.title),
    width,
    height,
    layer: [
      ...(references.length > 0 ? [referenceLayer(references, axes, width)] : []),
      ...(banded.length > 0 ? [bandLayer(banded, color, axes)] : []),
      {
        data: { values: places },
        mark: {
          type: options.fill ? 'area' : 'line',
          ...(options.fill ? { line: true, fillOpacity: 0.35 } : { strokeWidth: 2 }),
          ...pointsOf(places.length, options),
          // A dot at the edge is drawn whole.
          clip: !options.points,
        },
        encoding: {
          x: axes.x,
          y: options.fill ? { ...axes.y, stack: null } : axes.y,
          color,
        },
      },
    ],
  };
}

function pointsOf(count: number, { points, fill }: LineChartOptions): object {
  if (points) return { point: true, tooltip: true };
  return count > mostReadings || fill ? {} : { point: 'transparent', tooltip: true };
}

function placesOf(name: string, series: LineSeries): Place[] {
  const { x, y } = isValues(series) ? { x: undefined, y: series } : series;
  const runs = Array.from(y as ArrayLike<number | ArrayLike<number>>);
  const single = runs.every((one) => typeof one === 'number');
  const all = single ? [y as ArrayLike<number>] : (runs as ArrayLike<number>[]);
  const length = all[0]?.length ?? 0;
  if (all.some((run) => run.length !== length) || (x !== undefined && x.length !== length))
    throw new ShapeError(
      `lineChart: '${name}' has ${all.map((run) => run.length).join(', ')} values${x === undefined ? '' : ` at ${x.length} places`}, expected equally many`,
    );
  return Array.from({ length }, (_, i) => {
    const values = all.map((run) => run[i]!);
    const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
    const squares = values.reduce((sum, value) => sum + (value - mean) ** 2, 0);
    const deviation = Math.sqrt(squares / (values.length - 1));
    const place = { x: x?.[i] ?? i, y: mean, series: name };
    return single || values.length < 2
      ? place
      : { ...place, low: mean - deviation, high: mean + deviation };
  });
}

const isValues = (series: LineSeries): series is ArrayLike<number> => 'length' in series;

interface Axes {
  x: object;
  y: object;
}

function axesOf(
  places: readonly { x: number; y: number | null }[],
  references: readonly { y: number }[],
  { x, y, labels, xDomain, yDomain, logarithmic, format, width = usualWidth }: LineChartOptions,
): Axes {
  const drawn = [...places, ...references].flatMap(({ y: value }) =>
    value === null ? [] : [value],
  );
  return {
    x: {
      field: 'x',
      type: 'quantitative',
      title: x ?? null,
      scale: { zero: false, nice: false, ...(xDomain && { domain: xDomain }) },
      axis: {
        grid: false,
        ...(labels
          ? namedPlaces(labels, width)
          : places.every(({ x: at }) => Number.isInteger(at)) && { tickMinStep: 1 }),
      },
    },
    y: {
      field: 'y',
      type: 'quantitative',
      title: y ?? null,
      scale: {
        zero: false,
        ...(logarithmic && { type: 'log' }),
        ...(yDomain && { domain: yDomain, nice: false }),
      },
      axis: {
        ...(format !== undefined && { format }),
        ...(logarithmic && decadeTicks(yDomain ?? drawn)),
      },
    },
  };
}

const namedPlaces = (labels: readonly string[], width: number): object => ({
  values: labels.map((_, i) => i),
  labelExpr: `${JSON.stringify(labels)}[datum.value]`,
  labelOverlap: false,
  labelFlush: false,
  ...(labels.length * labelWidth > width && { labelAngle: -40 }),
});

function colourOf(names: readonly string[], room: number, fill = false): object {
  const look = fill ? { symbolType: 'square' } : { symbolType: 'stroke', symbolStrokeWidth: 2 };
  return {
    field: 'series',
    type: 'nominal',
    scale: { domain: names },
    title: null,
    legend:
      names.length === 1
        ? null
        : { labelLimit: 0, symbolOpacity: 1, columns: legendColumns(names.length, room), ...look },
  };
}

/** As few as there is room for. Vega keeps the order only where no more than one place of the grid is empty. */
function legendColumns(count: number, room: number): number {
  let columns = Math.ceil(count / Math.max(1, Math.floor(room / legendRow)));
  while (Math.ceil(count / columns) * columns - count > 1) columns++;
  return columns;
}

function bandLayer(places: readonly object[], color: object, { x, y }: Axes): object {
  return {
    data: { values: places },
    mark: { type: 'area', opacity: 0.2, clip: true },
    encoding: {
      x,
      y: { ...y, field: 'low' },
      y2: { field: 'high' },
      color,
    },
  };
}

function referenceLayer(
  references: readonly { name: string; y: number }[],
  { y }: Axes,
  width: number,
): object {
  return {
    data: { values: references },
    layer: [
      { mark: { type: 'rule', strokeDash: [5, 4] }, encoding: { y } },
      {
        mark: { type: 'text', align: 'right', dx: -4, dy: -7 },
        encoding: { x: { value: width }, y, text: { field: 'name' } },
      },
    ],
  };
}
