import assert from 'node:assert/strict';
import { griffinLim, melSpectrogram, speakDigits } from '../../../kernel/io/index.js';
import { randn, type Tensor } from '../../../kernel/rnn/index.js';

const sampleRate = 16_000;
const sizes = { sampleRate, windowLength: 512, hopLength: 128 };

/** Mean distance of two log-mel spectrograms where there is sound, in nepers of power. */
function distance(a: Tensor, b: Tensor): number {
  let [sum, count] = [0, 0];
  for (let i = 0; i < Math.min(a.size, b.size); i++) {
    if (a.data[i]! < -8) continue;
    sum += Math.abs(a.data[i]! - b.data[i]!);
    count++;
  }
  return sum / count;
}

describe('griffinLim', () => {
  const { samples } = speakDigits('37');
  const mel = melSpectrogram(samples, { ...sizes, mels: 80 });

  it('gives a sound whose spectrogram is nearly the given one, nearer with each round', () => {
    const error = (iterations: number): number => {
      const sound = griffinLim(mel, { ...sizes, iterations });
      assert.equal(sound.length, (mel.shape[0]! - 1) * 128);
      return distance(mel, melSpectrogram(sound, { ...sizes, mels: 80 }));
    };
    const [few, many] = [error(1), error(40)];
    assert.ok(many < 0.6 * few, `${few} after one round, ${many} after 40`);
    assert.ok(many < 0.45, `${many}`);
  });

  it('brings a tone back as a tone of its frequency', () => {
    const tone = Float32Array.from(
      { length: sampleRate / 2 },
      (_, i) => 0.5 * Math.sin((2 * Math.PI * 440 * i) / sampleRate),
    );
    const sound = griffinLim(melSpectrogram(tone, { ...sizes, mels: 80, log: 'dB' }), {
      ...sizes,
      log: 'dB',
      iterations: 60,
    });
    let crossings = 0;
    const middle = sound.subarray(1600, 6400);
    for (let i = 1; i < middle.length; i++) if (middle[i - 1]! < 0 && middle[i]! >= 0) crossings++;
    const hertz = crossings / (middle.length / sampleRate);
    assert.ok(Math.abs(hertz - 440) < 25, `${hertz} Hz`);
  });

  it('is the same for the same seed', () => {
    const sound = (seed: number) => griffinLim(mel, { ...sizes, iterations: 2, seed });
    assert.deepEqual(sound(1), sound(1));
    assert.notDeepEqual(sound(1), sound(2));
  });

  it('refuses what it cannot undo', () => {
    assert.throws(() => griffinLim(randn([40]), sizes), { name: 'ShapeError' });
    assert.throws(() => griffinLim(mel, { ...sizes, fftSize: 600 }), {
      name: 'OptionError',
      message: /power of two, got 600/,
    });
  });
});
