import { fft, ifft } from 'fourier-transform';
import { OptionError, ShapeError } from '../rnn/errors.js';
import { showShape } from '../rnn/ndarray.js';
import { checkOptions, is, optional } from '../rnn/options.js';
import { RandomStream } from '../rnn/random.js';
import type { Tensor } from '../rnn/tensor.js';
import { frameSizes, hannWindow, windowedFrames } from './frames.js';
import { melFilterbank } from './melScale.js';
import { melOptions, melRange, type MelOptions } from './spectrogram.js';

/** Options of `griffinLim`. */
export interface GriffinLimOptions extends Omit<MelOptions, 'center' | 'mels'> {
  /** Rounds of going to samples and back. Default 32. */
  iterations?: number;
  /** How far each round goes on in the direction of the last, from 0 to below 1. Default 0.99. */
  momentum?: number;
  /** Of the phases that it starts from. Default 0. */
  seed?: number;
}

const options = {
  ...melOptions,
  iterations: optional(is.positiveInteger),
  momentum: optional(is.decay),
  seed: optional(is.integer),
};

/** Rounds in which the filters are undone. */
const inversionRounds = 60;

/**
 * A sound that has a given (log-)mel spectrogram, as `melSpectrogram` computes it with the same options, centred: the
 * filters are undone by non-negative least squares, then phases are found for which the frames agree where they overlap.
 *
 * Sources: D. D. Lee, H. S. Seung, "Algorithms for non-negative matrix factorization", NIPS 2000 (the updates);
 * D. W. Griffin, J. S. Lim, "Signal estimation from modified short-time Fourier transform", IEEE Transactions on
 * Acoustics, Speech and Signal Processing 32(2), 1984; N. Perraudin, P. Balazs, P. L. Søndergaard, "A fast Griffin–Lim
 * algorithm", WASPAA 2013 (the momentum)
 *
 * @param mel `[T, mels]`, T ≥ 2
 * @returns (T − 1)·hopLength samples
 * @throws ShapeError for another shape, OptionError for sizes that do not fit or an fftSize that is no power of two
 */
export function griffinLim(mel: Tensor, given: GriffinLimOptions): Float32Array {
  checkOptions('griffinLim', given, options);
  const [timeSteps, mels] = mel.shape as [number, number];
  if (mel.shape.length !== 2 || timeSteps < 2)
    throw new ShapeError(
      `griffinLim: mel is ${showShape(mel.shape)}, expected [T, mels] with T ≥ 2`,
    );
  const sizes = frameSizes('griffinLim', given);
  if ((sizes.fftSize & (sizes.fftSize - 1)) !== 0)
    throw new OptionError(`griffinLim: fftSize must be a power of two, got ${sizes.fftSize}`);
  const { iterations = 32, momentum = 0.99, seed = 0 } = given;
  const magnitudes = toMagnitudes(mel, { ...given, mels }, sizes.fftSize);
  const stft = new Stft(magnitudes.length, sizes, given.sampleRate);
  const phases = randomPhases(magnitudes, new RandomStream(seed, 'griffinLim'));
  const last = magnitudes.map(({ length }) => [new Float64Array(length), new Float64Array(length)]);
  for (let round = 0; round < iterations; round++)
    stft.eachFrame(stft.toSamples(magnitudes, phases), (t, re, im) => {
      const [lastRe, lastIm] = last[t] as Complex;
      const [phaseRe, phaseIm] = phases[t]!;
      const ahead = momentum / (1 + momentum);
      for (let k = 0; k < re.length; k++) {
        const x = re[k]! - ahead * lastRe[k]!;
        const y = im[k]! - ahead * lastIm[k]!;
        const size = Math.hypot(x, y) || 1;
        phaseRe[k] = x / size;
        phaseIm[k] = y / size;
      }
      lastRe.set(re);
      lastIm.set(im);
    });
  return stft.toSamples(magnitudes, phases);
}

type Complex = [re: Float64Array, im: Float64Array];

const exponentials = {
  ln: (value: number): number => Math.exp(value),
  dB: (value: number): number => 10 ** (value / 10),
  none: (value: number): number => value,
};

/** By time step the square roots of the power spectrum whose filtered sums come nearest to the spectrogram. */
function toMagnitudes(mel: Tensor, given: MelOptions, fftSize: number): Float64Array[] {
  const { sampleRate, melScale: scale = 'htk', norm = null, log = 'ln' } = given;
  const { fMin, fMax } = melRange('griffinLim', given);
  const mels = mel.shape[1]!;
  const bank = melFilterbank({ sampleRate, fftSize, mels, fMin, fMax, scale, norm });
  const filters = bank.map(toBand);
  const bins = Math.floor(fftSize / 2) + 1;
  return Array.from({ length: mel.shape[0]! }, (_, t) => {
    const sums = Float64Array.from(mel.data.subarray(t * mels, (t + 1) * mels), exponentials[log]);
    return undoFilters(filters, sums, bins).map(Math.sqrt);
  });
}

