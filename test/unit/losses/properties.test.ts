import assert from 'node:assert/strict';
import fc from 'fast-check';
import {
  bceWithLogits,
  cosineLoss,
  crossEntropy,
  ctcLoss,
  gaussianNll,
  gradcheck,
  huber,
  l1,
  manualSeed,
  mse,
  nll,
  randint,
  randn,
  Tensor,
  tensor,
  type LossOptions,
} from '../../../kernel/rnn/index.js';

const float = (...shape: number[]): Tensor =>
  randn(shape, { dtype: 'float64', requiresGrad: true });

/** Ragged batches: lengths in any order, at least one time step of one sequence. */
const batches = fc.record({
  seed: fc.nat(10_000),
  lengths: fc
    .array(fc.nat(4), { minLength: 1, maxLength: 4 })
    .filter((all) => Math.max(...all) > 0),
  features: fc.integer({ min: 2, max: 4 }),
  reduction: fc.constantFrom<'mean' | 'sum'>('mean', 'sum'),
});

type Loss = (x: Tensor, y: Tensor, options: LossOptions) => Tensor;
const regression: Record<string, Loss> = {
  mse,
  l1,
  huber,
  cosineLoss,
  bceWithLogits: (x, y, options) => bceWithLogits(x, y.sigmoid().detach(), options),
  gaussianNll: (x, y, options) =>
    gaussianNll(x, y, new Tensor(y.data.map(Math.abs), y.shape), options),
};
const classification: Record<string, Loss> = {
  crossEntropy,
  'crossEntropy, smoothed': (x, y, options) =>
    crossEntropy(x, y, { ...options, labelSmoothing: 0.3 }),
  nll,
};

const maskOf = (lengths: readonly number[], timeSteps: number): Tensor =>
  tensor(
    Array.from({ length: timeSteps }, (_, t) => lengths.map((length) => Number(t < length))),
    { dtype: 'int32' },
  );

/** The valid time steps of all sequences one after the other. */
function validRows(x: Tensor, lengths: readonly number[]): Tensor {
  const width = x.size / (x.shape[0]! * lengths.length);
  const rows = lengths.flatMap((length, b) =>
    Array.from({ length }, (_, t) => {
      const from = (t * lengths.length + b) * width;
      return [...x.data.slice(from, from + width)];
    }),
  );
  const data = rows.flat();
  const flat = tensor(data, { dtype: x.dtype });
  return flat.reshape([rows.length, ...x.shape.slice(2)]);
}

