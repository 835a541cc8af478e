import assert from 'node:assert/strict';
import fc from 'fast-check';
import {
  accuracy,
  auc,
  bitsPerCharacter,
  bleu,
  characterErrorRate,
  correlation,
  coverage,
  editDistance,
  f1Score,
  manualSeed,
  mase,
  nrmse,
  OptionError,
  perplexity,
  ShapeError,
  tasks,
  tensor,
  wordErrorRate,
} from '../../../kernel/rnn/index.js';

const near = (actual: number, expected: number, tolerance = 1e-12): void =>
  assert.ok(Math.abs(actual - expected) <= tolerance, `${actual}, expected ${expected}`);

describe('accuracy', () => {
  it('is the share of targets hit, by index or by the largest score', () => {
    assert.equal(accuracy([1, 2, 0, 1], [1, 2, 2, 1]), 0.75);
    const scores = tensor([
      [
        [0, 1],
        [3, 2],
      ],
      [
        [1, 0],
        [5, 6],
      ],
    ]);
    assert.equal(
      accuracy(
        scores,
        tensor(
          [
            [1, 0],
            [1, 1],
          ],
          { dtype: 'int32' },
        ),
      ),
      0.75,
    );
  });

  it('leaves out ignored and masked targets', () => {
    assert.equal(accuracy([1, 1, 1], [1, -100, 0]), 0.5);
    assert.equal(accuracy([1, 1, 1], [1, 9, 0], { ignoreIndex: 9, mask: [1, 1, 0] }), 1);
    assert.throws(
      () => accuracy([1], [-100]),
      /accuracy: expected at least one target that counts/,
    );
  });

  it('refuses shapes that do not fit', () => {
    const targets = tensor([1, 0, 1], { dtype: 'int32' });
    assert.throws(
      () =>
        accuracy(
          tensor([
            [1, 0],
            [0, 1],
          ]),
          targets,
        ),
      { name: 'ShapeError' },
    );
    assert.throws(() => accuracy([1], [1, 2]), /got 1 predictions, expected 2/);
    assert.throws(() => accuracy([1, 2], [1, 2], { mask: [1] }), /mask has 1 numbers, expected 2/);
  });
});

describe('f1Score', () => {
  it('gives the numbers of the examples of scikit-learn', () => {
    // https://scikit-learn.org/stable/modules/generated/sklearn.metrics.f1_score.html
    const [targets, predictions] = [
      [0, 1, 2, 0, 1, 2],
      [0, 2, 1, 0, 0, 1],
    ];
    near(f1Score(predictions, targets, { average: 'macro' }), 0.8 / 3);
    near(f1Score(predictions, targets, { average: 'micro' }), 1 / 3);
    near(f1Score(predictions, targets, { positive: 0 }), 0.8);
    assert.equal(f1Score(predictions, targets), 0);
  });

  it('binary is 2PR/(P + R); micro is accuracy where every case has one class', () => {
    const cases = fc.array(
      fc.tuple(fc.integer({ min: 0, max: 3 }), fc.integer({ min: 0, max: 3 })),
      { minLength: 1 },
    );
    fc.assert(
      fc.property(cases, (pairs) => {
        const [predictions, targets] = [pairs.map(([p]) => p), pairs.map(([, t]) => t)];
        near(f1Score(predictions, targets, { average: 'micro' }), accuracy(predictions, targets));
        const both = pairs.filter(([p, t]) => p === 1 && t === 1).length;
        const precision = both / predictions.filter((p) => p === 1).length;
        const recall = both / targets.filter((t) => t === 1).length;
        near(
          f1Score(predictions, targets),
          both === 0 ? 0 : (2 * precision * recall) / (precision + recall),
        );
        const present = [...new Set(pairs.flat())];
        const each = present.map((positive) => f1Score(predictions, targets, { positive }));
        near(
          f1Score(predictions, targets, { average: 'macro' }),
          each.reduce((a, b) => a + b) / each.length,
        );
      }),
      { seed: 1 },
    );
  });
});

