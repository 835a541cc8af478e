import assert from 'node:assert/strict';
import fc from 'fast-check';
import {
  ctcAlign,
  ctcGreedyDecode,
  manualSeed,
  randn,
  tensor,
  type Tensor,
} from '../../../kernel/rnn/index.js';

const collapse = (path: readonly number[], blank: number): number[] =>
  path.filter((symbol, t) => symbol !== blank && symbol !== path[t - 1]);

/** The likeliest path that reads as the target, by trying all. */
function bestPath(logits: Tensor, b: number, length: number, target: number[], blank: number) {
  const [, batchSize, classes] = logits.shape as [number, number, number];
  const rows = logits.logSoftmax().data;
  let best = { path: [] as number[], logProbability: -Infinity };
  const visit = (path: number[], logProbability: number): void => {
    if (path.length === length) {
      if (collapse(path, blank).join() === target.join() && logProbability > best.logProbability)
        best = { path, logProbability };
      return;
    }
    const from = (path.length * batchSize + b) * classes;
    for (let c = 0; c < classes; c++) visit([...path, c], logProbability + rows[from + c]!);
  };
  visit([], 0);
  return best;
}

describe('ctcAlign', () => {
  it('finds the likeliest of all paths that read as the target', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 10_000 }),
        fc.integer({ min: 0, max: 2 }),
        fc.array(fc.array(fc.integer({ min: 0, max: 1 }), { maxLength: 3 }), {
          minLength: 2,
          maxLength: 2,
        }),
        (seed, blank, drawn) => {
          manualSeed(seed);
          const logits = randn([6, 2, 3], { dtype: 'float64' }).mul(2);
          const labels = [0, 1, 2].filter((c) => c !== blank);
          const targets = drawn.map((one) => one.map((k) => labels[k]!));
          const lengths = [6, 5];
          ctcAlign(logits, targets, { blank, inputLengths: lengths }).forEach((found, b) => {
            const best = bestPath(logits, b, lengths[b]!, targets[b]!, blank);
            assert.deepEqual(Array.from(found.path), best.path);
            assert.ok(Math.abs(found.logProbability - best.logProbability) < 1e-9);
          });
        },
      ),
      { numRuns: 60 },
    );
  });

  it('says from where to where each label is, also of equal neighbours', () => {
    const rows = [0, 1, 1, 0, 1, 2, 2, 0].map((c) => [0, 1, 2].map((k) => (k === c ? 9 : 0)));
    const logits = tensor(rows).reshape([8, 1, 3]);
    const [found] = ctcAlign(logits, [[1, 1, 2]]);
    assert.deepEqual(found!.spans, [
      { label: 1, from: 1, to: 3 },
      { label: 1, from: 4, to: 5 },
      { label: 2, from: 5, to: 7 },
    ]);
    assert.deepEqual(Array.from(found!.path), [0, 1, 1, 0, 1, 2, 2, 0]);
  });

  it('is the best path where the target is what that reads', () => {
    manualSeed(3);
    const logits = randn([20, 3, 5]).mul(3);
    const greedy = ctcGreedyDecode(logits);
    const targets = greedy.map(({ indices }) => Array.from(indices));
    ctcAlign(logits, targets).forEach(({ logProbability, spans }, b) => {
      assert.ok(Math.abs(logProbability - greedy[b]!.logProbability) < 1e-6);
      assert.equal(spans.length, targets[b]!.length);
    });
  });

  it('takes padded targets with their lengths, and the empty target', () => {
    manualSeed(1);
    const logits = randn([4, 2, 3]);
    const targets = tensor(
      [
        [2, -100],
        [-100, -100],
      ],
      { dtype: 'int32' },
    );
    const [one, none] = ctcAlign(logits, targets, { targetLengths: [1, 0] });
    assert.equal(one!.spans.length, 1);
    assert.deepEqual([...none!.path], [0, 0, 0, 0]);
    assert.deepEqual(none!.spans, []);
  });

  it('refuses targets that do not fit', () => {
    const logits = randn([2, 1, 3]);
    assert.throws(() => ctcAlign(logits, [[1, 1]]), {
      name: 'OptionError',
      message: 'ctcAlign: target 0 of 2 labels has no alignment with 2 time steps',
    });
    assert.throws(() => ctcAlign(logits, [[0]]), { name: 'VocabularyError' });
    assert.throws(() => ctcAlign(logits, [[1], [1]]), {
      name: 'ShapeError',
      message: /^ctcAlign: /,
    });
    assert.throws(() => ctcAlign(randn([2, 3]), [[1]]), { name: 'ShapeError' });
  });
});
