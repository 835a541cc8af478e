import { OptionError } from '../../rnn/errors.js';
import { correlation } from '../../rnn/metrics/prediction.js';
import type { TuneKey } from '../abc/key.js';
import type { Note } from '../midi.js';

/** A key that was found, and how well the notes fit it. */
export interface FoundKey extends TuneKey {
  mode: 'major' | 'minor';
  /** From −1 to 1. */
  correlation: number;
}

/** How well listeners say that each pitch class fits C major and C minor. */
const profiles = {
  major: [6.35, 2.23, 3.48, 2.33, 4.38, 4.09, 2.52, 5.19, 2.39, 3.66, 2.29, 2.88],
  minor: [6.33, 2.68, 3.52, 5.38, 2.6, 3.53, 2.54, 4.75, 3.98, 2.69, 3.34, 3.17],
} as const;
const modes = ['major', 'minor'] as const;

/**
 * The major or minor key that notes are in, by Krumhansl and Schmuckler's algorithm: how long each pitch class sounds is correlated
 * with the profile of each of the 24 keys.
 *
 *     key = argmax over k, m of corr(d, profile_m(· − k)),   d_p = Σ durations of pitch class p
 *
 * Where all pitch classes sound equally long there is nothing to tell keys by, and C major is the answer, with correlation 0.
 *
 * Sources: C. L. Krumhansl, "Cognitive foundations of musical pitch", Oxford 1990, chapter 4; the profiles C. L. Krumhansl, E. J.
 * Kessler, Psychological Review 89, 1982
 *
 * @throws OptionError for no note
 */
export function findKey(notes: readonly Pick<Note, 'pitch' | 'duration'>[]): FoundKey {
  if (notes.length === 0) throw new OptionError('findKey: expected a note or more, got none');
  const sounding = new Float64Array(12);
  for (const { pitch, duration } of notes) sounding[pitch % 12]! += duration;
  let best: FoundKey = { tonic: 0, mode: 'major', correlation: -Infinity };
  for (const mode of modes)
    for (let tonic = 0; tonic < 12; tonic++) {
      const profile = sounding.map((_, pitch) => profiles[mode][(pitch - tonic + 12) % 12]!);
      const fit = correlation(sounding, profile);
      if (fit > best.correlation) best = { tonic, mode, correlation: fit };
    }
  return best;
}