describe('auc', () => {
  it('gives the number of the example of scikit-learn', () => {
    // https://scikit-learn.org/stable/modules/generated/sklearn.metrics.roc_auc_score.html (its older example)
    near(auc([0.1, 0.4, 0.35, 0.8], [0, 0, 1, 1]), 0.75);
  });

  it('is the share of pairs in order, ties counting half, however many there are', () => {
    const cases = fc.array(fc.tuple(fc.integer({ min: 0, max: 4 }), fc.boolean()), {
      minLength: 2,
    });
    fc.assert(
      fc.property(cases, (list) => {
        const [up, down] = [list.filter(([, y]) => y), list.filter(([, y]) => !y)];
        fc.pre(up.length > 0 && down.length > 0);
        const pairs = up.flatMap(([a]) => down.map(([b]) => (a > b ? 1 : a === b ? 0.5 : 0)));
        const expected = pairs.reduce((sum: number, pair) => sum + pair, 0) / pairs.length;
        near(
          auc(
            list.map(([s]) => s),
            list.map(([, y]) => Number(y)),
          ),
          expected,
        );
      }),
      { seed: 2 },
    );
  });

  it('refuses one class alone, other labels, and NaN', () => {
    assert.throws(() => auc([1, 2], [1, 1]), /expected positives and negatives, got 2 and 0/);
    assert.throws(() => auc([1, 2], [1, 2]), /expected labels 0 and 1, got 2/);
    assert.throws(() => auc([1, NaN], [1, 0]), /got NaN/);
  });
});

describe('editDistance', () => {
  /** The recursion of the definition. */
  const naive = (a: readonly number[], b: readonly number[]): number =>
    a.length === 0 || b.length === 0
      ? a.length + b.length
      : Math.min(
          naive(a.slice(1), b) + 1,
          naive(a, b.slice(1)) + 1,
          naive(a.slice(1), b.slice(1)) + (a[0] === b[0] ? 0 : 1),
        );

  it('is known for known words', () => {
    for (const [a, b, distance] of [
      ['kitten', 'sitting', 3],
      ['Saturday', 'Sunday', 3],
      ['intention', 'execution', 5],
      ['', 'abc', 3],
      ['🎵a', 'a', 1],
    ] as const)
      assert.equal(editDistance(a, b), distance);
  });

  it('is what the definition gives, either way round', () => {
    const symbols = fc.array(fc.integer({ min: 0, max: 2 }), { maxLength: 6 });
    fc.assert(
      fc.property(symbols, symbols, (a, b) => {
        assert.equal(editDistance(a, b), naive(a, b));
        assert.equal(editDistance(b, a), naive(a, b));
      }),
      { seed: 3 },
    );
  });

  it('makes word and character error rates, summed before they are divided', () => {
    near(wordErrorRate('the cat sat on mat', 'the cat sat on the mat'), 1 / 6);
    near(wordErrorRate(['a b', 'x'], ['a c', 'x y z w']), (1 + 3) / (2 + 4));
    near(characterErrorRate('hallo', 'hello'), 1 / 5);
    near(wordErrorRate([[1, 2]], [[1, 3]]), 1 / 2);
    near(wordErrorRate('a b c d', 'a'), 3);
    assert.throws(() => wordErrorRate(['a'], ['a', 'b']), /got 1 hypotheses, expected 2/);
    assert.throws(() => characterErrorRate('a', ''), /expected references that are not empty/);
  });
});

