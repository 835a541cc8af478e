import assert from 'node:assert/strict';
import fc from 'fast-check';
import { parseMidi as readEvents } from 'midi-file';
import {
  beatToSeconds,
  parseMidi,
  pianoRoll,
  rollToNotes,
  toMidi,
} from '../../../kernel/io/index.js';

/** The example of "Standard MIDI files 1.0": format 0, 96 ticks per beat, running status, four notes. */
const example = Uint8Array.from(
  Buffer.from(
    [
      '4d546864 00000006 0000 0001 0060 4d54726b 0000003b 00ff580404021808 00ff510307a120 00c005 00c12e 00c246',
      '00923060 003c60 60914340 60904c20 8140823040 003c40 00814340 00804c40 00ff2f00',
    ]
      .join('')
      .replaceAll(' ', ''),
    'hex',
  ),
);

describe('parseMidi', () => {
  it('reads the example of the standard', () => {
    const { notes, tempos, metres, ticksPerBeat } = parseMidi(example);
    assert.equal(ticksPerBeat, 96);
    assert.deepEqual(metres, [{ beat: 0, beats: 4, unit: 4 }]);
    assert.deepEqual(tempos, [{ beat: 0, beatsPerMinute: 120 }]);
    assert.deepEqual(
      notes.map(({ pitch, start, duration, velocity, channel }) => [
        pitch,
        start,
        duration,
        velocity,
        channel,
      ]),
      [
        [48, 0, 4, 96, 2],
        [60, 0, 4, 96, 2],
        [67, 1, 3, 64, 1],
        [76, 2, 2, 32, 0],
      ],
    );
  });

  it('ends notes that are struck again one by one, and those that never end at the end of the track', () => {
    const file = toMidi([
      { pitch: 60, start: 0, duration: 2 },
      { pitch: 60, start: 1, duration: 3 },
      { pitch: 64, start: 1, duration: 1 },
    ]);
    // The note-off of 64 becomes one of a note that does not sound.
    const at = file.findLastIndex((byte, i) => byte === 64 && file[i - 1] === 0x80);
    file[at] = 65;
    assert.deepEqual(
      parseMidi(file).notes.map(({ pitch, start, duration }) => [pitch, start, duration]),
      [
        [60, 0, 2],
        [60, 1, 3],
        [64, 1, 3],
      ],
    );
  });

  it('says what is wrong with a file', () => {
    assert.throws(() => parseMidi(new Uint8Array(3)), /expected the bytes of a MIDI file/);
    assert.throws(() => parseMidi(example.subarray(0, 40)), {
      name: 'FileFormatError',
      message: 'parseMidi: the file is cut off in track 1 of 1',
    });
    for (let length = 0; length < example.length; length++)
      assert.throws(() => parseMidi(example.subarray(0, length)), { name: 'FileFormatError' });
    const frames = example.slice();
    frames.set([0xe7, 0x28], 12);
    assert.throws(() => parseMidi(frames), /got film frames/);
  });
});

describe('beatToSeconds', () => {
  it('follows the changes of tempo', () => {
    const tempos = [
      { beat: 0, beatsPerMinute: 60 },
      { beat: 4, beatsPerMinute: 120 },
    ];
    assert.deepEqual(
      [0, 2, 4, 6].map((beat) => beatToSeconds(beat, tempos)),
      [0, 2, 4, 5],
    );
    assert.equal(beatToSeconds(3, []), 1.5);
    assert.equal(beatToSeconds(4, [{ beat: 2, beatsPerMinute: 60 }]), 1 + 2);
  });
});

