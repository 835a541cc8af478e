import { FileFormatError } from '../fileFormatError.js';
import type { Note } from '../midi.js';
import { parseKey, type TuneKey } from './key.js';
import { readLine, type Item, type Reading } from './music.js';

/** How many notes of what kind are in a bar: 6 and 8 for 6/8. */
export interface Metre {
  beats: number;
  unit: number;
}

/** One note of a tune; times in beats (quarter notes). */
export interface TuneNote extends Pick<Note, 'pitch' | 'start' | 'duration'> {
  /** The line of music that it stands in, from 0. */
  line: number;
}

/** A tune as it is played, repeats included. */
export interface Tune {
  title: string;
  /** What stands behind `C:`; empty where there is none. */
  composer: string;
  /** What stands behind `G:`: tunes that belong together; empty where there is none. */
  group: string;
  key: TuneKey;
  /** As at the beginning; undefined where it is free. */
  metre: Metre | undefined;
  /** By start, then as they are written. */
  notes: TuneNote[];
  /** Where bars begin, in beats; the last one is the end. */
  bars: number[];
}

/**
 * Reads tunes in ABC notation, the way in which folk tunes are written down as text: `GFED|GAB2|`.
 *
 * Understood are the fields `X T C G M L K`, `M L K` within a tune too, notes, accidentals (which hold up to the bar
 * line), octaves, lengths, rests, chords, ties, broken rhythm (`>`), tuplets, bar lines, repeats with endings. Ornaments,
 * grace notes, chord names and words are passed over.
 * Source: C. Walshaw, "The ABC music standard 2.1", 2011, https://abcnotation.com/wiki/abc:standard:v2.1
 *
 * @throws FileFormatError for text that is no ABC, and for tunes of several voices
 */
export function parseAbc(text: string): Tune[] {
  const tunes = text
    .replaceAll('\r', '')
    .split(/\n(?=X:)/)
    .filter((part) => /^[XK]:/m.test(part));
  if (tunes.length === 0)
    throw new FileFormatError('parseAbc: expected a tune with fields X: and K:, found none');
  return tunes.map(parseTune);
}

interface TuneState extends Omit<Tune, 'notes' | 'bars'>, Reading {
  isUnitGiven: boolean;
}

function parseTune(text: string): Tune {
  const state: TuneState = {
    ...parseKey('C'),
    title: '',
    composer: '',
    group: '',
    metre: undefined,
    unit: 0.5,
    isUnitGiven: false,
    isCompound: false,
    accidentals: new Map(),
  };
  let body: { key: TuneKey; metre: Metre | undefined } | undefined;
  const items: Item[] = [];
  let line = 0;
  for (const raw of text.split('\n')) {
    // A percent sign begins a comment.
    const content = raw.replace(/(^|[^\\])%.*/, '$1').trim();
    const [, field, value = ''] = /^([A-Za-z]):\s*(.*)$/.exec(content) ?? [];
    if (field !== undefined) {
      readField(field, value, state);
      if (field === 'K') body ??= { key: state.key, metre: state.metre };
    } else if (content !== '' && body) {
      items.push(...readMusic(content, line, state));
      if (!content.endsWith('\\')) line++;
    }
  }
  if (!body) throw new FileFormatError(`parseAbc: '${state.title}' has no key (K:)`);
  const { title, composer, group } = state;
  return { title, composer, group, ...body, ...place(unfold(items, title)) };
}

/** A line of music and the fields within, as `[K:G]`. */
function readMusic(content: string, line: number, state: TuneState): Item[] {
  const parts = content.replace(/\\$/, '').split(/\[([A-Za-z]:[^\]]*)\]/);
  return parts.flatMap((part, i) => {
    if (i % 2 === 0) return readLine(part, line, state);
    readField(part[0]!, part.slice(2), state);
    return [];
  });
}

function readField(field: string, value: string, state: TuneState): void {
  if (field === 'T') state.title ||= value.trim();
  else if (field === 'C') state.composer ||= value.trim();
  else if (field === 'G') state.group = value.trim();
  else if (field === 'K') Object.assign(state, parseKey(value));
  else if (field === 'L') {
    state.unit = 4 * toFraction(value, 'L');
    state.isUnitGiven = true;
  } else if (field === 'M') readMetre(value.trim(), state);
  else if (field === 'V' && !/^1\b/.test(value.trim()))
    throw new FileFormatError(`parseAbc: '${state.title}' has several voices, expected one`);
}

function readMetre(value: string, state: TuneState): void {
  const name = { C: '4/4', 'C|': '2/2', none: '', '': '' }[value] ?? value;
  if (name === '') {
    state.metre = undefined;
    return;
  }
  const size = toFraction(name, 'M');
  const [beats, unit] = name.split('/').map(Number) as [number, number];
  state.metre = { beats, unit };
  state.isCompound = beats > 3 && beats % 3 === 0;
  if (!state.isUnitGiven) state.unit = size < 0.75 ? 0.25 : 0.5;
}

function toFraction(text: string, field: string): number {
  const found = /^(\d+)\/(\d+)$/.exec(text.trim());
  if (!found || Number(found[1]) === 0 || Number(found[2]) === 0)
    throw new FileFormatError(
      `parseAbc: ${field}: expected a fraction such as 1/8, got '${text.trim()}'`,
    );
  return Number(found[1]) / Number(found[2]);
}

/** Repeats written out. */
function unfold(items: readonly Item[], title: string): Item[] {
  const played: Item[] = [];
  let from = 0;
  let pass = 1;
  for (let at = 0; at < items.length; at++) {
    const item = items[at]!;
    if (item.kind === 'repeatFrom') {
      from = at + 1;
      pass = 1;
    } else if (item.kind === 'repeat') {
      const isAgain = pass < passesOf(items, from);
      if (isAgain) pass++;
      else pass = 1;
      if (isAgain) at = from - 1;
      else from = at + 1;
    } else if (item.kind === 'ending' && !item.passes.includes(pass)) {
      const next = items.findIndex(
        (one, i) => i > at && one.kind === 'ending' && one.passes.includes(pass),
      );
      if (next < 0)
        throw new FileFormatError(`parseAbc: '${title}' has no ending for its repeat ${pass}`);
      at = next;
    } else if (item.kind !== 'ending') played.push(item);
  }
  return played;
}

/** How often the part that begins here is played: as its endings say, else twice. */
function passesOf(items: readonly Item[], from: number): number {
  const next = items.findIndex(({ kind }, i) => i >= from && kind === 'repeatFrom');
  const part = items.slice(from, next < 0 ? undefined : next);
  return Math.max(2, ...part.flatMap((item) => (item.kind === 'ending' ? item.passes : [])));
}

/** Times of notes and bars; tied notes are one. */
function place(items: readonly Item[]): Pick<Tune, 'notes' | 'bars'> {
  const notes: TuneNote[] = [];
  const bars = [0];
  let beat = 0;
  let tied: TuneNote[] = [];
  for (const item of items) {
    if (item.kind === 'bar' && beat > bars.at(-1)!) bars.push(beat);
    if (item.kind !== 'notes') continue;
    const { pitches, beats, isTied, line } = item;
    const sounding = pitches.map((pitch) => {
      const before = tied.find((one) => one.pitch === pitch);
      if (before) {
        before.duration += beats;
        return before;
      }
      const added = { pitch, start: beat, duration: beats, line };
      notes.push(added);
      return added;
    });
    tied = isTied ? sounding : [];
    beat += beats;
  }
  if (beat > bars.at(-1)!) bars.push(beat);
  return { notes, bars };
}
