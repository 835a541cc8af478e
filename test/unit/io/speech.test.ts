import assert from 'node:assert/strict';
import {
  addNoise,
  addRoom,
  alignDigits,
  estimatePitch,
  melSpectrogram,
  mfcc,
  normalizePeak,
  randomVoice,
  speakDigits,
  type Speech,
} from '../../../kernel/io/index.js';
import { phones, type PhoneName } from '../../../kernel/io/speech/phones.js';
import { createPowerSpectrum } from '../../../kernel/io/powerSpectrum.js';
import { dynamicTimeWarping, tensor, warpingPath, type Tensor } from '../../../kernel/rnn/index.js';

const rms = (samples: Float32Array): number =>
  Math.sqrt(samples.reduce((sum, one) => sum + one * one, 0) / samples.length);

/** The middle of a phone's samples. */
function middleOf({ samples, segments }: Speech, phone: PhoneName): Float32Array {
  const { from, to } = segments.find((one) => one.phone === phone)!;
  const quarter = (to - from) >> 2;
  return samples.subarray(from + quarter, to - quarter);
}

/** Mean power between two frequencies. */
function powerBetween(samples: Float32Array, low: number, high: number): number {
  const power = new Float64Array(Math.floor(samples.length / 2) + 1);
  createPowerSpectrum(samples.length)(Float64Array.from(samples), power);
  const [from, to] = [low, high].map((one) => Math.round((one * samples.length) / 16_000));
  const band = power.subarray(from, to! + 1);
  return band.reduce((sum, one) => sum + one, 0) / band.length;
}

/** The lag at which a sound resembles itself most, as a frequency. */
function pitchOf(samples: Float32Array, low: number, high: number): number {
  let [best, lag] = [-Infinity, 0];
  for (let k = Math.round(16_000 / high); k <= 16_000 / low; k++) {
    let sum = 0;
    for (let i = k; i < samples.length; i++) sum += samples[i]! * samples[i - k]!;
    if (sum / (samples.length - k) > best) [best, lag] = [sum / (samples.length - k), k];
  }
  return 16_000 / lag;
}

describe('spoken digits', () => {
  it('have the pitch of the voice, and follow its tract and rate', () => {
    for (const pitch of [100, 160, 240]) {
      const spoken = speakDigits('4', { voice: { pitch, breathiness: 0 } });
      const heard = pitchOf(middleOf(spoken, 'AO'), 0.6 * pitch, 1.6 * pitch);
      assert.ok(Math.abs(heard / pitch - 1) < 0.15, `${heard} Hz, expected ${pitch}`);
    }
    const length = (rate: number) => speakDigits('7', { voice: { rate } }).samples.length;
    assert.ok(Math.abs(length(1) / length(2) - 2) < 0.2);
  });

  it('have their power at the formants of the vowels, not between them', () => {
    const cases = [
      ['3', 'IY'],
      ['4', 'AO'],
      ['7', 'EH'],
    ] as const;
    for (const [digit, phone] of cases)
      for (const tract of [1, 0.8]) {
        const spoken = speakDigits(digit, { voice: { pitch: 90, tract, breathiness: 0 } });
        const vowel = middleOf(spoken, phone);
        const [f1, f2, f3] = phones[phone].formants.map((one) => one / tract) as [
          number,
          number,
          number,
        ];
        const valley = f2 - f1 > 500 ? (f1 + f2) / 2 : (f2 + f3) / 2;
        const at = (frequency: number) => powerBetween(vowel, frequency - 150, frequency + 150);
        assert.ok(at(f1) > 5 * at(valley), `${phone}, tract ${tract}: first formant`);
        assert.ok(at(f2) > 2 * at(valley), `${phone}, tract ${tract}: second formant`);
      }
  });

  it('have hissing where nothing is voiced, and silence between them', () => {
    const spoken = speakDigits('6 4');
    const s = middleOf(spoken, 'S');
    assert.ok(powerBetween(s, 4500, 6500) > 20 * powerBetween(s, 200, 1500));
    const ao = middleOf(spoken, 'AO');
    assert.ok(powerBetween(ao, 200, 1500) > 20 * powerBetween(ao, 4500, 6500));
    assert.ok(rms(middleOf(spoken, 'SIL')) < 0.05 * rms(ao));
  });

  it('are the same for the same seed, and others for another', () => {
    assert.deepEqual(speakDigits('12', { seed: 3 }), speakDigits('12', { seed: 3 }));
    assert.notDeepEqual(
      speakDigits('12', { seed: 3 }).segments,
      speakDigits('12', { seed: 4 }).segments,
    );
  });

  it('say where each phone is', () => {
    const { samples, segments } = speakDigits('90', { sampleRate: 8000 });
    assert.equal(segments[0]!.from, 0);
    assert.equal(segments.at(-1)!.to, samples.length);
    segments.slice(1).forEach((one, k) => assert.equal(one.from, segments[k]!.to));
    assert.deepEqual(
      segments.map(({ phone, digit }) => `${digit}${phone}`),
      ['-1SIL', '0N', '0AY1', '0AY2', '0N', '-1SIL'].concat([
        '1Z',
        '1IH',
        '1R',
        '1OW1',
        '1OW2',
        '-1SIL',
      ]),
    );
  });

  it('are told apart by template matching, across voices', () => {
    const features = (digit: number, seed: number): Tensor =>
      mfcc(speakDigits(String(digit), { voice: randomVoice(seed), seed }).samples, {
        sampleRate: 16_000,
        hopLength: 320,
        windowLength: 400,
      });
    const templates = Array.from({ length: 10 }, (_, digit) =>
      [1, 2, 3].map((seed) => features(digit, seed)),
    );
    let right = 0;
    for (let digit = 0; digit < 10; digit++)
      for (const seed of [11, 12]) {
        const heard = features(digit, seed);
        const distances = templates.map((all) =>
          Math.min(...all.map((one) => dynamicTimeWarping(one, heard))),
        );
        if (distances.indexOf(Math.min(...distances)) === digit) right++;
      }
    assert.ok(right >= 13, `${right} of 20`);
  });

  it('refuse what is no digit', () => {
    for (const text of ['', '  ', '1a', '١'])
      assert.throws(() => speakDigits(text), { name: 'OptionError', message: /digits and spaces/ });
    assert.throws(() => speakDigits('1', { voice: { pitch: -1 } }), { name: 'OptionError' });
  });
});

