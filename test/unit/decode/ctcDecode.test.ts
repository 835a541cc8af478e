import assert from 'node:assert/strict';
import fc from 'fast-check';
import {
  ctcBeamDecode,
  ctcGreedyDecode,
  manualSeed,
  randn,
  tensor,
  type Tensor,
} from '../../../kernel/rnn/index.js';

/** ℬ: repetitions merged, then blanks removed. */
const collapse = (path: readonly number[], blank: number): number[] =>
  path.filter((symbol, t) => symbol !== blank && symbol !== path[t - 1]);

function softmaxRows(logits: Tensor, b: number, length: number): number[][] {
  const [, batchSize, classes] = logits.shape as [number, number, number];
  return Array.from({ length }, (_, t) => {
    const from = (t * batchSize + b) * classes;
    const weights = Array.from(logits.data.subarray(from, from + classes), (x) => Math.exp(x));
    const sum = weights.reduce((total, weight) => total + weight, 0);
    return weights.map((weight) => weight / sum);
  });
}

/** Probability of every labelling, by enumerating all paths; and the likeliest path. */
function everyLabelling(
  rows: readonly (readonly number[])[],
  blank: number,
  weigh: (prefix: readonly number[], next: number) => number = () => 0,
) {
  const sums = new Map<string, number>();
  let bestPath = { labelling: '', probability: -1 };
  const visit = (path: number[], probability: number): void => {
    if (path.length < rows.length) {
      rows[path.length]!.forEach((p, symbol) => visit([...path, symbol], probability * p));
      return;
    }
    const labelling = collapse(path, blank);
    const key = labelling.join(' ');
    if (probability > bestPath.probability) bestPath = { labelling: key, probability };
    const bonus = labelling.reduce((sum, next, i) => sum + weigh(labelling.slice(0, i), next), 0);
    sums.set(key, (sums.get(key) ?? 0) + probability * Math.exp(bonus));
  };
  visit([], 1);
  return { ranked: [...sums].sort((a, b) => b[1] - a[1]), bestPath };
}

const near = (actual: number, expected: number): void =>
  assert.ok(Math.abs(actual - expected) < 1e-9, `${actual} is not ${expected}`);