/** The few bins that a filter lets through, and their weights. */
interface Band {
  readonly from: number;
  readonly weights: Float64Array;
}

function toBand(filter: Float64Array): Band {
  const from = Math.max(
    0,
    filter.findIndex((weight) => weight > 0),
  );
  const to = filter.findLastIndex((weight) => weight > 0) + 1;
  return { from, weights: filter.slice(from, Math.max(from, to)) };
}

/** x ≥ 0 with W·x ≈ sums: x ← x · Wᵀsums / WᵀWx. */
function undoFilters(filters: readonly Band[], sums: Float64Array, bins: number): Float64Array {
  const wanted = spread(filters, sums, bins);
  const power = wanted.slice();
  for (let round = 0; round < inversionRounds; round++) {
    const found = Float64Array.from(filters, (band) => through(band, power));
    const spreadFound = spread(filters, found, bins);
    for (let k = 0; k < bins; k++)
      power[k]! *= spreadFound[k]! > 0 ? wanted[k]! / spreadFound[k]! : 0;
  }
  return power;
}

/** Wᵀ·sums */
function spread(filters: readonly Band[], sums: Float64Array, bins: number): Float64Array {
  const out = new Float64Array(bins);
  filters.forEach(({ from, weights }, m) => {
    for (let i = 0; i < weights.length; i++) out[from + i]! += weights[i]! * sums[m]!;
  });
  return out;
}

/** What a filter sums up of a power spectrum. */
function through({ from, weights }: Band, power: Float64Array): number {
  let sum = 0;
  for (let i = 0; i < weights.length; i++) sum += weights[i]! * power[from + i]!;
  return sum;
}

function randomPhases(magnitudes: readonly Float64Array[], random: RandomStream): Complex[] {
  return magnitudes.map(({ length }) => {
    const angles = Float64Array.from({ length }, () => 2 * Math.PI * random.uniform());
    return [angles.map(Math.cos), angles.map(Math.sin)];
  });
}

/** The short-time Fourier transform of sounds of T frames, and back by overlap and add. */
class Stft {
  readonly #window: Float64Array;
  /** Sum of the squared windows over each sample. */
  readonly #weights: Float64Array;

  constructor(
    private readonly timeSteps: number,
    private readonly sizes: ReturnType<typeof frameSizes>,
    private readonly sampleRate: number,
  ) {
    const { windowLength, fftSize, hopLength } = sizes;
    this.#window = hannWindow(windowLength, fftSize);
    this.#weights = new Float64Array((timeSteps - 1) * hopLength + fftSize);
    for (let t = 0; t < timeSteps; t++)
      for (let i = 0; i < fftSize; i++)
        this.#weights[t * hopLength + i]! += this.#window[i]! * this.#window[i]!;
  }

  eachFrame(
    samples: Float32Array,
    visit: (t: number, re: Float64Array, im: Float64Array) => void,
  ): void {
    let t = 0;
    for (const frame of windowedFrames('griffinLim', samples, {
      ...this.sizes,
      sampleRate: this.sampleRate,
    }))
      visit(t++, ...fft(frame));
  }

  toSamples(magnitudes: readonly Float64Array[], phases: readonly Complex[]): Float32Array {
    const { fftSize, hopLength, padding } = this.sizes;
    const sum = new Float64Array(this.#weights.length);
    const [re, im] = [new Float64Array(fftSize / 2 + 1), new Float64Array(fftSize / 2 + 1)];
    for (let t = 0; t < this.timeSteps; t++) {
      const [phaseRe, phaseIm] = phases[t]!;
      const size = magnitudes[t]!;
      for (let k = 0; k < re.length; k++) {
        re[k] = size[k]! * phaseRe[k]!;
        im[k] = size[k]! * phaseIm[k]!;
      }
      const frame = ifft(re, im);
      for (let i = 0; i < fftSize; i++) sum[t * hopLength + i]! += this.#window[i]! * frame[i]!;
    }
    // Where no window reaches there is no sound.
    return Float32Array.from({ length: (this.timeSteps - 1) * hopLength }, (_, i) => {
      const weight = this.#weights[i + padding]!;
      return weight > 1e-8 ? sum[i + padding]! / weight : 0;
    });
  }
}
