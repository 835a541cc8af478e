import { pitchName } from '../../io/music/pitchName.js';
import type { Metre } from '../../io/abc/parseAbc.js';
import type { Note } from '../../io/midi.js';
import { OptionError, ShapeError } from '../../rnn/errors.js';
import { checkOptions, is, optional } from '../../rnn/options.js';
import { chart, chartChecks, titled, type ChartOptions } from './chartOptions.js';

/** Options of `pianoRollChart`. */
export interface PianoRollChartOptions extends ChartOptions {
  /** Where bar lines stand: each bar has `beats · 4 / unit` beats. Default: no bar lines. */
  metre?: Metre;
  /** Beats before the first bar line. Default 0. */
  pickup?: number;
  /** A number from 0 to 1 for each note: from blue to orange. Default: all of one colour. */
  shades?: ArrayLike<number>;
  /** What the shades say, for the legend. */
  shadeTitle?: string;
  /** Beats at which a dashed line stands. */
  marks?: readonly number[];
}

/** Of its length a note is drawn, so that one sees where the next of the same pitch begins. */
const drawn = 0.92;
const [blue, orange] = ['#0077cc', '#dd6600'];

/**
 * Notes as bars over time and pitch, as a Vega-Lite specification for `vegaLite`. The name of a note shows under the pointer.
 *
 * @param notes times in beats, pitches as in MIDI, as `parseMidi` and `parseAbc` give them
 * @throws OptionError for no note or a wrong option, ShapeError unless there are as many shades as notes
 * @example vegaLite(pianoRollChart(tune.notes, { title: tune.title, metre: { beats: 3, unit: 4 } }));
 */
export function pianoRollChart(
  notes: readonly Pick<Note, 'pitch' | 'start' | 'duration'>[],
  options: PianoRollChartOptions = {},
): object {
  checkOptions('pianoRollChart', options, {
    ...chartChecks,
    metre: optional(is.object),
    pickup: optional(is.nonNegative),
    shades: optional(is.object),
    shadeTitle: optional(chart.text),
    marks: optional(is.object),
  });
  if (notes.length === 0)
    throw new OptionError('pianoRollChart: expected a note or more, got none');
  const { metre, pickup = 0, shades, marks = [], width = 640, height = 150 } = options;
  if (shades && shades.length !== notes.length)
    throw new ShapeError(
      `pianoRollChart: got ${shades.length} shades for ${notes.length} notes, expected one for each`,
    );
  const end = notes.reduce((most, { start, duration }) => Math.max(most, start + duration), 0);
  const x = {
    type: 'quantitative',
    title: 'beat',
    scale: { domain: [0, end], nice: false },
    axis: { grid: false },
  };
  return {
    ...titled(options.title),
    width,
    height,
    layer: [
      ...(metre
        ? [linesAt(pickup, end, (metre.beats * 4) / metre.unit, { ...x, field: 'bar' })]
        : []),
      {
        data: {
          values: notes.map(({ pitch, start, duration }, i) => ({
            start,
            end: start + drawn * duration,
            pitch: pitch - 0.45,
            top: pitch + 0.45,
            note: pitchName(pitch),
            ...(shades && { shade: shades[i]! }),
          })),
        },
        mark: { type: 'rect', clip: true },
        encoding: {
          x: { ...x, field: 'start' },
          x2: { field: 'end' },
          y: {
            field: 'pitch',
            type: 'quantitative',
            title: 'pitch',
            scale: { zero: false, nice: false },
            axis: { labels: false, ticks: false, grid: false },
          },
          y2: { field: 'top' },
          ...(shades && {
            color: {
              field: 'shade',
              type: 'quantitative',
              title: options.shadeTitle ?? null,
              scale: { domain: [0, 1], range: [blue, orange], interpolate: 'lab', clamp: true },
              legend: { gradientLength: height - 40, tickCount: 2 },
            },
          }),
          tooltip: { field: 'note' },
        },
      },
      ...(marks.length > 0
        ? [
            {
              data: { values: marks.map((beat) => ({ beat })) },
              mark: { type: 'rule', strokeDash: [4, 3], strokeWidth: 2, color: orange },
              encoding: { x: { ...x, field: 'beat' } },
            },
          ]
        : []),
    ],
  };
}

const linesAt = (start: number, end: number, step: number, x: object): object => ({
  data: { sequence: { start, stop: end + step / 100, step, as: 'bar' } },
  mark: { type: 'rule', color: '#888', opacity: 0.4 },
  encoding: { x },
});
