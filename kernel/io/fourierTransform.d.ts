/** What is used of the package, which brings no types. Lengths are powers of two. */
declare module 'fourier-transform' {
  /** Spectrum of a real signal, not normalised: real and imaginary parts of N/2 + 1 bins. Overwritten by the next call. */
  export function fft(input: ArrayLike<number>): [re: Float64Array, im: Float64Array];
  /** A real signal out of the N/2 + 1 bins of `fft`, divided by N. Overwritten by the next call. */
  export function ifft(re: Float64Array, im: Float64Array): Float64Array;
  /** In place, not normalised. */
  export function cfft(re: Float64Array, im: Float64Array): void;
  /** In place, divided by N. */
  export function cifft(re: Float64Array, im: Float64Array): void;
}
