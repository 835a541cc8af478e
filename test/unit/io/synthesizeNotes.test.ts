import assert from 'node:assert/strict';
import { synthesizeNotes } from '../../../kernel/io/index.js';
import { OptionError } from '../../../kernel/rnn/errors.js';

const a4 = { pitch: 69, start: 0, duration: 1 };

/** How much of a frequency is in samples. */
function strength(samples: Float32Array, frequency: number, sampleRate: number): number {
  let [x, y] = [0, 0];
  samples.forEach((value, i) => {
    x += value * Math.cos((2 * Math.PI * frequency * i) / sampleRate);
    y += value * Math.sin((2 * Math.PI * frequency * i) / sampleRate);
  });
  return Math.hypot(x, y) / samples.length;
}
const loudness = (samples: Float32Array): number =>
  Math.sqrt(samples.reduce((sum, value) => sum + value * value, 0) / samples.length);

describe('synthesizeNotes', () => {
  it('plays the pitch with overtones and nothing between', () => {
    const samples = synthesizeNotes([a4], { sampleRate: 8000 });
    const at = (frequency: number) => strength(samples, frequency, 8000);
    assert.ok(at(440) > 0.02);
    assert.ok(at(880) > 0.005 && at(880) < at(440));
    assert.ok(at(660) < at(440) / 20, `${at(660)} at 660 Hz`);
  });

  it('leaves out overtones above half the sample rate', () => {
    const samples = synthesizeNotes([{ ...a4, pitch: 96 }], { sampleRate: 8000 });
    // The second overtone of 2093 Hz, 4186 Hz, would come back as 3814 Hz.
    assert.ok(strength(samples, 3814, 8000) < strength(samples, 2093, 8000) / 20);
  });

  it('places notes by the tempo, and falls silent between them', () => {
    const notes = [a4, { pitch: 60, start: 3, duration: 1 }];
    const samples = synthesizeNotes(notes, { tempo: 60, sampleRate: 1000 });
    assert.equal(samples.length, 4060);
    assert.equal(loudness(samples.subarray(1100, 3000)), 0);
    assert.ok(loudness(samples.subarray(3000, 3500)) > 0.05);
    const slower = [
      { beat: 0, beatsPerMinute: 60 },
      { beat: 2, beatsPerMinute: 30 },
    ];
    assert.equal(synthesizeNotes(notes, { tempo: slower, sampleRate: 1000 }).length, 6060);
  });

  it('is as loud as the velocity says, and never above 1', () => {
    const soft = loudness(synthesizeNotes([{ ...a4, velocity: 20 }]));
    const loud = loudness(synthesizeNotes([{ ...a4, velocity: 40 }]));
    assert.ok(Math.abs(loud / soft - 2) < 1e-4);
    const many = Array.from({ length: 12 }, () => ({ ...a4, velocity: 127 }));
    const loudest = synthesizeNotes(many).reduce((most, v) => Math.max(most, Math.abs(v)), 0);
    assert.ok(Math.abs(loudest - 1) < 1e-6, `${loudest}`);
  });

  it('begins and ends without a click', () => {
    const samples = synthesizeNotes([a4]);
    const tail = samples.subarray(-20);
    assert.ok(Math.abs(samples[0]!) < 1e-3 && tail.every((value) => Math.abs(value) < 1e-2));
  });

  it('refuses no notes, times that are none, and unknown options', () => {
    assert.throws(() => synthesizeNotes([]), OptionError);
    assert.throws(
      () => synthesizeNotes([a4, { ...a4, start: NaN }]),
      /synthesizeNotes: note 1 must have .* got 69, NaN and 1/,
    );
    assert.throws(() => synthesizeNotes([a4], { tempo: 0 }), /tempo must be a positive number/);
    assert.throws(() => synthesizeNotes([a4], { rate: 1 } as object), /unknown option 'rate'/);
  });
});