describe('properties of losses', () => {
  for (const [name, loss] of Object.entries({ ...regression, ...classification }))
    it(`${name}: a masked batch has the loss of its valid time steps alone, whatever stands at padding`, () => {
      fc.assert(
        fc.property(batches, ({ seed, lengths, features, reduction }) => {
          manualSeed(seed);
          const T = Math.max(...lengths) + 1;
          const isClass = name in classification;
          const x = float(T, lengths.length, features);
          const y = isClass
            ? randint(0, features, [T, lengths.length])
            : float(T, lengths.length, features).detach();
          const expected = loss(validRows(x, lengths), validRows(y, lengths), { reduction }).item();
          const mask = maskOf(lengths, T);
          x.data.forEach((_, i) => {
            if (mask.data[Math.floor(i / features)] === 0) x.data[i] = i % 2 ? NaN : Infinity;
          });
          const actual = loss(x, y, { reduction, mask });
          assert.ok(Math.abs(actual.item() - expected) <= 1e-12 * Math.max(1, Math.abs(expected)));
          actual.backward();
          x.grad!.data.forEach((g, i) =>
            mask.data[Math.floor(i / features)] === 0
              ? assert.equal(g, 0)
              : assert.ok(Number.isFinite(g)),
          );
        }),
        { numRuns: 40 },
      );
    });

  it('crossEntropy: all options crossed have their derivative', () => {
    const options = fc.record({
      seed: fc.nat(10_000),
      labelSmoothing: fc.constantFrom(0, 0.1, 1),
      isWeighted: fc.boolean(),
      isMasked: fc.boolean(),
      reduction: fc.constantFrom<'mean' | 'sum' | 'none'>('mean', 'sum', 'none'),
      shape: fc.tuple(fc.integer({ min: 2, max: 4 }), fc.integer({ min: 1, max: 3 })),
      classes: fc.integer({ min: 1, max: 5 }),
      scale: fc.constantFrom(0.1, 1, 8),
    });
    fc.assert(
      fc.property(options, ({ seed, isWeighted, isMasked, shape, classes, scale, ...given }) => {
        manualSeed(seed);
        const x = float(...shape, classes)
          .mul(scale)
          .detach();
        x.requiresGrad = true;
        const targets = randint(0, classes, shape);
        // One target is ignored, and one padded where a mask is given.
        targets.data[0] = -100;
        const mask = tensor(Array.from(targets.data, (_, i) => Number(!isMasked || i !== 1)));
        const weight = new Tensor(float(classes).data.map(Math.abs), [classes]);
        const left = targets.size - 1 - Number(isMasked);
        fc.pre(left > 0);
        const { labelSmoothing, reduction } = given;
        const error = gradcheck(
          (logits) =>
            crossEntropy(logits, targets, {
              labelSmoothing,
              reduction,
              mask: mask.reshape(shape),
              ...(isWeighted && { weight }),
            }),
          [x],
        );
        assert.ok(error < 1e-5);
      }),
      { numRuns: 60 },
    );
  });

  it('crossEntropy: adding a number to all logits of a row changes nothing', () => {
    fc.assert(
      fc.property(fc.nat(1000), fc.integer({ min: -600, max: 600 }), (seed, shift) => {
        manualSeed(seed);
        const x = float(3, 4);
        const y = randint(0, 4, [3]);
        const difference = crossEntropy(x, y).item() - crossEntropy(x.add(shift), y).item();
        assert.ok(Math.abs(difference) < 1e-10);
      }),
    );
  });

  it('ctcLoss: the probabilities of all targets sum to 1', () => {
    fc.assert(
      fc.property(fc.nat(1000), fc.integer({ min: 1, max: 4 }), (seed, timeSteps) => {
        manualSeed(seed);
        const logits = float(timeSteps, 1, 3);
        let targets: number[][] = [[]];
        let total = 0;
        for (let length = 0; length <= timeSteps; length++) {
          for (const target of targets)
            total += Math.exp(-ctcLoss(logits, [target]).item() * Math.max(1, length));
          targets = targets.flatMap((target) => [1, 2].map((label) => [...target, label]));
        }
        assert.ok(Math.abs(total - 1) < 1e-10, String(total));
      }),
      { numRuns: 20 },
    );
  });

  it('ctcLoss: padding, order of the sequences and lengths of neighbours do not matter', () => {
    const sequences = fc.array(
      fc.record({
        length: fc.integer({ min: 0, max: 5 }),
        labels: fc.array(fc.integer({ min: 1, max: 3 }), { maxLength: 3 }),
      }),
      { minLength: 1, maxLength: 4 },
    );
    fc.assert(
      fc.property(sequences, fc.nat(1000), (list, seed) => {
        manualSeed(seed);
        const logits = float(6, list.length, 4);
        const inputLengths = list.map(({ length }) => length);
        const options = { reduction: 'none', zeroInfinity: true } as const;
        const targets = list.map(({ labels }) => labels);
        const all = ctcLoss(logits, targets, { ...options, inputLengths });
        list.forEach(({ length, labels }, b) => {
          const alone = logits.slice(1, b, b + 1);
          const one = ctcLoss(alone, [labels], { ...options, inputLengths: [length] });
          assert.equal(all.data[b], one.item());
        });
      }),
      { numRuns: 40 },
    );
  });
});
