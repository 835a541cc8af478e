import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import fc from 'fast-check';
import { BpeTokenizer, CharTokenizer, WordTokenizer } from '../../../kernel/rnn/index.js';
import { trainBpe } from '../../../kernel/rnn/data/trainBpe.js';
import { encodeUtf8, Utf8Decoder } from '../../../kernel/rnn/data/utf8.js';

/** Any string that JavaScript has, lone surrogates included. */
const anyText = fc.string({ unit: 'binary' });
const codeUnits = fc
  .array(fc.integer({ min: 0, max: 0xffff }))
  .map((units) => String.fromCharCode(...units));

describe('UTF-8', () => {
  it('is what TextEncoder and TextDecoder make of well-formed text', () => {
    fc.assert(
      fc.property(anyText, (text) => {
        const bytes = encodeUtf8(text);
        assert.deepEqual(bytes, [...new TextEncoder().encode(text)]);
        const decoder = new Utf8Decoder();
        const whole = decoder.push(bytes) + decoder.end();
        assert.equal(
          whole,
          new TextDecoder('utf-8', { ignoreBOM: true }).decode(Uint8Array.from(bytes)),
        );
      }),
      { seed: 1 },
    );
  });

  it('decodes byte after byte to the same text, and never fails on bytes that are no UTF-8', () => {
    fc.assert(
      fc.property(fc.uint8Array(), codeUnits, (noise, text) => {
        for (const bytes of [Array.from(noise), encodeUtf8(text)]) {
          const [whole, apart] = [new Utf8Decoder(), new Utf8Decoder()];
          const expected = whole.push(bytes) + whole.end();
          assert.equal(bytes.map((byte) => apart.push([byte])).join('') + apart.end(), expected);
        }
        const decoder = new Utf8Decoder();
        assert.equal(decoder.push(encodeUtf8(text)) + decoder.end(), text);
      }),
      { seed: 2 },
    );
  });
});

describe('bytes that are no UTF-8', () => {
  it('never decode to what a shorter sequence stands for', () => {
    for (const bytes of [
      [0xc0, 0xaf],
      [0xe0, 0x80, 0xaf],
      [0xf0, 0x80, 0x80, 0xaf],
      [0xf4, 0x90, 0x80, 0x80],
      [0xff],
    ]) {
      const decoder = new Utf8Decoder();
      assert.match(decoder.push(bytes) + decoder.end(), /^\uFFFD+$/);
    }
  });
});

/** The definition, counted afresh for every merge. */
function trainNaively(
  words: { bytes: number[]; count: number }[],
  most: number,
  minFrequency: number,
) {
  const merges: [number, number][] = [];
  let tokens = words.map(({ bytes }) => bytes);
  while (merges.length < most) {
    const counts = new Map<string, number>();
    tokens.forEach((word, w) => {
      for (let i = 0; i + 1 < word.length; i++) {
        const key = `${word[i]} ${word[i + 1]}`;
        counts.set(key, (counts.get(key) ?? 0) + words[w]!.count);
      }
    });
    const ranked = [...counts]
      .map(([key, count]) => ({ pair: key.split(' ').map(Number) as [number, number], count }))
      .sort((p, q) => q.count - p.count || p.pair[0] - q.pair[0] || p.pair[1] - q.pair[1]);
    const [best] = ranked;
    if (!best || best.count < minFrequency) break;
    const merged = 256 + merges.length;
    merges.push(best.pair);
    tokens = tokens.map((word) => {
      const out: number[] = [];
      for (let i = 0; i < word.length; i++)
        if (word[i] === best.pair[0] && word[i + 1] === best.pair[1]) {
          out.push(merged);
          i++;
        } else out.push(word[i]!);
      return out;
    });
  }
  return merges;
}

