/** The music lines of a tune in ABC notation: text → what stands there, one after the other. */
import { FileFormatError } from '../fileFormatError.js';
import { semitones, type Signature } from './key.js';

/** What holds while a line is read. */
export interface Reading extends Signature {
  title: string;
  /** Beats of a note without a number. */
  unit: number;
  isCompound: boolean;
  /** Accidentals since the bar line, by letter and octave. */
  accidentals: Map<string, number>;
}

/** Notes that begin together (none for a rest), a bar line, or what a repeat is made of. */
export type Item =
  | { kind: 'notes'; pitches: number[]; beats: number; isTied: boolean; line: number }
  | { kind: 'bar' }
  | { kind: 'repeatFrom' }
  | { kind: 'repeat' }
  | { kind: 'ending'; passes: number[] };

const length = String.raw`(\d*)((?:\/+\d*)?)`;
const note = String.raw`(\^\^|\^|__|_|=)?([A-Ga-g])([,']*)`;
/** What is written around notes and does not change them: grace notes, ornaments, chord names, bows, spaces. */
const skipped = /\{[^}]*\}|![^!]*!|"[^"]*"|[~.uvHLMOPSTy`)\s*]|\((?!\d)/y;
const patterns = {
  skipped,
  bar: /:\|\]?|\|:+|:{2,}|:\|:|\|{1,2}\]?|\[\||\|\]/y,
  ending: /\[?(\d(?:[,-]\d)*)(?=[^/\d])/y,
  tuplet: /\((\d)(?::(\d?))?(?::(\d?))?/y,
  chord: new RegExp(String.raw`\[((?:${note}${length})+)\]${length}`, 'y'),
  note: new RegExp(`${note}${length}`, 'y'),
  rest: new RegExp(`[zxZ]${length}`, 'y'),
  tie: /-/y,
  broken: />+|<+/y,
};

/** @throws FileFormatError for what is no ABC */
export function readLine(text: string, line: number, reading: Reading): Item[] {
  const reader = new LineReader(text, line, reading);
  return reader.read();
}

class LineReader {
  readonly #items: Item[] = [];
  #at = 0;
  /** Notes still to come of a tuplet, and what their lengths are multiplied by. */
  #tuplet = { left: 0, factor: 1 };
  /** What a `>` or `<` before does to the next note. */
  #nextFactor = 1;

  constructor(
    readonly text: string,
    readonly line: number,
    readonly reading: Reading,
  ) {}

  read(): Item[] {
    const readers: [keyof typeof patterns, (found: RegExpExecArray) => void][] = [
      ['skipped', () => undefined],
      ['bar', ([bar]) => this.#readBar(bar)],
      ['chord', (found) => this.#readChord(found)],
      ['ending', ([, numbers]) => this.#items.push({ kind: 'ending', passes: toPasses(numbers!) })],
      ['tuplet', ([, count, time, notes]) => this.#readTuplet(count!, time, notes)],
      ['note', (found) => this.#add([this.#toPitch(found)], toFactor(found[4], found[5]))],
      ['rest', ([, number, fraction]) => this.#add([], toFactor(number, fraction))],
      ['tie', () => this.#tie()],
      ['broken', ([marks]) => this.#break(marks)],
    ];
    while (this.#at < this.text.length) {
      const reader = readers.find(([name, act]) => {
        const found = this.#match(patterns[name]);
        if (found) act(found);
        return found;
      });
      if (!reader)
        throw new FileFormatError(
          `parseAbc: ${this.#place()}: expected notes, rests and bar lines, got '${this.text.slice(this.#at, this.#at + 10)}'`,
        );
    }
    return this.#items;
  }

  #match(pattern: RegExp): RegExpExecArray | null {
    pattern.lastIndex = this.#at;
    const found = pattern.exec(this.text);
    if (found) this.#at = pattern.lastIndex;
    return found;
  }

  #place(): string {
    return `'${this.reading.title}', music line ${this.line + 1}`;
  }

  #readBar(bar: string): void {
    this.reading.accidentals.clear();
    if (bar.startsWith(':')) this.#items.push({ kind: 'repeat' });
    this.#items.push({ kind: 'bar' });
    if (bar.endsWith(':') && bar.length > 1) this.#items.push({ kind: 'repeatFrom' });
  }

  #readChord([whole, , ...rest]: RegExpExecArray): void {
    const pitches: number[] = [];
    let factor = 1;
    for (const found of whole.matchAll(new RegExp(`${note}${length}`, 'g'))) {
      if (pitches.length === 0) factor = toFactor(found[4], found[5]);
      pitches.push(this.#toPitch(found));
    }
    this.#add(pitches, factor * toFactor(rest.at(-2), rest.at(-1)));
  }

  #readTuplet(count: string, time?: string, notes?: string): void {
    const p = Number(count);
    const usual = { 2: 3, 3: 2, 4: 3, 6: 2, 8: 3 }[p] ?? (this.reading.isCompound ? 3 : 2);
    this.#tuplet = { left: Number(notes) || p, factor: (Number(time) || usual) / p };
  }

  #add(pitches: number[], factor: number): void {
    let beats = this.reading.unit * factor * this.#nextFactor;
    this.#nextFactor = 1;
    if (this.#tuplet.left > 0) {
      this.#tuplet.left--;
      beats *= this.#tuplet.factor;
    }
    this.#items.push({ kind: 'notes', pitches, beats, isTied: false, line: this.line });
  }

  #lastNote(mark: string): Item & { kind: 'notes' } {
    const last = this.#items.at(-1);
    if (last?.kind !== 'notes')
      throw new FileFormatError(`parseAbc: ${this.#place()}: '${mark}' follows no note`);
    return last;
  }

  #tie(): void {
    this.#lastNote('-').isTied = true;
  }

  /** a>b is a dotted note and a short one, a>>b a twice dotted one; < the other way round. */
  #break(marks: string): void {
    const short = 0.5 ** marks.length;
    const isLongFirst = marks.startsWith('>');
    this.#lastNote(marks).beats *= isLongFirst ? 2 - short : short;
    this.#nextFactor = isLongFirst ? short : 2 - short;
  }

  #toPitch([, accidental, letter = '', octaves = '']: RegExpExecArray): number {
    const name = letter.toUpperCase();
    const octave =
      (letter === name ? 0 : 1) + octaves.split("'").length - octaves.split(',').length;
    const key = `${name}${octave}`;
    if (accidental)
      this.reading.accidentals.set(
        key,
        { '^': 1, '^^': 2, _: -1, __: -2, '=': 0 }[accidental] ?? 0,
      );
    const alter = this.reading.accidentals.get(key) ?? this.reading.alters[name]!;
    return 60 + 12 * octave + semitones[name]! + alter;
  }
}

/** `3`, `/`, `//`, `3/2`, `/4` */
function toFactor(number = '', fraction = ''): number {
  const slashes = fraction.replace(/\d/g, '').length;
  const below = fraction.slice(slashes);
  return (Number(number) || 1) / (below ? Number(below) : 2 ** slashes);
}

/** `1`, `1,3`, `1-3` */
const toPasses = (numbers: string): number[] =>
  numbers.split(',').flatMap((part) => {
    const [from = 1, to = from] = part.split('-').map(Number);
    return Array.from({ length: to - from + 1 }, (_, i) => from + i);
  });