describe('CTC decoding', () => {
  const shapes = fc.record({
    seed: fc.integer({ min: 0, max: 10_000 }),
    timeSteps: fc.integer({ min: 1, max: 5 }),
    classes: fc.integer({ min: 2, max: 4 }),
    sharpness: fc.constantFrom(0.5, 2, 6),
    blankAtEnd: fc.boolean(),
  });
  const makeLogits = ({ seed, timeSteps, classes, sharpness }: Record<string, number>) => {
    manualSeed(seed!);
    return randn([timeSteps!, 2, classes!], { dtype: 'float64' }).mul(sharpness!);
  };

  it('the beam gives all labellings with their probabilities over all alignments', () => {
    fc.assert(
      fc.property(shapes, ({ blankAtEnd, ...sizes }) => {
        const logits = makeLogits(sizes);
        const blank = blankAtEnd ? sizes.classes - 1 : 0;
        const lengths = [sizes.timeSteps, Math.max(1, sizes.timeSteps - 1)];
        const found = ctcBeamDecode(logits, {
          blank,
          inputLengths: lengths,
          beamWidth: 5000,
          count: 5000,
        });
        lengths.forEach((length, b) => {
          const { ranked } = everyLabelling(softmaxRows(logits, b, length), blank);
          assert.equal(found[b]!.length, ranked.length);
          const wanted = new Map(ranked);
          found[b]!.forEach(({ indices, logProbability }) =>
            near(logProbability, Math.log(wanted.get(indices.join(' '))!)),
          );
          assert.equal(found[b]![0]!.indices.join(' '), ranked[0]![0]);
        });
      }),
      { numRuns: 60, seed: 5 },
    );
  });

  it('a language model weighs each symbol that is appended, once', () => {
    const score = (prefix: readonly number[], next: number): number =>
      -0.3 * next + (prefix.at(-1) === next ? 1.7 : 0) - 0.1 * prefix.length;
    for (let seed = 0; seed < 10; seed++) {
      const logits = makeLogits({ seed, timeSteps: 5, classes: 3, sharpness: 2 });
      const found = ctcBeamDecode(logits, { beamWidth: 5000, count: 5000, score });
      const { ranked } = everyLabelling(softmaxRows(logits, 1, 5), 0, score);
      const wanted = new Map(ranked);
      assert.equal(found[1]!.length, ranked.length);
      found[1]!.forEach(({ indices, logProbability }) =>
        near(logProbability, Math.log(wanted.get(indices.join(' '))!)),
      );
    }
  });

  it('greedy gives the likeliest path, collapsed', () => {
    fc.assert(
      fc.property(shapes, ({ blankAtEnd, ...sizes }) => {
        const logits = makeLogits(sizes);
        const blank = blankAtEnd ? sizes.classes - 1 : 0;
        ctcGreedyDecode(logits, { blank }).forEach(({ indices, logProbability }, b) => {
          const { bestPath } = everyLabelling(softmaxRows(logits, b, sizes.timeSteps), blank);
          assert.equal(indices.join(' '), bestPath.labelling);
          near(logProbability, Math.log(bestPath.probability));
        });
      }),
      { numRuns: 60, seed: 6 },
    );
  });

  it('the beam finds what greedy misses: many weak paths outweigh the best one', () => {
    // Graves 2006: the best path is all blanks, 0.6 · 0.6; "1" has three paths, 0.64 in sum.
    const logits = tensor([[[0.6, 0.4].map(Math.log)], [[0.6, 0.4].map(Math.log)]], {
      dtype: 'float64',
    });
    const [greedy] = ctcGreedyDecode(logits);
    assert.deepEqual([...greedy!.indices], []);
    near(greedy!.logProbability, Math.log(0.36));
    const [[best, second]] = ctcBeamDecode(logits, { beamWidth: 4, count: 2 }) as [
      ReturnType<typeof ctcBeamDecode>[number],
    ];
    assert.deepEqual([...best!.indices], [1]);
    near(best!.logProbability, Math.log(0.64));
    near(second!.logProbability, Math.log(0.36));
  });

  it('merges repetitions, keeps those that a blank parts, and reads sequences to their lengths', () => {
    const peaks = (...path: number[]) =>
      path.map((symbol) => [0, 1, 2].map((c) => (c === symbol ? 20 : 0)));
    const logits = tensor(
      peaks(1, 1, 0, 1, 2, 2).map((row, t) => [row, peaks(2, 1, 1, 0, 0, 2)[t]!]),
    );
    for (const decode of [
      ctcGreedyDecode,
      (x: Tensor, options: { inputLengths: number[] }) =>
        ctcBeamDecode(x, options).map(([best]) => best!),
    ])
      assert.deepEqual(
        decode(logits, { inputLengths: [6, 3] }).map(({ indices }) => [...indices]),
        [
          [1, 1, 2],
          [2, 1],
        ],
      );
  });

  it('a narrow beam still gives a labelling, and never more probability than it has', () => {
    manualSeed(11);
    const logits = randn([6, 3, 4], { dtype: 'float64' });
    for (const beamWidth of [1, 2, 8])
      ctcBeamDecode(logits, { beamWidth }).forEach(([best], b) => {
        const wanted = new Map(everyLabelling(softmaxRows(logits, b, 6), 0).ranked);
        const exact = Math.log(wanted.get(best!.indices.join(' '))!);
        assert.ok(best!.logProbability <= exact + 1e-9, `${best!.logProbability} ≤ ${exact}`);
      });
  });

  it('a sequence of length 0 is the empty labelling with certainty', () => {
    const [found] = ctcBeamDecode(randn([3, 1, 2]), { inputLengths: [0] });
    assert.deepEqual(found, [{ indices: new Int32Array(0), logProbability: 0 }]);
  });

  it('refuses what does not fit, each by name', () => {
    assert.throws(() => ctcGreedyDecode(randn([3, 2])), {
      name: 'ShapeError',
      message: 'ctcGreedyDecode: logits are [3, 2], expected three dimensions [T, B, C]',
    });
    const logits = randn([3, 2, 4]);
    assert.throws(
      () => ctcBeamDecode(logits, { blank: 4 }),
      /blank is 4, expected a class from 0 to 3/,
    );
    assert.throws(
      () => ctcBeamDecode(logits, { inputLengths: [3] }),
      /got 1 lengths, expected one for each of 2/,
    );
    assert.throws(
      () => ctcBeamDecode(logits, { inputLengths: [3, 4] }),
      /length 4 of sequence 1 is out of range/,
    );
    assert.throws(() => ctcBeamDecode(logits, { score: () => NaN }), {
      name: 'NonFiniteError',
      message: /expected score to give a number below ∞, got NaN/,
    });
    logits.data[9] = NaN;
    assert.throws(() => ctcBeamDecode(logits), /got NaN at time step 1 of sequence 0/);
  });
});
