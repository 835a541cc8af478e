import { checkOptions, is, optional } from '../../rnn/options.js';
import type { Note } from '../midi.js';

/** Options of `skyline`. */
export interface SkylineOptions {
  /** Notes begin at whole multiples of a beat over this. Default 4, sixteenths. */
  stepsPerBeat?: number;
}

const drums = 9;

/**
 * The melody of music in several voices: of the notes that begin together the highest, which lasts until the next one begins. Drums are
 * left out, and the first note begins at 0.
 *
 * Source: the skyline algorithm, A. Uitdenbogerd, J. Zobel, "Melodic matching techniques for large music databases", ACM
 * Multimedia 1999
 *
 * @param notes as `parseMidi` gives them
 * @returns times in beats, by start; empty where there is no note
 */
export function skyline(
  notes: readonly Pick<Note, 'pitch' | 'start' | 'duration' | 'channel'>[],
  options: SkylineOptions = {},
): Pick<Note, 'pitch' | 'start' | 'duration'>[] {
  checkOptions('skyline', options, { stepsPerBeat: optional(is.positiveInteger) });
  const { stepsPerBeat = 4 } = options;
  const highest = new Map<number, number>();
  let end = 0;
  for (const { pitch, start, duration, channel } of notes) {
    if (channel === drums) continue;
    const step = Math.round(start * stepsPerBeat);
    highest.set(step, Math.max(pitch, highest.get(step) ?? 0));
    end = Math.max(end, step + 1, Math.round((start + duration) * stepsPerBeat));
  }
  const begins = [...highest.keys()].sort((a, b) => a - b);
  return begins.map((begin, i) => ({
    pitch: highest.get(begin)!,
    start: (begin - begins[0]!) / stepsPerBeat,
    duration: ((begins[i + 1] ?? end) - begin) / stepsPerBeat,
  }));
}
