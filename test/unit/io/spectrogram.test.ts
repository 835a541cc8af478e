import assert from 'node:assert/strict';
import { melSpectrogram, mfcc, type MelOptions } from '../../../kernel/io/index.js';
import { melFilterbank, melScales } from '../../../kernel/io/melScale.js';
import { createPowerSpectrum } from '../../../kernel/io/powerSpectrum.js';
import { manualSeed, randn } from '../../../kernel/rnn/index.js';

const near = (actual: number, expected: number, tolerance: number): void =>
  assert.ok(Math.abs(actual - expected) <= tolerance, `${actual}, expected ${expected}`);
const noise = (length: number): Float64Array => {
  manualSeed(length);
  return Float64Array.from(randn([length], { dtype: 'float64' }).data);
};
/** |DFT|², as its definition says. */
const naivePower = (signal: ArrayLike<number>): number[] =>
  Array.from({ length: Math.floor(signal.length / 2) + 1 }, (_, k) => {
    let [re, im] = [0, 0];
    for (let n = 0; n < signal.length; n++) {
      const angle = (-2 * Math.PI * ((k * n) % signal.length)) / signal.length;
      re += signal[n]! * Math.cos(angle);
      im += signal[n]! * Math.sin(angle);
    }
    return re * re + im * im;
  });

describe('power spectrum', () => {
  for (const length of [1, 2, 3, 5, 8, 16, 31, 100, 256, 400, 441, 512])
    it(`is the definition's for ${length} samples`, () => {
      const signal = noise(length);
      const out = new Float64Array(Math.floor(length / 2) + 1);
      const transform = createPowerSpectrum(length);
      transform(noise(length).reverse(), out);
      transform(signal, out);
      naivePower(signal).forEach((power, k) => near(out[k]!, power, 1e-9 * length * length));
    });
});

describe('mel scale', () => {
  it('has the values that librosa documents', () => {
    // https://librosa.org/doc/latest/generated/librosa.hz_to_mel.html and …mel_frequencies.html
    near(melScales.slaney.toMel(60), 0.9, 1e-12);
    [110, 220, 440].forEach((hertz, k) =>
      near(melScales.slaney.toMel(hertz), 1.65 * 2 ** k, 1e-12),
    );
    near(melScales.slaney.toMel(11025), 49.91059448015905, 1e-10);
    const step = melScales.slaney.toMel(11025) / 39;
    [0, 85.317, 170.635, 255.952, 341.269].forEach((hertz, k) =>
      near(melScales.slaney.toHertz(k * step), hertz, 1e-3),
    );
    // HTK: 1000 Hz is 1000 mel, to a thousandth of a mel per mel.
    near(melScales.htk.toMel(1000), 1000, 0.02);
  });

  it('comes back from mel to hertz', () => {
    for (const { toMel, toHertz } of Object.values(melScales))
      for (const hertz of [0, 20, 999, 1000, 1001, 8000]) near(toHertz(toMel(hertz)), hertz, 1e-8);
  });

  it('filters are triangles that meet: between the first and the last peak weights sum to 1', () => {
    const sizes = { sampleRate: 16000, fftSize: 4096, mels: 20, fMin: 100, fMax: 7000 } as const;
    for (const scale of ['htk', 'slaney'] as const) {
      const filters = melFilterbank({ ...sizes, scale, norm: null });
      const peaks = filters.map((weights) => weights.indexOf(Math.max(...weights)));
      for (let k = peaks[0]! + 1; k < peaks.at(-1)! - 1; k++)
        near(
          filters.reduce((sum, weights) => sum + weights[k]!, 0),
          1,
          1e-9,
        );
      assert.deepEqual(
        peaks,
        [...peaks].sort((a, b) => a - b),
      );
      const equal = melFilterbank({ ...sizes, scale, norm: 'slaney' });
      const hertz = sizes.sampleRate / sizes.fftSize;
      for (const weights of equal.slice(8)) near(weights.reduce((a, b) => a + b) * hertz, 1, 0.02);
    }
  });
});

