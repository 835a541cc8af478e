import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { FileFormatError, parseAbc, type Tune } from '../../../kernel/io/index.js';

const parse = (music: string, head = 'K:C'): Tune =>
  parseAbc(`X:1\nT:Test\nM:4/4\nL:1/4\n${head}\n${music}`)[0]!;
const pitches = (music: string, head?: string): number[] =>
  parse(music, head).notes.map(({ pitch }) => pitch);
const durations = (music: string, head?: string): number[] =>
  parse(music, head).notes.map(({ duration }) => duration);

describe('parseAbc', () => {
  it('reads title, composer, group, key and metre of each tune', () => {
    const tunes = parseAbc(
      '% a book\nX:1\nT:One\nT:or Uno\nC:trad.\nG:family\nM:6/8\nK:Edor\nE3|]\n\nX:2\nT:Two\nM:C|\nK:Bb\nB4|]\n',
    );
    assert.deepEqual(
      tunes.map(({ title, composer, group, key, metre }) => ({
        title,
        composer,
        group,
        key,
        metre,
      })),
      [
        {
          title: 'One',
          composer: 'trad.',
          group: 'family',
          key: { tonic: 4, mode: 'dorian' },
          metre: { beats: 6, unit: 8 },
        },
        {
          title: 'Two',
          composer: '',
          group: '',
          key: { tonic: 10, mode: 'major' },
          metre: { beats: 2, unit: 2 },
        },
      ],
    );
  });

  it('reads octaves', () => {
    assert.deepEqual(pitches("C,,C,CBcc'"), [36, 48, 60, 71, 72, 84]);
  });

  const signatures: [key: string, scale: number[]][] = [
    ['C', [0, 2, 4, 5, 7, 9, 11]],
    ['G', [0, 2, 4, 6, 7, 9, 11]],
    ['A', [1, 2, 4, 6, 8, 9, 11]],
    ['C#', [1, 3, 5, 6, 8, 10, 12]],
    ['F', [0, 2, 4, 5, 7, 9, 10]],
    ['Eb', [0, 2, 3, 5, 7, 8, 10]],
    ['Cb', [-1, 1, 3, 4, 6, 8, 10]],
    ['Em', [0, 2, 4, 6, 7, 9, 11]],
    ['F#minor', [1, 2, 4, 6, 8, 9, 11]],
    ['Edor', [1, 2, 4, 6, 7, 9, 11]],
    ['D Mixolydian', [0, 2, 4, 6, 7, 9, 11]],
    ['Aphr', [0, 2, 4, 5, 7, 9, 10]],
    ['Flyd', [0, 2, 4, 5, 7, 9, 11]],
    ['B loc', [0, 2, 4, 5, 7, 9, 11]],
    ['none', [0, 2, 4, 5, 7, 9, 11]],
    ['G clef=bass', [0, 2, 4, 6, 7, 9, 11]],
  ];
  for (const [key, scale] of signatures)
    it(`knows the signature of K:${key}`, () => {
      assert.deepEqual(
        pitches('CDEFGAB', `K:${key}`),
        scale.map((semitone) => 60 + semitone),
      );
    });

  it('lets accidentals hold up to the bar line, in their octave', () => {
    assert.deepEqual(pitches('^FFf=F^^F__F|F', 'K:G'), [66, 66, 78, 65, 67, 63, 66]);
  });

  it('reads lengths, and takes the metre for their unit where none is given', () => {
    assert.deepEqual(durations('A2A3/2A/A//A/4A3'), [2, 1.5, 0.5, 0.25, 0.25, 3]);
    assert.equal(parseAbc('X:1\nM:3/4\nK:C\nC')[0]!.notes[0]!.duration, 0.5);
    assert.equal(parseAbc('X:1\nM:2/4\nK:C\nC')[0]!.notes[0]!.duration, 0.25);
  });

  it('reads broken rhythm, tuplets, ties, rests and chords', () => {
    assert.deepEqual(durations('A>AA<AA>>A'), [1.5, 0.5, 0.5, 1.5, 1.75, 0.25]);
    assert.deepEqual(durations('(3AAAA(3:2:2A2AA'), [2 / 3, 2 / 3, 2 / 3, 1, 4 / 3, 2 / 3, 1]);
    assert.deepEqual(durations('A2-A|A-|AB-A'), [3, 2, 1, 1]);
    assert.deepEqual(
      parse('Az2[CE]2B').notes.map(({ pitch, start, duration }) => [pitch, start, duration]),
      [
        [69, 0, 1],
        [60, 3, 2],
        [64, 3, 2],
        [71, 5, 1],
      ],
    );
  });

  const repeats: [music: string, played: string][] = [
    ['|:A|B:|C', 'ABABC'],
    ['A|B:|C|D:|', 'ABABCDCD'],
    ['|:A::B:|', 'AABB'],
    ['|:A|1B:|2C|D', 'ABACD'],
    ['|:A[1B:|[2C|]|:D:|', 'ABACDD'],
    ['|:A|1,3B:|2C:|4D|E', 'ABACABADE'],
  ];
  for (const [music, played] of repeats)
    it(`plays ${music} as ${played}`, () => {
      assert.deepEqual(pitches(music), pitches(played));
    });

  it('says where bars begin and which line a note stands in', () => {
    const { bars, notes } = parse('G|c2BA|G3\nG|A4|]\nw:la la la\n% the end\nc4|]');
    assert.deepEqual(bars, [0, 1, 5, 9, 13, 17]);
    assert.deepEqual(
      notes.map(({ line }) => line),
      [0, 0, 0, 0, 0, 1, 1, 2],
    );
  });

  it('passes over ornaments, grace notes, chord names, slurs and words', () => {
    assert.deepEqual(pitches('"Am"{B}~A !trill!(B .c) T d % e\nw:a b\nuG vA'), pitches('ABcdGA'));
  });

  it('lets key, metre and unit change within a tune', () => {
    assert.deepEqual(pitches('F|[K:G]F\nK:D\nC'), [65, 66, 61]);
    assert.deepEqual(durations('A[L:1/8]A'), [1, 0.5]);
    assert.deepEqual(parse('F|[K:G]F').key, { tonic: 0, mode: 'major' });
  });

  const refused: [text: string, message: RegExp][] = [
    ['just words', /found none/],
    ['X:1\nT:Odd\nK:H\nA', /expected a key such as G, Bb or Edor, got 'H'/],
    ['X:1\nK:Cxyz\nA', /expected a mode such as dorian, got 'xyz'/],
    ['X:1\nT:Odd\nK:C\nAB&C', /'Odd', music line 1: expected notes, .*got '&C'/],
    ['X:1\nT:Odd\nK:C\n-A', /'-' follows no note/],
    ['X:1\nM:4\nK:C\nA', /M: expected a fraction such as 1\/8, got '4'/],
    ['X:1\nT:Odd\nK:C\nV:2\nA', /'Odd' has several voices/],
    ['X:1\nT:Odd\nA', /'Odd' has no key/],
    ['X:1\nT:Odd\nK:C\n|:A[1B:|[3C|', /'Odd' has no ending for its repeat 2/],
  ];
  for (const [text, message] of refused)
    it(`refuses ${JSON.stringify(text)}`, () => {
      assert.throws(
        () => parseAbc(text),
        (error) => error instanceof FileFormatError && message.test(error.message),
      );
    });
});

describe('the melodies of the examples', () => {
  const file = new URL('../../../../examples/melodies.abc', import.meta.url);
  const tunes = parseAbc(readFileSync(fileURLToPath(file), 'utf8'));

  it('have full bars, but for a pickup and the bar that it is taken from', () => {
    for (const { title, metre, bars } of tunes) {
      const full = (metre!.beats * 4) / metre!.unit;
      const sizes = bars.slice(1).map((bar, i) => bar - bars[i]!);
      assert.ok(
        sizes.slice(1, -1).every((size) => size === full),
        `${title}: ${sizes.join(' ')}`,
      );
      const isWhole = sizes[0] === full && sizes.at(-1) === full;
      assert.ok(isWhole || (sizes[0]! < full && sizes.at(-1)! <= full), title);
    }
  });

  it('are more than sixty, each with a name of its own and in the range of a voice', () => {
    assert.ok(tunes.length > 60);
    assert.equal(new Set(tunes.map(({ title }) => title)).size, tunes.length);
    for (const { title, notes } of tunes)
      assert.ok(
        notes.every(({ pitch }) => pitch >= 50 && pitch <= 84),
        title,
      );
  });
});