describe('recordings', () => {
  const { samples } = speakDigits('5');

  it('with noise have the loudness above it that was asked for', () => {
    for (const decibels of [20, 10, 0, -5]) {
      const noisy = addNoise(samples, decibels, 1);
      const noise = noisy.map((one, i) => one - samples[i]!);
      const actual = 20 * Math.log10(rms(samples) / rms(noise));
      assert.ok(Math.abs(actual - decibels) < 0.3, `${actual} dB`);
    }
  });

  it('in a room echo when the voice is silent, with the power that was asked for', () => {
    const click = new Float32Array(8000);
    click[0] = 1;
    const echo = addRoom(click, { sampleRate: 16_000, wetness: 0.3, reverberation: 0.25 });
    assert.equal(echo[0], 1);
    const power = echo.subarray(1).reduce((sum, one) => sum + one * one, 0);
    assert.ok(Math.abs(power - 0.3) < 1e-3, String(power));
    assert.equal(rms(echo.subarray(4000)), 0);
    assert.deepEqual(addRoom(samples, { sampleRate: 16_000, wetness: 0 }), samples);
  });
});

describe('digits in a recording', () => {
  // Somebody whom the twelve voices do not know, in a room, slower than they speak.
  const voice = { ...randomVoice(4321), rate: 0.8 };
  const speech = speakDigits('9184', { voice, pause: 90, seed: 7 });
  const recording = addNoise(speech.samples, 25, 3);

  it('are found where they are', () => {
    const { parts } = alignDigits(recording, '9184');
    assert.deepEqual(
      parts.map(({ digit }) => digit),
      speech.parts.map(({ digit }) => digit),
    );
    assert.deepEqual([parts[0]!.from, parts.at(-1)!.to], [0, recording.length]);
    parts.forEach(({ from, to }, i) => {
      assert.ok(from <= to && from === (parts[i - 1]?.to ?? 0));
      const late = Math.abs(to - speech.parts[i]!.to) / 16_000;
      assert.ok(late < 0.05, `border ${i} is ${late.toFixed(3)} s away`);
    });
  });

  it('say which voice is nearest, and how fast it speaks', () => {
    const voices = [0.8, 1].map((tract) => ({ pitch: 150, tract, rate: 1, breathiness: 0.1 }));
    for (const [i, one] of voices.entries()) {
      const { samples } = speakDigits('1348', { voice: { ...one, rate: 1.25 }, seed: 5 });
      const found = alignDigits(samples, '1348', { voices });
      assert.equal(found.voice.tract, voices[i]!.tract);
      assert.ok(Math.abs(found.voice.rate - 1.25) < 0.15, String(found.voice.rate));
    }
  });

  it('do not fit another text as well', () => {
    const { distance } = alignDigits(recording, '9184');
    assert.ok(distance < alignDigits(recording, '2507').distance);
  });

  it('refuse what is too short, and no voices', () => {
    assert.throws(() => alignDigits(new Float32Array(100), '1'), {
      name: 'OptionError',
      message: 'alignDigits: got 100 samples, expected a tenth of a second or more, 1600',
    });
    assert.throws(() => alignDigits(recording, '1', { voices: [] }), { name: 'OptionError' });
  });
});

