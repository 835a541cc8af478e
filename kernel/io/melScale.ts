/** Frequencies as ears tell them apart. `htk`: 2595·log₁₀(1 + f/700); `slaney`: linear to 1000 Hz, then logarithmic. */
export type MelScale = 'htk' | 'slaney';

const [slaneyStep, slaneyBreak] = [200 / 3, 1000];
const slaneyLogStep = Math.log(6.4) / 27;

/**
 * Sources: the HTK book, section 5.4; M. Slaney, "Auditory toolbox", 1998
 */
export const melScales: Readonly<
  Record<MelScale, { toMel: (hertz: number) => number; toHertz: (mel: number) => number }>
> = {
  htk: {
    toMel: (hertz) => 2595 * Math.log10(1 + hertz / 700),
    toHertz: (mel) => 700 * (10 ** (mel / 2595) - 1),
  },
  slaney: {
    toMel: (hertz) =>
      hertz < slaneyBreak
        ? hertz / slaneyStep
        : slaneyBreak / slaneyStep + Math.log(hertz / slaneyBreak) / slaneyLogStep,
    toHertz: (mel) =>
      mel < slaneyBreak / slaneyStep
        ? mel * slaneyStep
        : slaneyBreak * Math.exp(slaneyLogStep * (mel - slaneyBreak / slaneyStep)),
  },
};

export interface MelFilters {
  readonly sampleRate: number;
  readonly fftSize: number;
  /** Number of filters. */
  readonly mels: number;
  readonly fMin: number;
  readonly fMax: number;
  readonly scale: MelScale;
  /** `'slaney'`: triangles of equal area, 2 / width in hertz high; `null`: all of height 1. */
  readonly norm: 'slaney' | null;
}

/** For each filter its weights on bins 0 … ⌊fftSize/2⌋ of a power spectrum: triangles evenly spaced in mel. */
export function melFilterbank(filters: MelFilters): Float64Array[] {
  const { sampleRate, fftSize, mels, fMin, fMax, scale, norm } = filters;
  const { toMel, toHertz } = melScales[scale];
  const [low, high] = [toMel(fMin), toMel(fMax)];
  const edges = Array.from({ length: mels + 2 }, (_, i) =>
    toHertz(low + (i * (high - low)) / (mels + 1)),
  );
  return Array.from({ length: mels }, (_, m) => {
    const [left, centre, right] = edges.slice(m, m + 3) as [number, number, number];
    const height = norm === 'slaney' ? 2 / (right - left) : 1;
    return Float64Array.from({ length: Math.floor(fftSize / 2) + 1 }, (_bin, k) => {
      const hertz = (k * sampleRate) / fftSize;
      const triangle = Math.min(
        (hertz - left) / (centre - left),
        (right - hertz) / (right - centre),
      );
      return height * Math.max(0, triangle);
    });
  });
}
