import { OptionError, ShapeError } from '../rnn/errors.js';
import { showShape } from '../rnn/ndarray.js';
import { checkOptions, is, optional } from '../rnn/options.js';
import { Tensor } from '../rnn/tensor.js';
import type { Note, NoteToWrite } from './midi.js';

/** Options of `pianoRoll` and `rollToNotes`. */
export interface PianoRollOptions {
  /** Time steps in a beat. Default 4. */
  stepsPerBeat?: number;
  /** Lowest pitch. Default 21, the lowest key of a piano. */
  lowest?: number;
  /** Highest pitch. Default 108, the highest key of a piano. */
  highest?: number;
}

const rollOptions = {
  stepsPerBeat: optional(is.positiveInteger),
  lowest: optional(is.nonNegative),
  highest: optional(is.positive),
};

/**
 * Which pitches sound at each time step, 1 or 0: what models of polyphonic music read and predict.
 *
 * @returns `[T, highest − lowest + 1]` (float32), T up to the end of the last note
 * @throws OptionError if there is no note, or one is out of the range of pitches
 */
export function pianoRoll(
  notes: readonly Pick<Note, 'pitch' | 'start' | 'duration'>[],
  options: PianoRollOptions = {},
): Tensor {
  checkOptions('pianoRoll', options, rollOptions);
  const { stepsPerBeat = 4, lowest = 21, highest = 108 } = options;
  if (notes.length === 0) throw new OptionError('pianoRoll: expected at least one note, got none');
  const spans = notes.map(({ pitch, start, duration }) => {
    if (pitch < lowest || pitch > highest)
      throw new OptionError(
        `pianoRoll: pitch ${pitch} is out of range, expected ${lowest} to ${highest}`,
      );
    const from = Math.round(start * stepsPerBeat);
    // A short note sounds for one time step rather than not at all.
    return { pitch, from, to: Math.max(from + 1, Math.round((start + duration) * stepsPerBeat)) };
  });
  const width = highest - lowest + 1;
  const timeSteps = spans.reduce((most, { to }) => Math.max(most, to), 0);
  const data = new Float32Array(timeSteps * width);
  for (const { pitch, from, to } of spans)
    for (let t = from; t < to; t++) data[t * width + pitch - lowest] = 1;
  return new Tensor(data, [timeSteps, width]);
}

/**
 * The notes of a piano roll, one for each run of time steps in which a pitch sounds: for `toMidi`.
 * @param roll `[T, pitches]`; what is above ½ sounds
 * @throws ShapeError for another number of pitches
 */
export function rollToNotes(roll: Tensor, options: PianoRollOptions = {}): NoteToWrite[] {
  checkOptions('rollToNotes', options, rollOptions);
  const { stepsPerBeat = 4, lowest = 21, highest = 108 } = options;
  const width = highest - lowest + 1;
  if (roll.shape.length !== 2 || roll.shape[1] !== width)
    throw new ShapeError(
      `rollToNotes: the roll is ${showShape(roll.shape)}, expected [T, ${width}]`,
    );
  const timeSteps = roll.shape[0]!;
  const sounds = (t: number, k: number): boolean =>
    t < timeSteps && roll.data[t * width + k]! > 0.5;
  const notes: NoteToWrite[] = [];
  for (let t = 0; t < timeSteps; t++)
    for (let k = 0; k < width; k++) {
      if (!sounds(t, k) || (t > 0 && sounds(t - 1, k))) continue;
      let end = t + 1;
      while (sounds(end, k)) end++;
      notes.push({
        pitch: lowest + k,
        start: t / stepsPerBeat,
        duration: (end - t) / stepsPerBeat,
      });
    }
  return notes;
}
