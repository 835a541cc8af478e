import assert from 'node:assert/strict';
import { findKey, keyName, pitchName, skyline } from '../../../kernel/io/index.js';

const notes = (...pitches: number[]) =>
  pitches.map((pitch, start) => ({ pitch, start, duration: 1, channel: 0 }));

describe('names of pitches and keys', () => {
  it('are those of musicians', () => {
    assert.deepEqual([60, 66, 70, 21, 108, 0].map(pitchName), [
      'C4',
      'F♯4',
      'B♭4',
      'A0',
      'C8',
      'C-1',
    ]);
    assert.equal(keyName({ tonic: 3, mode: 'minor' }), 'E♭ minor');
  });

  it('are refused to what has none', () => {
    for (const odd of [-1, 60.5, NaN]) assert.throws(() => pitchName(odd), { name: 'OptionError' });
    assert.throws(() => keyName({ tonic: 12, mode: 'major' }), {
      message: 'keyName: expected a tonic from 0 (C) to 11 (B), got 12',
    });
  });
});

describe('the key of notes', () => {
  // A tune with its tonic at the end, and a minor one with its leading note.
  const major = [0, 2, 4, 0, 4, 5, 7, 7, 9, 7, 5, 4, 0, 0];
  const minor = [0, 3, 7, 8, 7, 5, 3, 2, 0, 11, 0, 0];

  it('is found wherever a tune is moved to', () => {
    for (let tonic = 0; tonic < 12; tonic++) {
      const at = (tune: number[]) => findKey(notes(...tune.map((one) => 60 + tonic + one)));
      assert.equal(keyName(at(major)), keyName({ tonic, mode: 'major' }));
      assert.equal(keyName(at(minor)), keyName({ tonic, mode: 'minor' }));
      assert.ok(at(major).correlation > 0.7);
    }
  });

  it('hears long notes more than short ones', () => {
    const chord = (long: number) =>
      [60, 64, 67, 69].map((pitch) => ({ pitch, duration: pitch === long ? 4 : 1 }));
    assert.equal(findKey(chord(60)).tonic, 0);
    assert.deepEqual([findKey(chord(69)).tonic, findKey(chord(69)).mode], [9, 'minor']);
  });

  it('is refused to no note', () => {
    assert.throws(() => findKey([]), { name: 'OptionError' });
  });
});

describe('the skyline', () => {
  it('is the highest of the notes that begin together, each until the next', () => {
    const music = [
      { pitch: 48, start: 2, duration: 4, channel: 1 },
      { pitch: 72, start: 2, duration: 1, channel: 0 },
      { pitch: 74, start: 3.49, duration: 0.5, channel: 0 },
      { pitch: 90, start: 2, duration: 1, channel: 9 },
    ];
    assert.deepEqual(skyline(music), [
      { pitch: 72, start: 0, duration: 1.5 },
      { pitch: 74, start: 1.5, duration: 2.5 },
    ]);
    assert.deepEqual(skyline(music, { stepsPerBeat: 1 })[0], { pitch: 72, start: 0, duration: 1 });
  });

  it('is empty where there is no note', () => {
    assert.deepEqual(skyline([]), []);
  });
});
