import assert from 'node:assert/strict';
import {
  attentionLoss,
  gradcheck,
  IbmModel1,
  nearDuplicates,
  OptionError,
  padBatch,
  rand,
  manualSeed,
  splitSamples,
  tensor,
} from '../../../kernel/rnn/index.js';

const pair = (source: string, target: string) => ({
  source: source.split(' '),
  target: target.split(' '),
});

describe('IbmModel1', () => {
  const pairs = [
    pair('the house', 'das Haus'),
    pair('the book', 'das Buch'),
    pair('a book', 'ein Buch'),
  ];

  it('finds what means what from what occurs together', () => {
    const lexicon = new IbmModel1(pairs, { iterations: 20 });
    assert.deepEqual(lexicon.translate(['a', 'house']), ['ein', 'Haus']);
    assert.deepEqual(lexicon.translate(['the', 'zebra', 'book']), ['das', 'zebra', 'Buch']);
    assert.ok(lexicon.probability('Buch', 'book') > 0.8);
    assert.equal(lexicon.probability('Haus', 'a'), 0);
    assert.equal(lexicon.probability('Haus', 'zebra'), 0);
    const sum = ['das', 'Haus', 'Buch', 'ein']
      .map((word) => lexicon.probability(word, 'the'))
      .reduce((a, b) => a + b);
    assert.ok(Math.abs(sum - 1) < 1e-12);
  });

  it('leaves a word as it is where nothing is likelier', () => {
    const lexicon = new IbmModel1([
      pair('type { A }', 'Typ { A }'),
      pair('class { A }', 'Klasse { A }'),
    ]);
    assert.deepEqual(lexicon.translate(['class', '{', 'A', '}']), ['Klasse', '{', 'A', '}']);
  });

  it('after one round has the shares of the words that occurred together', () => {
    // Each target word is shared out evenly between two source words and nothing.
    const lexicon = new IbmModel1(pairs, { iterations: 1 });
    assert.ok(Math.abs(lexicon.probability('das', 'the') - 1 / 2) < 1e-12);
    assert.ok(Math.abs(lexicon.probability('Buch', 'the') - 1 / 4) < 1e-12);
    assert.ok(Math.abs(lexicon.probability('Haus', 'house') - 1 / 2) < 1e-12);
  });

  it('makes the pairs likelier round by round', () => {
    const likelihood = (iterations: number): number => {
      const lexicon = new IbmModel1(pairs, { iterations });
      let sum = 0;
      for (const { source, target } of pairs)
        for (const f of target)
          sum += Math.log(source.reduce((p, e) => p + lexicon.probability(f, e), 0));
      return sum;
    };
    for (let k = 1; k < 8; k++) assert.ok(likelihood(k + 1) > likelihood(k));
  });

  it('says where target words come from, for a batch too', () => {
    const lexicon = new IbmModel1<number>(
      [
        { source: [1, 2], target: [11, 12] },
        { source: [1, 3], target: [11, 13] },
        { source: [4, 3], target: [14, 13] },
      ],
      { iterations: 20 },
    );
    const alone = lexicon.align([4, 2, 9], [12, 14, 15]).toNested() as number[][];
    assert.ok(alone[0]![1]! > 0.5 && alone[0]![0] === 0, String(alone[0]));
    assert.ok(alone[1]![0]! > 0.5, String(alone[1]));
    assert.deepEqual(alone[2], [0, 0, 0]);
    const batch = padBatch([
      { input: Int32Array.of(4, 2, 9), target: Int32Array.of(12, 14, 15) },
      { input: Int32Array.of(1), target: Int32Array.of(11) },
    ]);
    const both = lexicon.alignBatch(batch);
    assert.deepEqual(both.shape, [3, 2, 3]);
    assert.deepEqual(both.select(1, 0).toNested(), alone);
    const [first, ...padding] = both.select(1, 1).toNested() as number[][];
    assert.ok(first![0]! > 0.5);
    assert.deepEqual(first!.slice(1), [0, 0]);
    assert.deepEqual(padding, [
      [0, 0, 0],
      [0, 0, 0],
    ]);
  });

  it('names what it cannot learn from', () => {
    assert.throws(() => new IbmModel1([]), OptionError);
    assert.throws(() => new IbmModel1([{ source: ['a'], target: [] }]), {
      message:
        'IbmModel1: pair 0 has 1 source words and 0 target words, expected one or more of each',
    });
  });
});

describe('attentionLoss', () => {
  it('is the cross-entropy of rows, over those that expect anything', () => {
    const attention = tensor([
      [0.5, 0.5],
      [0.25, 0.75],
      [0.1, 0.9],
    ]);
    const expected = tensor([
      [1, 0],
      [0, 0],
      [0, 0.5],
    ]);
    const wanted = (-Math.log(0.50001) - 0.5 * Math.log(0.90001)) / 2;
    assert.ok(Math.abs(attentionLoss(attention, expected).item() - wanted) < 1e-6);
    const each = attentionLoss(attention, expected, { reduction: 'none' });
    assert.deepEqual(each.shape, [3]);
    assert.equal(each.data[1], 0);
    const masked = attentionLoss(attention, expected, { mask: tensor([1, 1, 0]) });
    assert.ok(Math.abs(masked.item() + Math.log(0.50001)) < 1e-6);
    assert.throws(() => attentionLoss(attention, tensor([[1, 0]])), {
      name: 'ShapeError',
      message: 'attentionLoss: expected is [1, 2], expected the shape of the attention [3, 2]',
    });
  });

  it('has gradients that agree with central differences', () => {
    manualSeed(1);
    const scores = rand([3, 2, 4], { dtype: 'float64', requiresGrad: true });
    const expected = rand([3, 2, 4], { dtype: 'float64' });
    expected.data.fill(0, 0, 6);
    for (const reduction of ['mean', 'sum', 'none'] as const)
      gradcheck(() => attentionLoss(scores.softmax(), expected, { reduction }), [scores]);
  });
});

describe('nearDuplicates', () => {
  it('numbers texts that share their words alike, and what they link', () => {
    const groups = nearDuplicates([
      "File '{0}' not found.",
      'A class may only extend another class.',
      "FILE '{1}' not found",
      'File not found: {0}',
      '{0}: {1}',
      '---',
    ]);
    assert.deepEqual([...groups], [0, 1, 0, 0, 2, 2]);
    const chain = ['a b c', 'b c d', 'c d e', 'x y z'];
    assert.deepEqual([...nearDuplicates(chain, { threshold: 0.5 })], [0, 0, 0, 1]);
    assert.deepEqual([...nearDuplicates(chain)], [0, 1, 2, 3]);
    assert.deepEqual(
      [...nearDuplicates(chain, { threshold: 0.5, words: (text) => [text] })],
      [0, 1, 2, 3],
    );
  });

  it('keeps them in one part of a split', () => {
    const texts = Array.from({ length: 60 }, (_, i) => `alpha${'abcdefghij'[i % 10]!} word {${i}}`);
    const group = nearDuplicates(texts);
    const samples = texts.map((text, i) => ({ text, group: group[i]! }));
    const { training, test } = splitSamples(samples, { test: 0.3, groupBy: (one) => one.group });
    const seen = new Set(training.map((one) => one.group));
    assert.ok(test.length > 0 && test.every((one) => !seen.has(one.group)));
  });
});