describe('toMidi', () => {
  const notes = fc.uniqueArray(
    fc.record(
      {
        pitch: fc.integer({ min: 0, max: 127 }),
        start: fc.integer({ min: 0, max: 64 }).map((step) => step / 16),
        duration: fc.integer({ min: 1, max: 16 }).map((step) => step / 16),
        velocity: fc.integer({ min: 1, max: 127 }),
        channel: fc.integer({ min: 0, max: 15 }),
        track: fc.integer({ min: 0, max: 2 }),
      },
      { noNullPrototype: true },
    ),
    { maxLength: 12, selector: ({ pitch, channel, track }) => `${pitch} ${channel} ${track}` },
  );

  it('writes what parseMidi reads', () => {
    fc.assert(
      fc.property(notes, fc.integer({ min: 20, max: 300 }), (list, tempo) => {
        const music = parseMidi(toMidi(list, { tempo, ticksPerBeat: 96 }));
        const key = (note: (typeof list)[number]) =>
          JSON.stringify([note.start, note.pitch, note.channel, note.track]);
        const sorted = (some: typeof list) => [...some].sort((a, b) => (key(a) < key(b) ? -1 : 1));
        assert.deepEqual(
          sorted(music.notes.map((note) => ({ ...note, track: note.track - 1 }))),
          sorted(list),
        );
        assert.ok(Math.abs(music.tempos[0]!.beatsPerMinute - tempo) < 0.01);
      }),
      { seed: 1 },
    );
  });

  it('ends a note before the next one on its pitch starts', () => {
    const file = toMidi([
      { pitch: 60, start: 1, duration: 1 },
      { pitch: 60, start: 0, duration: 1 },
    ]);
    const types = readEvents(file).tracks[1]!.map(({ type }) => type);
    assert.deepEqual(types, ['noteOn', 'noteOff', 'noteOn', 'noteOff', 'endOfTrack']);
  });

  it('keeps repeated notes apart, and a note of no length audible', () => {
    const again = (list: { pitch: number; start: number; duration: number }[]) =>
      parseMidi(toMidi(list)).notes.map(({ start, duration }) => [start, duration]);
    assert.deepEqual(
      again([
        { pitch: 60, start: 1, duration: 1 },
        { pitch: 60, start: 0, duration: 1 },
      ]),
      [
        [0, 1],
        [1, 1],
      ],
    );
    assert.deepEqual(again([{ pitch: 60, start: 0, duration: 0 }]), [[0, 1 / 480]]);
  });

  it('refuses notes that no instrument plays', () => {
    const note = { pitch: 60, start: 0, duration: 1 };
    assert.throws(
      () => toMidi([note, { ...note, pitch: 128 }]),
      /pitch of note 1 must be an integer from 0 to 127, got 128/,
    );
    assert.throws(
      () => toMidi([{ ...note, velocity: 0 }]),
      /velocity of note 0 must be an integer from 1 to 127/,
    );
    assert.throws(
      () => toMidi([{ ...note, start: -1 }]),
      /start of note 0 must be zero or more beats, got -1/,
    );
    assert.throws(() => toMidi([note], { tempo: 0 }), /tempo must be a positive number/);
  });
});

describe('pianoRoll', () => {
  it('shows what sounds at each step, and comes back as notes', () => {
    const list = [
      { pitch: 60, start: 0, duration: 1 },
      { pitch: 64, start: 0.5, duration: 0.01 },
      { pitch: 62, start: 1, duration: 0.5 },
    ];
    const options = { stepsPerBeat: 2, lowest: 60, highest: 64 };
    const roll = pianoRoll(list, options);
    assert.deepEqual(roll.toNested(), [
      [1, 0, 0, 0, 0],
      [1, 0, 0, 0, 1],
      [0, 0, 1, 0, 0],
    ]);
    assert.deepEqual(rollToNotes(roll, options), [
      { pitch: 60, start: 0, duration: 1 },
      { pitch: 64, start: 0.5, duration: 0.5 },
      { pitch: 62, start: 1, duration: 0.5 },
    ]);
    assert.deepEqual(pianoRoll(parseMidi(example).notes).shape, [16, 88]);
  });

  it('refuses what is out of range', () => {
    assert.throws(() => pianoRoll([]), /expected at least one note, got none/);
    assert.throws(
      () => pianoRoll([{ pitch: 5, start: 0, duration: 1 }]),
      /pitch 5 is out of range, expected 21 to 108/,
    );
    assert.throws(
      () => rollToNotes(pianoRoll([{ pitch: 60, start: 0, duration: 1 }]), { lowest: 0 }),
      /the roll is \[4, 88\], expected \[T, 109\]/,
    );
  });
});