describe('melSpectrogram', () => {
  /** The same from its definition: reflect, window, DFT, filter, logarithm. */
  function naive(samples: ArrayLike<number>, options: Required<MelOptions>): number[][] {
    const { fftSize, windowLength, hopLength, center, melScale, mels, log, floor } = options;
    const padding = center ? Math.floor(fftSize / 2) : 0;
    const list = Array.from(samples);
    const padded = [
      ...list.slice(1, padding + 1).reverse(),
      ...list,
      ...list.slice(list.length - 1 - padding, -1).reverse(),
    ];
    const signal = center ? padded : list;
    const filters = melFilterbank({ ...options, scale: melScale, mels });
    const frames: number[][] = [];
    for (let from = 0; from + fftSize <= signal.length; from += hopLength) {
      const offset = Math.floor((fftSize - windowLength) / 2);
      const frame = Array.from({ length: fftSize }, (_, i) => {
        const at = i - offset;
        const isInside = at >= 0 && at < windowLength;
        return isInside ? signal[from + i]! * Math.sin((Math.PI * at) / windowLength) ** 2 : 0;
      });
      const power = naivePower(frame);
      frames.push(
        filters.map((weights) => {
          const sum = power.reduce((total, p, k) => total + p * weights[k]!, 0);
          if (log === 'none') return sum;
          return log === 'ln'
            ? Math.log(Math.max(floor, sum))
            : 10 * Math.log10(Math.max(floor, sum));
        }),
      );
    }
    return frames;
  }

  const base = {
    sampleRate: 8000,
    windowLength: 100,
    hopLength: 40,
    fftSize: 128,
    mels: 12,
    fMin: 50,
    fMax: 3500,
    floor: 1e-10,
  } as const;
  const variants: [string, Required<MelOptions>][] = [
    ['centred, HTK, ln', { ...base, center: true, melScale: 'htk', norm: null, log: 'ln' }],
    [
      'not centred, Slaney, dB',
      { ...base, center: false, melScale: 'slaney', norm: 'slaney', log: 'dB', floor: 3 },
    ],
    [
      'a transform that is no power of two',
      { ...base, fftSize: 120, center: true, melScale: 'htk', norm: 'slaney', log: 'none' },
    ],
  ];
  for (const [name, options] of variants)
    it(`is its definition, step by step: ${name}`, () => {
      const samples = noise(500);
      const mel = melSpectrogram(samples, options);
      const wanted = naive(samples, options);
      assert.deepEqual(mel.shape, [wanted.length, 12]);
      wanted
        .flat()
        .forEach((value, i) => near(mel.data[i]!, value, 2e-6 * Math.max(1, Math.abs(value))));
    });

  it('shows a tone in the filter of its frequency, at all times', () => {
    const sampleRate = 16000;
    const tone = Float32Array.from({ length: 8000 }, (_, i) =>
      Math.sin((2 * Math.PI * 1000 * i) / sampleRate),
    );
    const mel = melSpectrogram(tone, { sampleRate });
    assert.deepEqual(mel.shape, [1 + 8000 / 160, 40]);
    const edges = melScales.htk.toMel(8000) / 41;
    const expected = Math.round(melScales.htk.toMel(1000) / edges) - 1;
    assert.ok(
      [...mel.argmax().data].slice(2, -2).every((best) => best === expected),
      String(mel.argmax().data),
    );
  });

  it('takes silence, and refuses sizes that do not fit', () => {
    const silence = melSpectrogram(new Float32Array(1000), { sampleRate: 8000 });
    assert.ok(silence.data.every((x) => x === Math.fround(Math.log(1e-10))));
    const options = { sampleRate: 8000 };
    const samples = new Float32Array(1000);
    assert.throws(
      () => melSpectrogram(samples, { ...options, fMax: 5000 }),
      /at most half the sample rate 4000, got 0 and 5000/,
    );
    assert.throws(
      () => melSpectrogram(samples, { ...options, windowLength: 300, fftSize: 256 }),
      /windowLength must be at most fftSize = 256, got 300/,
    );
    assert.throws(
      () => melSpectrogram(new Float32Array(10), options),
      /10 samples are too few, expected 129 or more/,
    );
    assert.throws(
      () => melSpectrogram(samples, {} as MelOptions),
      /melSpectrogram: sampleRate must be a positive number, got undefined/,
    );
    assert.throws(
      () => mfcc(samples, { ...options, coefficients: 50 }),
      /mfcc: coefficients must be at most mels = 40, got 50/,
    );
  });
});

describe('mfcc', () => {
  it('is the orthonormal cosine transform of the log-mel features: lengths are kept, and it can be undone', () => {
    const options = { sampleRate: 8000, mels: 16 };
    const samples = noise(2000);
    const mel = melSpectrogram(samples, options);
    const all = mfcc(samples, { ...options, coefficients: 16 });
    for (let t = 0; t < mel.shape[0]!; t++) {
      const row = (data: ArrayLike<number>) =>
        Array.from({ length: 16 }, (_, k) => data[t * 16 + k]!);
      const [x, c] = [row(mel.data), row(all.data)];
      const squares = (values: number[]) => values.reduce((sum, value) => sum + value * value, 0);
      near(squares(c), squares(x), 1e-4 * squares(x));
      x.forEach((value, m) => {
        const back = c.reduce(
          (sum, coefficient, k) =>
            sum +
            coefficient *
              Math.sqrt((k === 0 ? 1 : 2) / 16) *
              Math.cos((Math.PI * k * (m + 0.5)) / 16),
          0,
        );
        near(back, value, 1e-4);
      });
      near(c[0]!, x.reduce((a, b) => a + b) / 4, 1e-4);
    }
    const first = mfcc(samples, options);
    assert.deepEqual(first.shape, [mel.shape[0], 13]);
    assert.deepEqual([...first.data.subarray(0, 13)], [...all.data.subarray(0, 13)]);
  });
});
