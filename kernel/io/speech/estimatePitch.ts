import { checkOptions, is, optional } from '../../rnn/options.js';

/** Options of `estimatePitch`. */
export interface PitchOptions {
  /** Samples per second. Default 16000. */
  sampleRate?: number;
  /** Lowest pitch that is looked for, in hertz. Default 60. */
  lowest?: number;
  /** Highest pitch that is looked for, in hertz. Default 500. */
  highest?: number;
}

const frameSeconds = 0.04;
const hopSeconds = 0.02;
/** Of the loudest frame's energy: what is quieter is a pause. */
const leastEnergy = 0.05;
/** Correlation from which a frame is voiced. */
const voiced = 0.55;
/** Of the highest peak: of those as high the first is the period, later ones are its multiples. */
const asHigh = 0.97;
/** Above it there is breath and little of a pitch, in hertz. */
const cutOff = 900;

/**
 * The pitch of a voice: its low frequencies are kept, of each frame that is loud and voiced the lag is taken at which it resembles itself
 * most, and of these the median.
 *
 *     r(τ) = Σ x_n·x_{n+τ} / √(Σ x_n² · Σ x_{n+τ}²)
 *
 * Source: L. R. Rabiner, "On the use of autocorrelation analysis for pitch detection", IEEE Transactions on Acoustics, Speech and
 * Signal Processing 25(1), 1977
 *
 * @param sound one channel
 * @returns hertz; null where nothing is voiced
 * @throws OptionError for a wrong option
 */
export function estimatePitch(sound: Float32Array, options: PitchOptions = {}): number | null {
  checkOptions('estimatePitch', options, {
    sampleRate: optional(is.positive),
    lowest: optional(is.positive),
    highest: optional(is.positive),
  });
  const { sampleRate = 16_000, lowest = 60, highest = 500 } = options;
  const [length, hop] = [frameSeconds, hopSeconds].map((one) => Math.round(one * sampleRate)) as [
    number,
    number,
  ];
  const lags: [number, number] = [
    Math.max(1, Math.floor(sampleRate / highest)),
    Math.ceil(sampleRate / lowest),
  ];
  const width = Math.max(1, Math.round(sampleRate / (2 * cutOff)));
  const samples = runningMean(runningMean(sound, width), width);
  const starts: number[] = [];
  for (let at = 0; at + length + lags[1] <= samples.length; at += hop) starts.push(at);
  const energies = starts.map((at) => product(samples, at, at, length));
  const loudest = energies.reduce((most, one) => Math.max(most, one), 0);
  const pitches = starts
    .filter((_, i) => energies[i]! > leastEnergy * loudest)
    .flatMap((at) => {
      const lag = periodOf(samples, at, length, lags);
      return lag === null ? [] : [sampleRate / lag];
    })
    .sort((a, b) => a - b);
  return pitches[pitches.length >> 1] ?? null;
}

function periodOf(
  samples: Float32Array,
  at: number,
  length: number,
  [shortest, longest]: readonly [number, number],
): number | null {
  const own = product(samples, at, at, length);
  const likeness = Array.from({ length: longest - shortest + 1 }, (_, i) => {
    const from = at + shortest + i;
    const scale = Math.sqrt(own * product(samples, from, from, length));
    return scale > 0 ? product(samples, at, from, length) / scale : 0;
  });
  const highest = likeness.reduce((most, one) => Math.max(most, one), 0);
  if (highest < voiced) return null;
  const isPeak = (i: number) =>
    likeness[i]! >= (likeness[i - 1] ?? Infinity) && likeness[i]! >= (likeness[i + 1] ?? -Infinity);
  const first = likeness.findIndex((one, i) => one >= asHigh * highest && isPeak(i));
  return first < 0 ? null : shortest + first;
}

/** Of so many samples from each on; it ends as many earlier. */
function runningMean(samples: Float32Array, width: number): Float32Array {
  let sum = 0;
  const means = new Float32Array(Math.max(0, samples.length - width + 1));
  for (let n = 0; n < samples.length; n++) {
    sum += samples[n]! - (samples[n - width] ?? 0);
    if (n >= width - 1) means[n - width + 1] = sum / width;
  }
  return means;
}

function product(samples: Float32Array, a: number, b: number, length: number): number {
  let sum = 0;
  for (let n = 0; n < length; n++) sum += samples[a + n]! * samples[b + n]!;
  return sum;
}
