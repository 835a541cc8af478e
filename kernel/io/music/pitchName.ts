import { OptionError } from '../../rnn/errors.js';
import type { TuneKey } from '../abc/key.js';

const names = ['C', 'C♯', 'D', 'E♭', 'E', 'F', 'F♯', 'G', 'A♭', 'A', 'B♭', 'B'];

/**
 * What a pitch is called: 60 is `'C4'`, middle C. Of two names for a black key, the one that is used more often.
 * @param pitch as in MIDI, from 0
 * @throws OptionError unless it is a whole number from 0
 */
export function pitchName(pitch: number): string {
  if (!Number.isInteger(pitch) || pitch < 0)
    throw new OptionError(`pitchName: expected a whole number from 0, got ${pitch}`);
  return `${names[pitch % 12]!}${Math.floor(pitch / 12) - 1}`;
}

/**
 * What a key is called: `'E♭ major'`.
 * @throws OptionError unless its tonic is a whole number from 0 to 11
 */
export function keyName({ tonic, mode }: TuneKey): string {
  const name = names[tonic];
  if (name === undefined)
    throw new OptionError(`keyName: expected a tonic from 0 (C) to 11 (B), got ${tonic}`);
  return `${name} ${mode}`;
}