describe('BpeTokenizer', () => {
  const prose =
    'The cat sat on the mat. The cat, the bat and the rat sat; that was that. ' +
    'Naïve café, 日本語のテキスト 🎵🎶 — 12345 … '.repeat(3);

  it('learns the merges of the definition, whatever the words', () => {
    const words = fc.array(
      fc.record({
        bytes: fc.array(fc.integer({ min: 97, max: 99 }), { minLength: 1, maxLength: 12 }),
        count: fc.integer({ min: 1, max: 4 }),
      }),
      { minLength: 1, maxLength: 6 },
    );
    fc.assert(
      fc.property(words, fc.integer({ min: 1, max: 3 }), (list, minFrequency) => {
        assert.deepEqual(trainBpe(list, 12, minFrequency), trainNaively(list, 12, minFrequency));
      }),
      { seed: 3, numRuns: 200 },
    );
  });

  it('learns the merges of published examples', () => {
    const word = (text: string, count: number) => ({ bytes: encodeUtf8(text), count });
    const show = (merges: readonly (readonly [number, number])[]) => {
      const texts = Array.from({ length: 256 }, (_, byte) => String.fromCharCode(byte));
      return merges.map(([a, b]) => {
        texts.push(texts[a]! + texts[b]!);
        return texts.at(-1);
      });
    };
    // P. Gage 1994, as Wikipedia tells it: aaabdaaabac → XdXac with Z = aa, Y = ab, X = ZY.
    assert.deepEqual(show(trainBpe([word('aaabdaaabac', 1)], 9, 2)), ['aa', 'ab', 'aaab']);
    // Sennrich et al. 2016, with _ for the end of a word: of `er` and `r_`, equally frequent, they take the other.
    const words = [word('low_', 5), word('lowest_', 2), word('newer_', 6), word('wider_', 3)];
    assert.deepEqual(show(trainBpe(words, 4, 2)), ['er', 'er_', 'lo', 'low']);
  });

  it('gives back any string, with characters that it never saw and lone surrogates', () => {
    const tokenizer = new BpeTokenizer(prose, { vocabularySize: 400 });
    fc.assert(
      fc.property(fc.oneof(anyText, codeUnits, fc.lorem()), (text) => {
        assert.equal(tokenizer.decode(tokenizer.encode(text)), text);
      }),
      { seed: 4, numRuns: 500 },
    );
    for (const text of [
      '',
      ' ',
      '  two  spaces \n\n\t end ',
      prose,
      'x'.repeat(1000),
      ' '.repeat(300),
      '🎵'.repeat(200),
    ])
      assert.equal(tokenizer.decode(tokenizer.encode(text)), text);
  });

  it('needs fewer tokens the larger its vocabulary, and one for a frequent word with its space', () => {
    const counts = [256, 280, 320, 400].map(
      (vocabularySize) => new BpeTokenizer(prose, { vocabularySize }).encode(prose).length,
    );
    assert.deepEqual(
      counts,
      [...counts].sort((a, b) => b - a),
    );
    assert.equal(counts[0], encodeUtf8(prose).length);
    const tokenizer = new BpeTokenizer(prose, { vocabularySize: 400 });
    assert.equal(tokenizer.encode(' the').length, 1);
    assert.equal(tokenizer.token(tokenizer.encode(' the')[0]!), ' the');
    assert.ok(tokenizer.vocabularySize <= 400);
  });

  it('streams: a character that spans tokens comes whole, with the last of them', () => {
    const tokenizer = new BpeTokenizer('abc', { vocabularySize: 256 });
    const decoder = tokenizer.createDecoder();
    const pieces = [...tokenizer.encode('a🎵é')].map((index) => decoder.push(index));
    assert.deepEqual(pieces, ['a', '', '', '', '🎵', '', 'é']);
    decoder.push(0xf0);
    assert.equal(decoder.end(), '\uFFFD');
  });

  it('is saved as JSON and comes back the same', () => {
    const tokenizer = new BpeTokenizer([prose, 'another text'], {
      vocabularySize: 300,
      specials: ['<start>', '<end>'],
    });
    const text = JSON.stringify(tokenizer);
    for (const saved of [text, tokenizer.toJSON()]) {
      const again = BpeTokenizer.fromJSON(saved);
      assert.deepEqual(again.encode(prose), tokenizer.encode(prose));
      assert.deepEqual(again.specials, tokenizer.specials);
      assert.equal(JSON.stringify(again), text);
    }
    assert.throws(() => BpeTokenizer.fromJSON('{"type":"WordTokenizer"}'), {
      name: 'OptionError',
      message: 'BpeTokenizer.fromJSON: expected a saved BpeTokenizer, got WordTokenizer',
    });
    const broken = { type: 'BpeTokenizer', merges: [[1, 400]], specials: [] } as const;
    assert.throws(
      () => new BpeTokenizer(broken),
      /merge 0 joins the tokens 1 and 400, expected tokens made before it/,
    );
  });

  it('keeps special tokens apart from text', () => {
    const tokenizer = new BpeTokenizer('<end> <end> <end>', {
      vocabularySize: 280,
      specials: ['<end>'],
    });
    const end = tokenizer.specials['<end>']!;
    assert.equal(end, tokenizer.vocabularySize - 1);
    assert.ok(!tokenizer.encode('an <end>').includes(end));
    assert.equal(tokenizer.decode([97, end]), 'a<end>');
  });

  it('refuses what does not fit, each by name', () => {
    assert.throws(
      () => new BpeTokenizer('abc', { vocabularySize: 200 }),
      /vocabularySize must be 256 or more/,
    );
    assert.throws(
      () => new BpeTokenizer('', { vocabularySize: 300 }),
      /expected a text with at least one character/,
    );
    assert.throws(
      () => new BpeTokenizer('abc', { vocabularySize: 256 }).decode([256]),
      /BpeTokenizer.decode: index 256 is out of range, expected 0 to 255/,
    );
  });

  it('takes a megabyte', () => {
    const file = createRequire(import.meta.url).resolve('typescript/lib/lib.dom.d.ts');
    const text = readFileSync(file, 'utf8').slice(0, 1_000_000);
    const tokenizer = new BpeTokenizer(text, { vocabularySize: 2000 });
    const tokens = tokenizer.encode(text);
    assert.equal(tokenizer.vocabularySize, 2000);
    assert.ok(tokens.length < text.length / 3, `${tokens.length} tokens`);
    assert.equal(tokenizer.decode(tokens), text);
  });
});

