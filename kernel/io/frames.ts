import { OptionError } from '../rnn/errors.js';

/** How a sound is cut into overlapping frames. */
export interface FrameOptions {
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
}

/** What is left out, filled in. @throws OptionError for a window that is longer than the transform */
export function frameSizes(owner: string, { sampleRate, center = true, ...sizes }: FrameOptions) {
  const { windowLength = Math.round(0.025 * sampleRate) } = sizes;
  const { hopLength = Math.round(0.01 * sampleRate) } = sizes;
  const { fftSize = 2 ** Math.ceil(Math.log2(windowLength)) } = sizes;
  if (windowLength > fftSize)
    throw new OptionError(
      `${owner}: windowLength must be at most fftSize = ${fftSize}, got ${windowLength}`,
    );
  return { windowLength, hopLength, fftSize, padding: center ? Math.floor(fftSize / 2) : 0 };
}

/** The frames of a sound under their window, one after the other in one buffer. @throws OptionError if there are none */
export function* windowedFrames(
  owner: string,
  samples: ArrayLike<number>,
  options: FrameOptions,
): Generator<Float64Array, void> {
  const { windowLength, hopLength, fftSize, padding } = frameSizes(owner, options);
  const shortest = padding > 0 ? padding + 1 : fftSize;
  if (samples.length < shortest)
    throw new OptionError(
      `${owner}: ${samples.length} samples are too few, expected ${shortest} or more`,
    );
  const window = hannWindow(windowLength, fftSize);
  const frame = new Float64Array(fftSize);
  const last = samples.length - 1;
  for (let from = -padding; from + fftSize <= samples.length + padding; from += hopLength) {
    for (let i = 0; i < fftSize; i++) {
      const at = from + i;
      const mirrored = at < 0 ? -at : at > last ? 2 * last - at : at;
      frame[i] = window[i]! * samples[mirrored]!;
    }
    yield frame;
  }
}

/** A periodic Hann window in the middle of `size` samples. */
export function hannWindow(length: number, size: number): Float64Array {
  const window = new Float64Array(size);
  const from = Math.floor((size - length) / 2);
  for (let i = 0; i < length; i++)
    window[from + i] = 0.5 - 0.5 * Math.cos((2 * Math.PI * i) / length);
  return window;
}
