import { FileFormatError } from '../fileFormatError.js';

/** The modes that have names. */
export type Mode = 'major' | 'minor' | 'dorian' | 'phrygian' | 'lydian' | 'mixolydian' | 'locrian';

/** What a tune is in. */
export interface TuneKey {
  /** Pitch class of the first degree: 0 is C, 11 is B. */
  tonic: number;
  mode: Mode;
}

/** Sharps less those of the major scale of the same tonic, by the first letters of the mode. */
const modes: [start: string, mode: Mode, sharps: number][] = [
  ['maj', 'major', 0],
  ['ion', 'major', 0],
  ['mix', 'mixolydian', -1],
  ['dor', 'dorian', -2],
  ['min', 'minor', -3],
  ['aeo', 'minor', -3],
  ['phr', 'phrygian', -4],
  ['loc', 'locrian', -5],
  ['lyd', 'lydian', 1],
];
/** In the order in which sharps are added to a signature; flats come from the other end. */
const fifths = 'FCGDAEB';
/** Semitones above C. */
export const semitones: Readonly<Record<string, number>> = {
  C: 0,
  D: 2,
  E: 4,
  F: 5,
  G: 7,
  A: 9,
  B: 11,
};

/** A key and what it does to the seven letters. */
export interface Signature {
  key: TuneKey;
  /** Semitones added to a letter. */
  alters: Readonly<Record<string, number>>;
}

/**
 * Reads what stands behind `K:`: `G`, `Bb`, `F#m`, `Edor`, `A mixolydian`; nothing or `none` is C major.
 * @throws FileFormatError for anything else
 */
export function parseKey(text: string): Signature {
  const given = text.trim().replace(/^none$/i, '');
  // What follows are clefs and the like.
  const found = /^([A-G])([#b]?)\s*([a-z]*)(?:\s|$)/i.exec(given === '' ? 'C' : given);
  if (!found)
    throw new FileFormatError(`parseAbc: expected a key such as G, Bb or Edor, got '${given}'`);
  const [, letter = '', accidental = '', word = ''] = found;
  const name = word.toLowerCase();
  const isClef = /^(clef|treble|bass|alto|tenor|octave|transpose|middle|staff)/.test(name);
  const start = name === 'm' ? 'min' : name === '' || isClef ? 'maj' : name.slice(0, 3);
  const mode = modes.find(([one]) => one === start);
  if (!mode)
    throw new FileFormatError(`parseAbc: expected a mode such as dorian, got '${word}' in a key`);
  const shift = { '': 0, '#': 1, b: -1 }[accidental] ?? 0;
  const tonic = letter.toUpperCase();
  const sharps = fifths.indexOf(tonic) - 1 + 7 * shift + mode[2];
  const alters: Record<string, number> = {};
  for (let i = 0; i < 7; i++)
    alters[fifths[i]!] =
      sharps > 0 ? Math.ceil((sharps - i) / 7) : -Math.ceil((-sharps - (6 - i)) / 7);
  return { key: { tonic: (semitones[tonic]! + shift + 12) % 12, mode: mode[1] }, alters };
}