describe('WordTokenizer', () => {
  const text = 'The cat sat. The dog sat, too: "it\'s state-of-the-art (3.14)".';

  it('splits words, numbers and marks, the most frequent first', () => {
    const tokenizer = new WordTokenizer(text);
    assert.deepEqual(tokenizer.vocabulary.slice(0, 6), ['<unk>', '"', '.', 'The', 'sat', '(']);
    assert.deepEqual(
      [...tokenizer.encode("it's 3.14 state-of-the-art.")].map(
        (index) => tokenizer.vocabulary[index],
      ),
      ["it's", '3.14', 'state-of-the-art', '.'],
    );
  });

  it('puts one space between words and none before marks, in streams as well', () => {
    const tokenizer = new WordTokenizer('The cat (black) sat, and sat.');
    const indices = tokenizer.encode('The   cat\n(black) sat , and sat.');
    assert.equal(tokenizer.decode(indices), 'The cat (black) sat, and sat.');
    const decoder = tokenizer.createDecoder();
    const pieces = [...indices].map((index) => decoder.push(index));
    assert.equal(pieces.join(''), ' The cat (black) sat, and sat.');
  });

  it('limits its vocabulary, ignores case, and maps other words to the unknown', () => {
    const tokenizer = new WordTokenizer(text, {
      lowercase: true,
      vocabularySize: 5,
      specials: ['<end>'],
    });
    assert.deepEqual(tokenizer.vocabulary, ['<unk>', '<end>', '"', '.', 'sat']);
    assert.deepEqual([...tokenizer.encode('SAT dog.')], [4, 0, 3]);
    assert.equal(tokenizer.indexOf('<end>'), 1);
    const frequent = new WordTokenizer('a a b', { minFrequency: 2 });
    assert.deepEqual(frequent.vocabulary, ['<unk>', 'a']);
    assert.throws(() => new WordTokenizer('a b', { unknown: null }).encode('c'), {
      name: 'VocabularyError',
      message: 'WordTokenizer.encode: "c" is not in the vocabulary of 2 words',
    });
  });

  it('is saved as JSON and comes back the same', () => {
    const tokenizer = new WordTokenizer(text, { lowercase: true });
    const again = WordTokenizer.fromJSON(JSON.stringify(tokenizer));
    assert.deepEqual(again.encode(text), tokenizer.encode(text));
    assert.deepEqual(again.toJSON(), tokenizer.toJSON());
    assert.throws(
      () => WordTokenizer.fromJSON('3'),
      /expected a saved WordTokenizer, got something else/,
    );
  });

  it('refuses what does not fit, each by name', () => {
    assert.throws(() => new WordTokenizer('  '), /expected a text with at least one word/);
    assert.throws(
      () => new WordTokenizer('a', { vocabularySize: 1 }),
      /must be more than the 1 special tokens, got 1/,
    );
    assert.throws(
      () => new WordTokenizer('a', { specials: ['x', 'x'] }),
      /specials must be an array of different names/,
    );
  });
});

describe('CharTokenizer', () => {
  it('is saved as JSON and comes back the same', () => {
    for (const options of [{}, { unknown: '?' }]) {
      const tokenizer = new CharTokenizer('naïve 🎵', options);
      const again = CharTokenizer.fromJSON(JSON.stringify(tokenizer));
      assert.deepEqual(again.toJSON(), tokenizer.toJSON());
      assert.deepEqual(again.encode('ïve'), tokenizer.encode('ïve'));
    }
  });
});
