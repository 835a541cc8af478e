import { OptionError } from '../rnn/errors.js';
import { checkOptions, is, optional } from '../rnn/options.js';
import { Tensor } from '../rnn/tensor.js';
import { melFilterbank, type MelScale } from './melScale.js';
import { createPowerSpectrum } from './powerSpectrum.js';

export interface MelOptions {
  /** Samples per second. */
  sampleRate: number;
  /** Samples of each frame, under a periodic Hann window. Default: 25 ms. */
  windowLength?: number;
  /** Samples from one frame to the next. Default: 10 ms. */
  hopLength?: number;
  /** Samples of the Fourier transform, the window in their middle. Default: the power of two that holds the window. */
  fftSize?: number;
  /** Frames are centred on multiples of the hop, the signal mirrored at its ends. Default true. */
  center?: boolean;
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
   * `'ln'`: natural logarithm; `'dB'`: 10·log₁₀; both of what is at least 10⁻¹⁰; `'none'`: the power itself.
   * Default `'ln'`.
   */
  log?: 'ln' | 'dB' | 'none';
}

const melOptions = {
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
};

const leastPower = 1e-10;
const logarithms = {
  ln: (power: number): number => Math.log(Math.max(power, leastPower)),
  dB: (power: number): number => 10 * Math.log10(Math.max(power, leastPower)),
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
  const { sampleRate, fMin = 0, melScale = 'htk', norm = null, mels = 40 } = options;
  const { fMax = sampleRate / 2, log = 'ln' } = options;
  const { fftSize } = frameSizes(options);
  if (fMin >= fMax || fMax > sampleRate / 2)
    throw new OptionError(
      `${owner}: frequencies must go from fMin to a higher fMax, at most half the sample rate ${sampleRate / 2}, got ${fMin} and ${fMax}`,
    );
  const filters = melFilterbank({ sampleRate, fftSize, mels, fMin, fMax, scale: melScale, norm });
  const logarithm = logarithms[log];
  const rows: Float32Array[] = [];
  for (const power of powerFrames(owner, samples, options))
    rows.push(
      Float32Array.from(filters, (weights) => {
        let sum = 0;
        for (let k = 0; k < weights.length; k++) sum += weights[k]! * power[k]!;
        return logarithm(sum);
      }),
    );
  const data = new Float32Array(rows.length * mels);
  rows.forEach((row, t) => data.set(row, t * mels));
  return new Tensor(data, [rows.length, mels]);
}

function frameSizes({ sampleRate, ...sizes }: MelOptions) {
  const { windowLength = Math.round(0.025 * sampleRate) } = sizes;
  const { hopLength = Math.round(0.01 * sampleRate) } = sizes;
  const { fftSize = 2 ** Math.ceil(Math.log2(windowLength)) } = sizes;
  return { windowLength, hopLength, fftSize };
}

/** The power spectra of all frames, one after the other in one buffer. */
function* powerFrames(
  owner: string,
  samples: ArrayLike<number>,
  options: MelOptions,
): Generator<Float64Array, void> {
  const { windowLength, hopLength, fftSize } = frameSizes(options);
  if (windowLength > fftSize)
    throw new OptionError(
      `${owner}: windowLength must be at most fftSize = ${fftSize}, got ${windowLength}`,
    );
  const { center = true } = options;
  const padding = center ? Math.floor(fftSize / 2) : 0;
  const shortest = center ? padding + 1 : fftSize;
  if (samples.length < shortest)
    throw new OptionError(
      `${owner}: ${samples.length} samples are too few, expected ${shortest} or more`,
    );
  const window = hannWindow(windowLength, fftSize);
  const transform = createPowerSpectrum(fftSize);
  const frame = new Float64Array(fftSize);
  const power = new Float64Array(Math.floor(fftSize / 2) + 1);
  const last = samples.length - 1;
  for (let from = -padding; from + fftSize <= samples.length + padding; from += hopLength) {
    for (let i = 0; i < fftSize; i++) {
      const at = from + i;
      const mirrored = at < 0 ? -at : at > last ? 2 * last - at : at;
      frame[i] = window[i]! * samples[mirrored]!;
    }
    transform(frame, power);
    yield power;
  }
}

/** A periodic Hann window in the middle of `size` samples. */
function hannWindow(length: number, size: number): Float64Array {
  const window = new Float64Array(size);
  const from = Math.floor((size - length) / 2);
  for (let i = 0; i < length; i++)
    window[from + i] = 0.5 - 0.5 * Math.cos((2 * Math.PI * i) / length);
  return window;
}
