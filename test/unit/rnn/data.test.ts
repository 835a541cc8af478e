import assert from 'node:assert/strict';
import { CharTokenizer, ngramEntropy, textLanes } from '../../../kernel/rnn/index.js';

describe('CharTokenizer', () => {
  it('gives back the text it encoded, code points beyond 16 bits included', () => {
    const tokenizer = new CharTokenizer('naïve 🎵 text');
    assert.equal(tokenizer.decode(tokenizer.encode('text 🎵 aï')), 'text 🎵 aï');
    assert.deepEqual(
      tokenizer.vocabulary,
      [...tokenizer.vocabulary].sort((a, b) => a.codePointAt(0)! - b.codePointAt(0)!),
    );
  });

  it('names a character it does not know, or maps it to the one for unknowns', () => {
    assert.throws(() => new CharTokenizer('abc').encode('abx'), {
      name: 'VocabularyError',
      message: 'CharTokenizer.encode: "x" is not in the vocabulary of 3 characters',
    });
    const tolerant = new CharTokenizer('abc', { unknown: '?' });
    assert.equal(tolerant.decode(tolerant.encode('abx')), 'ab?');
    assert.throws(() => tolerant.decode([9]), /index 9 is out of range, expected 0 to 3/);
    assert.throws(() => new CharTokenizer(''), /expected a text with at least one character/);
  });
});

describe('textLanes', () => {
  const sequence = Array.from({ length: 24 }, (_, i) => i);

  it('reads lanes side by side, each going on where it stopped, the target one symbol ahead', () => {
    const batches = [...textLanes(sequence, { batchSize: 2, sequenceLength: 4 })];
    assert.deepEqual(
      batches.map(({ input }) => input.transpose().toNested()),
      [
        [
          [0, 1, 2, 3],
          [11, 12, 13, 14],
        ],
        [
          [4, 5, 6, 7],
          [15, 16, 17, 18],
        ],
        [
          [8, 9, 10],
          [19, 20, 21],
        ],
      ],
    );
    for (const { input, target } of batches)
      assert.deepEqual(
        target.data,
        input.data.map((value) => value + 1),
      );
    assert.deepEqual(
      batches.map(({ continues }) => continues),
      [false, true, true],
    );
  });

  it('can be read again, and can leave out the short end', () => {
    const lanes = textLanes(sequence, { batchSize: 2, sequenceLength: 4, dropLast: true });
    assert.equal([...lanes].length, 2);
    assert.equal([...lanes].length, 2);
  });

  it('refuses a sequence that does not fill the lanes', () => {
    assert.throws(
      () => textLanes([1, 2, 3], { batchSize: 4, sequenceLength: 2 }),
      /textLanes: 3 symbols do not fill 4 lanes of at least 1 and a target each/,
    );
    assert.throws(
      () => textLanes('abcdef' as never, { batchSize: 2, sequenceLength: 2 }),
      /textLanes: expected symbols as whole numbers, .*, got "a" at 0/,
    );
  });
});

describe('ngramEntropy', () => {
  it('is the closed form for sequences one can count by hand', () => {
    const near = (actual: number, expected: number) =>
      assert.ok(Math.abs(actual - expected) < 1e-6, `${actual} is not ${expected}`);
    const uniform = Array.from({ length: 400 }, (_, i) => i % 4);
    const tiny = 1e-12;
    near(ngramEntropy(uniform, uniform, { order: 1, vocabularySize: 4, smoothing: tiny }), 2);
    near(ngramEntropy(uniform, uniform, { order: 2, vocabularySize: 4, smoothing: tiny }), 0);
    // p(0) = 3/4, p(1) = 1/4; the held-out sequence is one of each.
    const skewed = [0, 0, 0, 1];
    near(
      ngramEntropy(skewed, [0, 1], { order: 1, vocabularySize: 2, smoothing: tiny }),
      -(Math.log2(3 / 4) + Math.log2(1 / 4)) / 2,
    );
    // Laplace: (3+1)/(4+2) and (1+1)/(4+2).
    near(
      ngramEntropy(skewed, [0, 1], { order: 1, vocabularySize: 2, smoothing: 1 }),
      -(Math.log2(4 / 6) + Math.log2(2 / 6)) / 2,
    );
  });

  it('mixes shorter contexts in, each weighed by how much it knows (Witten–Bell)', () => {
    const bits = ngramEntropy([0, 1, 0, 1, 0, 0], [0, 1, 1], {
      order: 2,
      vocabularySize: 2,
      smoothing: 1,
      backOff: true,
    });
    // Single symbols, smoothed: 5/8 and 3/8. After 0 came 1, 1, 0; after 1 came 0, 0.
    const oneAfterZero = (2 + 2 * (3 / 8)) / (3 + 2);
    const oneAfterOne = (0 + 1 * (3 / 8)) / (2 + 1);
    const expected = -(Math.log2(oneAfterZero) + Math.log2(oneAfterOne)) / 2;
    assert.ok(Math.abs(bits - expected) < 1e-12, `${bits} is not ${expected}`);
    // A context that never came leaves the shorter ones' word.
    const unseen = ngramEntropy([0, 1, 0, 1], [2, 1, 0], { order: 3, vocabularySize: 3 });
    assert.ok(Number.isFinite(unseen));
  });
});