describe('bleu', () => {
  const candidate1 =
    'It is a guide to action which ensures that the military always obeys the commands of the party';
  const candidate2 =
    'It is to insure the troops forever hearing the activity guidebook that party direct';
  const references = [
    'It is a guide to action that ensures that the military will forever heed Party commands',
    'It is the guiding principle which guarantees the military forces always being under the command of the Party',
    'It is the practical guide for the army always to heed the directions of the party',
  ];

  it('gives the precisions of the paper', () => {
    // Papineni et al. 2002, sections 2.1 and 2.1.1.
    const first = bleu([candidate1], [references]);
    near(first.precisions[0]!, 17 / 18);
    near(first.precisions[1]!, 10 / 17);
    const second = bleu([candidate2], [references]);
    near(second.precisions[0]!, 8 / 14);
    near(second.precisions[1]!, 1 / 13);
    const the = bleu(
      ['the the the the the the the'],
      [['the cat is on the mat', 'there is a cat on the mat']],
    );
    near(the.precisions[0]!, 2 / 7);
    near(the.precisions[1]!, 0);
  });

  it('gives the scores of the examples of NLTK, of a sentence and of a corpus', () => {
    // https://www.nltk.org/api/nltk.translate.bleu_score.html
    near(bleu([candidate1], [references]).score, 0.5045666840058485);
    const other = 'he read the book because he was interested in world history';
    const its = 'he was interested in world history because he read the book';
    near(bleu([candidate1, other], [references, [its]]).score, 0.5920778868801042);
  });

  it('is 1 for what is the reference, 0 without a match of some order', () => {
    assert.equal(bleu([references[0]!], [references]).score, 1);
    assert.equal(bleu(['a b c'], [['a c b']]).score, 0);
    assert.equal(bleu(['a'], [['b']]).score, 0);
    const smoothed = bleu(['a b c d'], [['a b d c']], { smoothing: 'addOne' });
    assert.deepEqual(smoothed.precisions, [1, 2 / 4, 1 / 3, 1 / 2]);
  });

  it('punishes brevity against the closest reference, the shorter of equally close ones', () => {
    const short = bleu(['a b c d'], [['a b c d e f', 'a b c d e f g h']]);
    near(short.brevityPenalty, Math.exp(1 - 6 / 4));
    near(short.score, Math.exp(1 - 6 / 4));
    const closest = bleu(['a b c d e'], [['a b', 'a b c d e f']]);
    assert.equal(closest.referenceLength, 6);
    const tie = bleu(['a b c d'], [['a b', 'a b c d e f']], { maxOrder: 1 });
    assert.deepEqual([tie.referenceLength, tie.brevityPenalty], [2, 1]);
  });

  it('takes tokens, and refuses what does not fit', () => {
    assert.equal(bleu([[1, 2, 3, 4]], [[[1, 2, 3, 4]]]).score, 1);
    near(bleu([['1']], [[[1]]], { maxOrder: 1 }).score, 0);
    assert.throws(() => bleu(['a'], []), /got 1 candidates and 0 lists of references/);
    assert.throws(() => bleu(['a'], [[]]), /candidate 0 has no reference/);
  });
});

describe('perplexity, bits per character and NRMSE', () => {
  it('perplexity of n equally likely symbols is n, bits their logarithm', () => {
    near(perplexity(Math.log(8)), 8);
    near(bitsPerCharacter(Math.log(8)), 3);
    // Two words of three bits each stand for twelve characters.
    near(bitsPerCharacter(Math.log(8), { symbols: 2, characters: 12 }), 0.5);
  });

  it('NRMSE of the mean is 1, by deviation, and scale and shift do not matter', () => {
    const y = [1, 4, 2, 9];
    near(nrmse([4, 4, 4, 4], y), 1);
    near(
      nrmse(
        [8, 3, 5, 1].map((x) => 7 * x - 3),
        y.map((x) => 7 * x - 3),
      ),
      nrmse([8, 3, 5, 1], y),
    );
    near(nrmse([2, 4, 2, 9], y, { by: 'range' }), Math.sqrt(1 / 4) / 8);
    near(nrmse([2, 4, 2, 9], y, { by: 'mean' }), Math.sqrt(1 / 4) / 4);
    near(nrmse([1, 4, 2, 0], y, { mask: [1, 1, 1, 0] }), 0);
    assert.throws(() => nrmse([1, 2], [3, 3]), /expected targets with a deviation above 0, got 0/);
    manualSeed(1);
    const series = tasks.mackeyGlass();
    near(nrmse(series.subarray(0, -1), series.subarray(1)), 0.146, 5e-4);
  });

  it('correlation is ±1 for a line up or down, 0 where one does not vary, and Pearson’s r between', () => {
    near(correlation([1, 2, 4], [3, 5, 9]), 1);
    near(correlation(tensor([1, 2, 4]), [-3, -5, -9]), -1);
    near(correlation([1, 2, 4], [7, 7, 7]), 0);
    near(correlation([0, 0, 1, 1], [0, 1, 0, 1]), 0);
    near(correlation([1, 2, 3], [1, 3, 2]), 0.5);
    assert.throws(() => correlation([1, 2], [1]), ShapeError);
    assert.throws(() => correlation([1], [1]), OptionError);
  });

  it('MASE of the seasonal naive forecast is 1 on its training series', () => {
    const x = [1, 5, 2, 7, 4, 8];
    near(mase(x.slice(0, -2), x.slice(2), x, { season: 2 }), 1);
    near(mase([0, 0], [3, -3], [0, 2, 4]), 1.5);
    assert.throws(() => mase([1], [1], [4, 4, 4]), OptionError);
    assert.throws(() => mase([1], [1, 2], x), ShapeError);
  });

  it('coverage counts targets between their bounds, bounds included', () => {
    near(coverage([0, 0, 0, 0], [1, 1, 1, 1], [0, 1, 0.5, 2]), 0.75);
    assert.throws(() => coverage([0], [1, 2], [1, 2]), ShapeError);
  });
});
