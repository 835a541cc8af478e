import { OptionError } from '../rnn/errors.js';
import { checkOptions, is, optional } from '../rnn/options.js';

/** Options of `resample`. */
export interface ResampleOptions {
  /** Samples per second that there are. */
  from: number;
  /** Samples per second that are wanted. */
  to: number;
  /** Zero crossings of the filter on each side: more make a steeper filter. Default 16. */
  filterWidth?: number;
  /** Where the filter ends, as a share of half the lower rate. Default 0.95. */
  rolloff?: number;
}

/**
 * A sound at another sample rate: y[n] = Σ_k x[k]·h(n/to − k/from), where h is a sinc that lets frequencies up to
 * c = rolloff·min(from, to)/2 hertz pass, under a Hann window of `filterWidth` zero crossings on each side:
 *
 *     h(t) = 2c/from · sin(2πct)/(2πct) · cos²(πct/filterWidth)   for |t| ≤ filterWidth/(2c)
 *
 * What is above c, which the lower rate could not hold, is gone, not folded back. Beyond its ends the sound is silent.
 *
 * Source: J. O. Smith, "Digital audio resampling home page", https://ccrma.stanford.edu/~jos/resample/
 *
 * @param samples one channel
 * @returns ⌈samples·to/from⌉ samples
 * @throws OptionError for a wrong option
 *
 * @example resample(toMono(parseWav(bytes)), { from: 44_100, to: 16_000 })
 */
export function resample(samples: ArrayLike<number>, options: ResampleOptions): Float32Array {
  checkOptions('resample', options, {
    from: is.positive,
    to: is.positive,
    filterWidth: optional(is.positiveInteger),
    rolloff: optional((value) =>
      typeof value === 'number' && value > 0 && value <= 1
        ? undefined
        : 'a number above 0, at most 1',
    ),
  });
  const { from, to, filterWidth = 16, rolloff = 0.95 } = options;
  if (samples.length > 2 ** 31 || (samples.length * to) / from > 2 ** 31)
    throw new OptionError(
      `resample: expected at most 2³¹ samples, got ${samples.length} from ${from} to ${to} hertz`,
    );
  if (from === to) return Float32Array.from(samples);
  const out = new Float32Array(Math.ceil((samples.length * to) / from));
  // Zero crossings in each sample that comes in; 1 for half its rate.
  const density = (rolloff * Math.min(from, to)) / from;
  const reach = filterWidth / density;
  for (let n = 0; n < out.length; n++) {
    const centre = (n * from) / to;
    const last = Math.min(samples.length - 1, Math.floor(centre + reach));
    let sum = 0;
    for (let k = Math.max(0, Math.ceil(centre - reach)); k <= last; k++)
      sum += samples[k]! * windowedSinc((centre - k) * density, filterWidth);
    out[n] = density * sum;
  }
  return out;
}

/** @param x zero crossings away from the middle */
function windowedSinc(x: number, filterWidth: number): number {
  if (x === 0) return 1;
  const angle = Math.PI * x;
  return (Math.sin(angle) / angle) * Math.cos(angle / (2 * filterWidth)) ** 2;
}
