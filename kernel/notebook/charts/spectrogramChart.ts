import { checkOptions, is, optional } from '../../rnn/options.js';
import type { Tensor } from '../../rnn/tensor.js';
import { spectrogramLayer } from '../spectrogramLayer.js';
import { chart, chartChecks, titled, type ChartOptions } from './chartOptions.js';

/** Options of `spectrogramChart`. */
export interface SpectrogramChartOptions extends ChartOptions {
  /** Time between two frames: `hopLength / sampleRate`. */
  secondsPerFrame: number;
  /** Where the time axis ends, in seconds. Default: with the last frame. */
  seconds?: number;
  /** Values below are drawn as this one. Default: the least. */
  least?: number;
  /** Whether there is a time axis. Default true; false where a picture below has the same one. */
  timeAxis?: boolean;
  /** What is said when, in seconds: a line on either side, and the label between them. */
  spans?: readonly { from: number; to: number; label?: string }[];
  /** Dashed lines, in seconds: true borders for example. */
  borders?: readonly number[];
}

/** What is narrower has its label beside it. */
const widthOfLabel = 16;

/**
 * A spectrogram with what is said in it: an alignment, the segments of a synthesiser. A Vega-Lite specification for `vegaLite`, alone
 * or stacked (`vconcat`).
 *
 * @param spectrogram `[T, bands]`, as `melSpectrogram` gives it
 * @throws ShapeError unless it is a matrix with values, OptionError for an option out of range
 * @example
 * vegaLite(spectrogramChart(mel, { secondsPerFrame: 0.02, spans: [{ from: 0.1, to: 0.5, label: 'two' }] }));
 */
export function spectrogramChart(spectrogram: Tensor, options: SpectrogramChartOptions): object {
  const { title, width = 640, height = 150, spans = [], borders = [], ...layer } = options;
  checkOptions(
    'spectrogramChart',
    { title, width, height, spans, borders },
    {
      ...chartChecks,
      spans: optional(is.object),
      borders: optional((value) =>
        Array.isArray(value) && value.every((one) => chart.number(one) === undefined)
          ? undefined
          : 'a list of numbers',
      ),
    },
  );
  const { seconds = (spectrogram.shape[0] ?? 0) * options.secondsPerFrame } = options;
  const x = {
    type: 'quantitative',
    scale: { domain: [0, seconds], nice: false },
    ...((layer.timeAxis ?? true) ? { title: 'seconds' } : { axis: null }),
  };
  const pixels = width / seconds;
  return {
    ...titled(title),
    width,
    height,
    layer: [
      spectrogramLayer(spectrogram, layer),
      linesAt(borders, x, { strokeDash: [4, 4], opacity: 0.8 }),
      linesAt([...new Set(spans.flatMap(({ from, to }) => [from, to]))], x, { opacity: 0.8 }),
      {
        data: {
          values: spans.map(({ from, to, label = '' }) => ({
            label,
            ...placeOf(from, to, seconds, widthOfLabel / pixels),
          })),
        },
        layer: (['left', 'center', 'right'] as const).map((align) => ({
          transform: [{ filter: `datum.align === '${align}'` }],
          mark: { type: 'text', color: 'white', fontSize: 16, fontWeight: 'bold', align },
          encoding: { x: { ...x, field: 'at' }, y: { value: 14 }, text: { field: 'label' } },
        })),
      },
    ],
  };
}

/** Of a label: in the middle, or where that is too narrow beside it, before it at the very end. */
function placeOf(from: number, to: number, end: number, room: number) {
  if (to - from >= room) return { at: (from + to) / 2, align: 'center' };
  const gap = room / 4;
  return to + gap + room > end
    ? { at: from - gap, align: 'right' }
    : { at: to + gap, align: 'left' };
}

const linesAt = (times: readonly number[], x: object, look: object): object => ({
  data: { values: times.map((time) => ({ time })) },
  mark: { type: 'rule', color: 'white', ...look },
  encoding: { x: { ...x, field: 'time' } },
});
