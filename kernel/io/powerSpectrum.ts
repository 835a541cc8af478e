import { cfft, cifft, fft } from 'fourier-transform';

/** Writes |DFT|² of a real signal of N samples, bins 0 … ⌊N/2⌋. */
export type PowerSpectrum = (signal: Float64Array, out: Float64Array) => void;

/** The power spectrum for signals of `length` samples: by FFT for powers of two, by Bluestein's algorithm for others. */
export function createPowerSpectrum(length: number): PowerSpectrum {
  return length >= 2 && (length & (length - 1)) === 0 ? powerByFft : createBluestein(length);
}

function powerByFft(signal: Float64Array, out: Float64Array): void {
  const [re, im] = fft(signal);
  for (let k = 0; k < out.length; k++) out[k] = re[k]! * re[k]! + im[k]! * im[k]!;
}

/**
 * A DFT of any length as a convolution with a chirp, by FFTs of a power of two.
 * Source: L. I. Bluestein, "A linear filtering approach to the computation of discrete Fourier transform", 1970
 */
function createBluestein(length: number): PowerSpectrum {
  const size = 2 ** Math.ceil(Math.log2(Math.max(2, 2 * length)));
  const [chirpRe, chirpIm] = [new Float64Array(length), new Float64Array(length)];
  const [filterRe, filterIm] = [new Float64Array(size), new Float64Array(size)];
  for (let n = 0; n < length; n++) {
    // n² modulo 2N keeps the angle small, and exact.
    const angle = (Math.PI * ((n * n) % (2 * length))) / length;
    chirpRe[n] = Math.cos(angle);
    chirpIm[n] = -Math.sin(angle);
    for (const at of n === 0 ? [0] : [n, size - n]) {
      filterRe[at] = Math.cos(angle);
      filterIm[at] = Math.sin(angle);
    }
  }
  cfft(filterRe, filterIm);
  const [re, im] = [new Float64Array(size), new Float64Array(size)];
  return (signal, out) => {
    re.fill(0);
    im.fill(0);
    for (let n = 0; n < length; n++) {
      re[n] = signal[n]! * chirpRe[n]!;
      im[n] = signal[n]! * chirpIm[n]!;
    }
    cfft(re, im);
    for (let k = 0; k < size; k++) {
      const real = re[k]! * filterRe[k]! - im[k]! * filterIm[k]!;
      im[k] = re[k]! * filterIm[k]! + im[k]! * filterRe[k]!;
      re[k] = real;
    }
    cifft(re, im);
    // The last factor, the chirp again, has absolute value 1.
    for (let k = 0; k < out.length; k++) out[k] = re[k]! * re[k]! + im[k]! * im[k]!;
  };
}
