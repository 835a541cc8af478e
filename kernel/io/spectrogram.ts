import { OptionError } from '../rnn/errors.js';
import { checkOptions, is, optional } from '../rnn/options.js';
import { Tensor } from '../rnn/tensor.js';
import { melFilterbank, type MelScale } from './melScale.js';
import { frameSizes, windowedFrames, type FrameOptions } from './frames.js';
import { createPowerSpectrum } from './powerSpectrum.js';

/** Options of `melSpectrogram`. */
export interface MelOptions extends FrameOptions {
  /** Number of filters. Default 40. */
  mels?: number;
  /** Lowest frequency, in hertz. Default 0. */
  fMin?: number;
  /** Highest frequency, in hertz. Default: half the sample rate. */
  fMax?: number;
  /** Default `'htk'`. */
  melScale?: MelScale;
  /** `'slaney'`: filters of equal area; `null`: of height 1. Default `null`. */
  norm?: 'slaney' | null;
  /**
   * `'ln'`: natural logarithm; `'dB'`: 10·log₁₀; both of what is at least `floor`; `'none'`: the power itself.
   * Default `'ln'`.
   */
  log?: 'ln' | 'dB' | 'none';
  /** Power of silence: logarithms are of this much where there is less. Default 10⁻¹⁰. */
  floor?: number;
}

export const melOptions = {
  sampleRate: is.positive,
  windowLength: optional(is.positiveInteger),
  hopLength: optional(is.positiveInteger),
  fftSize: optional(is.positiveInteger),
  center: optional(is.boolean),
  mels: optional(is.positiveInteger),
  fMin: optional(is.nonNegative),
  fMax: optional(is.positive),
  melScale: optional(is.oneOf('htk', 'slaney')),
  norm: optional(is.oneOf('slaney', null)),
  log: optional(is.oneOf('ln', 'dB', 'none')),
  floor: optional(is.positive),
};

const logarithms = {
  ln: (power: number, floor: number): number => Math.log(Math.max(power, floor)),
  dB: (power: number, floor: number): number => 10 * Math.log10(Math.max(power, floor)),
  none: (power: number): number => power,
};

/**
 * Log-mel features of a sound: the power spectrum of short frames, summed by triangular filters that are evenly spaced
 * on the mel scale. Same conventions as torchaudio's `MelSpectrogram` (with `melScale`, `norm` and `log` those of librosa).
 *
 * @param samples one channel
 * @returns `[T, mels]` (float32), T = 1 + ⌊samples / hopLength⌋ where centred
 * @throws OptionError if sizes do not fit each other, or the sound is shorter than a frame
 */
export function melSpectrogram(samples: ArrayLike<number>, options: MelOptions): Tensor {
  checkOptions('melSpectrogram', options, melOptions);
  return computeMel('melSpectrogram', samples, options);
}

/** Options of `mfcc`. */
export interface MfccOptions extends MelOptions {
  /** Number of coefficients, the first of which is the loudness. Default 13. */
  coefficients?: number;
}

/**
 * Mel-frequency cepstral coefficients: the orthonormal discrete cosine transform (type II) of log-mel features.
 * Source: S. B. Davis, P. Mermelstein, IEEE Transactions on Acoustics, Speech and Signal Processing 28(4), 1980
 *
 * @param samples one channel
 * @returns `[T, coefficients]` (float32)
 * @throws OptionError as `melSpectrogram`, and for more coefficients than filters
 */
export function mfcc(samples: ArrayLike<number>, options: MfccOptions): Tensor {
  checkOptions('mfcc', options, {
    ...melOptions,
    coefficients: optional(is.positiveInteger),
    log: optional(is.oneOf('ln', 'dB')),
  });
  const { coefficients = 13, mels = 40 } = options;
  if (coefficients > mels)
    throw new OptionError(`mfcc: coefficients must be at most mels = ${mels}, got ${coefficients}`);
  const { data, shape } = computeMel('mfcc', samples, options);
  const frames = shape[0]!;
  const out = new Float32Array(frames * coefficients);
  for (let k = 0; k < coefficients; k++) {
    const scale = Math.sqrt((k === 0 ? 1 : 2) / mels);
    const cosines = Float64Array.from(
      { length: mels },
      (_, m) => scale * Math.cos((Math.PI * k * (2 * m + 1)) / (2 * mels)),
    );
    for (let t = 0; t < frames; t++) {
      let sum = 0;
      for (let m = 0; m < mels; m++) sum += cosines[m]! * data[t * mels + m]!;
      out[t * coefficients + k] = sum;
    }
  }
  return new Tensor(out, [frames, coefficients]);
}

function computeMel(owner: string, samples: ArrayLike<number>, options: MelOptions): Tensor {
  const {
    sampleRate,
    melScale = 'htk',
    norm = null,
    mels = 40,
    log = 'ln',
    floor = 1e-10,
  } = options;
  const { fftSize } = frameSizes(owner, options);
  const { fMin, fMax } = melRange(owner, options);
  const filters = melFilterbank({ sampleRate, fftSize, mels, fMin, fMax, scale: melScale, norm });
  const logarithm = logarithms[log];
  const rows: Float32Array[] = [];
  const transform = createPowerSpectrum(fftSize);
  const power = new Float64Array(Math.floor(fftSize / 2) + 1);
  for (const frame of windowedFrames(owner, samples, options)) {
    transform(frame, power);
    rows.push(
      Float32Array.from(filters, (weights) => {
        let sum = 0;
        for (let k = 0; k < weights.length; k++) sum += weights[k]! * power[k]!;
        return logarithm(sum, floor);
      }),
    );
  }
  const data = new Float32Array(rows.length * mels);
  rows.forEach((row, t) => data.set(row, t * mels));
  return new Tensor(data, [rows.length, mels]);
}

/** The frequencies that filters cover. @throws OptionError if they are none, or beyond half the sample rate */
export function melRange(
  owner: string,
  { sampleRate, fMin = 0, fMax = sampleRate / 2 }: Pick<MelOptions, 'sampleRate' | 'fMin' | 'fMax'>,
): { fMin: number; fMax: number } {
  if (fMin >= fMax || fMax > sampleRate / 2)
    throw new OptionError(
      `${owner}: frequencies must go from fMin to a higher fMax, at most half the sample rate ${sampleRate / 2}, got ${fMin} and ${fMax}`,
    );
  return { fMin, fMax };
}
