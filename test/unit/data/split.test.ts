import assert from 'node:assert/strict';
import fc from 'fast-check';
import {
  manualSeed,
  slidingWindows,
  splitSamples,
  splitSeries,
  tensor,
  walkForward,
} from '../../../kernel/rnn/index.js';

const upTo = (n: number): number[] => Array.from({ length: n }, (_, i) => i);

describe('splitSeries', () => {
  it('keeps time order, leaves the gaps out, and nothing twice, for any sizes', () => {
    const sizes = fc.record({
      length: fc.integer({ min: 1, max: 200 }),
      validation: fc.oneof(
        fc.integer({ min: 0, max: 50 }),
        fc.double({ min: 0.01, max: 0.5, noNaN: true }),
      ),
      test: fc.oneof(
        fc.integer({ min: 0, max: 50 }),
        fc.double({ min: 0.01, max: 0.5, noNaN: true }),
      ),
      gap: fc.integer({ min: 0, max: 10 }),
    });
    fc.assert(
      fc.property(sizes, ({ length, ...options }) => {
        let parts;
        try {
          parts = splitSeries(upTo(length), options);
        } catch (error) {
          assert.equal((error as Error).name, 'OptionError');
          return;
        }
        const { training, validation, test } = parts;
        assert.ok(training.length > 0);
        assert.equal(validation.length > 0, options.validation > 0);
        assert.equal(test.length > 0, options.test > 0);
        assert.equal(training[0], 0);
        const ends = [training, validation, test].filter((part) => part.length > 0);
        assert.equal(ends.at(-1)!.at(-1), length - 1);
        ends
          .slice(1)
          .forEach((part, k) => assert.equal(part[0]! - ends[k]!.at(-1)! - 1, options.gap));
        for (const part of ends)
          assert.deepEqual(part, upTo(length).slice(part[0], part.at(-1)! + 1));
      }),
      { seed: 1, numRuns: 300 },
    );
  });

  it('windows of the training part know nothing of the rest', () => {
    const { training, test } = splitSeries(upTo(100), { test: 0.3 });
    const values = [...slidingWindows(training, { windowLength: 5, horizon: 4 })].flatMap(
      ({ input, target }) => [...input.data, ...target.data],
    );
    assert.equal(Math.max(...values), 69);
    assert.equal(test[0], 70);
  });

  it('gives parts of the kind that came', () => {
    assert.deepEqual(
      splitSeries(Float64Array.of(1, 2, 3, 4), { test: 1 }).test,
      Float64Array.of(4),
    );
    const { training } = splitSeries(
      tensor([
        [1, 2],
        [3, 4],
      ]),
      { test: 0.5 },
    );
    assert.deepEqual(training.toNested(), [[1, 2]]);
  });

  it('refuses parts that would be empty', () => {
    assert.throws(
      () => splitSeries([1, 2, 3], { test: 0.1 }),
      /test = 0.1 of 3 is 0, expected one or more/,
    );
    assert.throws(() => splitSeries([1, 2, 3], { test: 3 }), /nothing is left to train on/);
    assert.throws(
      () => splitSeries([1, 2, 3], { test: 1, validation: 1, gap: 1 }),
      /nothing is left to train on/,
    );
  });
});

describe('walkForward', () => {
  const show = (folds: ReturnType<typeof walkForward>) =>
    folds.map(({ training, test }) => [
      upTo(training.to).slice(training.from),
      upTo(test.to).slice(test.from),
    ]);

  it('does what scikit-learn shows for TimeSeriesSplit', () => {
    // https://scikit-learn.org/stable/modules/generated/sklearn.model_selection.TimeSeriesSplit.html
    assert.deepEqual(show(walkForward(6, { folds: 5 })), [
      [[0], [1]],
      [[0, 1], [2]],
      [[0, 1, 2], [3]],
      [[0, 1, 2, 3], [4]],
      [[0, 1, 2, 3, 4], [5]],
    ]);
    assert.deepEqual(show(walkForward(12, { folds: 3, testLength: 2, gap: 2 })), [
      [
        [0, 1, 2, 3],
        [6, 7],
      ],
      [
        [0, 1, 2, 3, 4, 5],
        [8, 9],
      ],
      [
        [0, 1, 2, 3, 4, 5, 6, 7],
        [10, 11],
      ],
    ]);
  });

  it('can keep training parts of one length, and refuses too short a series', () => {
    assert.deepEqual(show(walkForward(9, { folds: 2, trainingLength: 2 })), [
      [
        [1, 2],
        [3, 4, 5],
      ],
      [
        [4, 5],
        [6, 7, 8],
      ],
    ]);
    const [, last] = walkForward(9, { folds: 2, trainingLength: 2, gap: 1 });
    assert.deepEqual(last!.training, { from: 3, to: 5 });
    assert.throws(() => walkForward(3, { folds: 3 }), /3 time steps are too few for 3 folds/);
  });
});

describe('splitSamples', () => {
  const samples = upTo(60).map((id) => ({ id, speaker: id % 12 }));

  it('keeps groups together, gives every sample to one part, and repeats itself under one seed', () => {
    const split = () => {
      manualSeed(2);
      return splitSamples(samples, {
        validation: 0.25,
        test: 2,
        groupBy: ({ speaker }) => speaker,
      });
    };
    const { training, validation, test } = split();
    assert.deepEqual(split(), { training, validation, test });
    const speakers = [training, validation, test].map(
      (part) => new Set(part.map(({ speaker }) => speaker)),
    );
    assert.deepEqual(
      speakers.map(({ size }) => size),
      [7, 3, 2],
    );
    assert.equal(new Set(speakers.flatMap((set) => [...set])).size, 12);
    const ids = [...training, ...validation, ...test].map(({ id }) => id);
    assert.deepEqual(
      ids.sort((a, b) => a - b),
      upTo(60),
    );
  });

  it('splits single samples where no groups are named, and refuses empty parts', () => {
    const { training, test } = splitSamples(samples);
    assert.deepEqual([training.length, test.length], [48, 12]);
    assert.throws(() => splitSamples([1, 2], { test: 2 }), /nothing is left to train on/);
    assert.throws(() => splitSamples([1, 2], { test: 0.1 }), /test = 0.1 of 2 is 0/);
  });
});
