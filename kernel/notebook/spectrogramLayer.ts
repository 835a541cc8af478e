import { ShapeError } from '../rnn/errors.js';
import { showShape } from '../rnn/ndarray.js';
import { checkOptions, is, optional } from '../rnn/options.js';
import type { Tensor } from '../rnn/tensor.js';

/** Options of `spectrogramLayer`. */
export interface SpectrogramLayerOptions {
  /** Time between two frames: `hopLength / sampleRate`. */
  secondsPerFrame: number;
  /** Where the time axis ends, in seconds. Default: with the last frame. */
  seconds?: number;
  /** Values below are drawn as this one. Default: the least. */
  least?: number;
  /** Whether there is a time axis. Default true; false where a picture below has the same one. */
  timeAxis?: boolean;
}

/** Frames and bands are drawn a little larger than their place, or one sees seams between neighbours. */
const overlap = 1.4;

/**
 * A spectrogram as a layer of a Vega-Lite picture: time in seconds to the right, bands upwards, the louder the lighter. Other layers
 * go over it with `x: { type: 'quantitative', field }` in seconds.
 *
 * @param spectrogram `[T, bands]`, as `melSpectrogram` gives it
 * @throws ShapeError unless it is a matrix with values, OptionError for an option out of range
 * @example
 * vegaLite({ width: 640, height: 150, layer: [spectrogramLayer(mel, { secondsPerFrame: 0.02 })] });
 */
export function spectrogramLayer(spectrogram: Tensor, options: SpectrogramLayerOptions): object {
  checkOptions('spectrogramLayer', options, {
    secondsPerFrame: is.positive,
    seconds: optional(is.positive),
    least: optional((value) =>
      typeof value === 'number' && Number.isFinite(value) ? undefined : 'a number',
    ),
    timeAxis: optional(is.boolean),
  });
  const { shape, data } = spectrogram;
  if (shape.length !== 2 || spectrogram.size === 0)
    throw new ShapeError(`spectrogramLayer: got ${showShape(shape)}, expected [T, bands]`);
  const [frames, bands] = shape as [number, number];
  const { secondsPerFrame, seconds = frames * secondsPerFrame, least = -Infinity } = options;
  const values = Array.from(data, (value, i) => {
    const [frame, band] = [Math.floor(i / bands), i % bands];
    return {
      from: frame * secondsPerFrame,
      to: (frame + overlap) * secondsPerFrame,
      band,
      top: band + overlap,
      value: Math.max(least, value),
    };
  });
  return {
    data: { values },
    mark: { type: 'rect', clip: true },
    encoding: {
      x: {
        field: 'from',
        type: 'quantitative',
        scale: { domain: [0, seconds], nice: false },
        ...((options.timeAxis ?? true) ? { title: 'seconds' } : { axis: null }),
      },
      x2: { field: 'to' },
      y: {
        field: 'band',
        type: 'quantitative',
        title: 'band',
        axis: { tickCount: 4 },
        scale: { nice: false, domain: [0, bands] },
      },
      y2: { field: 'top' },
      color: {
        field: 'value',
        type: 'quantitative',
        legend: null,
        scale: { scheme: 'viridis' },
      },
    },
  };
}