describe('the pitch of a voice', () => {
  it('is that of a tone, at any sample rate, and not of its overtones', () => {
    for (const [pitch, sampleRate] of [
      [100, 8000],
      [220, 16_000],
      [440, 44_100],
    ] as const) {
      const tone = Float32Array.from({ length: sampleRate / 2 }, (_, n) => {
        const phase = (2 * Math.PI * pitch * n) / sampleRate;
        return Math.sin(phase) + 2 * Math.sin(2 * phase) + Math.sin(3 * phase);
      });
      const found = estimatePitch(tone, { sampleRate })!;
      assert.ok(Math.abs(found / pitch - 1) < 0.02, `${found} for ${pitch}`);
    }
  });

  it('is found in speech, with noise, of men, women and children', () => {
    for (const [pitch, tract] of [
      [95, 1],
      [140, 0.95],
      [200, 0.87],
      [260, 0.77],
    ] as const) {
      const { samples } = speakDigits('1907', { voice: { pitch, tract }, seed: 2 });
      const found = estimatePitch(addNoise(samples, 20, 1))!;
      assert.ok(Math.abs(found / pitch - 1) < 0.1, `${found} for ${pitch}`);
      const { voice } = alignDigits(samples, '1907', { voices: [randomVoice(0)] });
      assert.ok(Math.abs(voice.pitch / pitch - 1) < 0.1);
    }
  });

  it('is none where nothing is voiced', () => {
    assert.equal(estimatePitch(new Float32Array(8000)), null);
    assert.equal(estimatePitch(new Float32Array(10)), null);
    assert.equal(
      estimatePitch(addNoise(Float32Array.of(...Array<number>(8000).fill(1e-3)), -60)),
      null,
    );
  });
});

describe('the loudest sample', () => {
  it('becomes the peak, and silence stays silence', () => {
    assert.deepEqual(
      normalizePeak(Float32Array.of(0.5, -2, 1), 0.5),
      Float32Array.of(0.125, -0.5, 0.25),
    );
    assert.deepEqual(normalizePeak(new Float32Array(2)), new Float32Array(2));
    assert.throws(() => normalizePeak(new Float32Array(2), 2), { name: 'OptionError' });
  });
});

describe('dynamic time warping', () => {
  const sequence = (...values: number[]): Tensor => tensor(values.map((one) => [one, 2 * one]));

  it('is nothing between a sequence and itself at another tempo', () => {
    assert.equal(dynamicTimeWarping(sequence(1, 2, 3), sequence(1, 1, 2, 2, 2, 3)), 0);
  });

  it('is the least cost of all monotone alignments', () => {
    const [a, b] = [sequence(0, 3, 1, 4), sequence(1, 2, 5)];
    const d = (i: number, j: number): number =>
      Math.hypot(a.data[2 * i]! - b.data[2 * j]!, a.data[2 * i + 1]! - b.data[2 * j + 1]!);
    const least = (i: number, j: number): number => {
      if (i === 0 && j === 0) return 2 * d(0, 0);
      const ways: number[] = [];
      if (i > 0 && j > 0) ways.push(least(i - 1, j - 1) + 2 * d(i, j));
      if (i > 0) ways.push(least(i - 1, j) + d(i, j));
      if (j > 0) ways.push(least(i, j - 1) + d(i, j));
      return Math.min(...ways);
    };
    assert.ok(Math.abs(dynamicTimeWarping(a, b) - least(3, 2) / 7) < 1e-12);
  });

  it('says which steps belong together, at the same distance', () => {
    const [a, b] = [sequence(0, 3, 1, 4, 4), sequence(1, 2, 5)];
    const { path, distance } = warpingPath(a, b);
    assert.equal(distance, dynamicTimeWarping(a, b));
    assert.deepEqual(
      [path[0], path.at(-1)],
      [
        [0, 0],
        [4, 2],
      ],
    );
    for (const [k, [i, j]] of path.slice(1).entries()) {
      const [i0, j0] = path[k]!;
      assert.ok(i - i0 <= 1 && j - j0 <= 1 && i + j > i0 + j0, `${i0},${j0} to ${i},${j}`);
    }
    const slow = warpingPath(sequence(1, 2, 3), sequence(1, 1, 2, 2, 3)).path;
    for (const [i, j] of slow) assert.equal([1, 2, 3][i], [1, 1, 2, 2, 3][j]);
  });

  it('refuses sequences of different features', () => {
    for (const compare of [dynamicTimeWarping, warpingPath])
      assert.throws(() => compare(sequence(1), tensor([[1]])), { name: 'ShapeError' });
  });
});

describe('features of a voice', () => {
  it('show louder speech as higher energy, not as another sound', () => {
    const { samples } = speakDigits('8');
    const mel = (scale: number): Tensor =>
      melSpectrogram(
        samples.map((one) => scale * one),
        { sampleRate: 16_000 },
      );
    const [soft, loud] = [mel(0.1), mel(1)];
    const rise = loud.data.map((one, i) => one - soft.data[i]!);
    const voiced = rise.filter((_, i) => soft.data[i]! > -10);
    voiced.forEach((one) => assert.ok(Math.abs(one - Math.log(100)) < 1e-3));
  });
});
