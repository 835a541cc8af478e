import assert from 'node:assert/strict';
import {
  bceWithLogits,
  cosineLoss,
  gaussianNll,
  gradcheck,
  huber,
  l1,
  manualSeed,
  mse,
  nll,
  randint,
  randn,
  tensor,
  type LossOptions,
  type Tensor,
} from '../../../kernel/rnn/index.js';
import { tapeOrder } from '../../../kernel/rnn/tensor.js';

const [T, B, F] = [3, 2, 4];
const float = (...shape: number[]): Tensor =>
  randn(shape, { dtype: 'float64', requiresGrad: true });
const map = (x: Tensor, f: (value: number) => number): Tensor => {
  for (let i = 0; i < x.size; i++) x.data[i] = f(x.data[i]!);
  return x;
};

interface Case {
  /** The first is what padding is put into; gradients are checked for all that require them. */
  inputs: () => Tensor[];
  loss: (inputs: Tensor[], options: LossOptions) => Tensor;
  /** The loss of position i, from the formula. */
  formula: (i: number, ...data: ArrayLike<number>[]) => number;
  /** Losses per (time step, sequence). */
  perStep: number;
}

const sigmoid = (x: number): number => 1 / (1 + Math.exp(-x));
const dot = (a: ArrayLike<number>, b: ArrayLike<number>, row: number): number => {
  let sum = 0;
  for (let i = row * F; i < (row + 1) * F; i++) sum += a[i]! * b[i]!;
  return sum;
};
const cosine = (a: ArrayLike<number>, b: ArrayLike<number>, row: number): number =>
  dot(a, b, row) / Math.sqrt(dot(a, a, row) * dot(b, b, row));
const labels = tensor(
  [
    [1, -1],
    [-1, 1],
    [-1, -1],
  ],
  { dtype: 'int32' },
);
const posWeight = tensor([1, 2, 0.5, 3], { dtype: 'float64' });
const classWeight = tensor([1, 2, 0.5, 3], { dtype: 'float64' });

const cases: Record<string, Case> = {
  mse: {
    inputs: () => [float(T, B, F), float(T, B, F)],
    loss: ([x, y], options) => mse(x!, y!, options),
    formula: (i, x, y) => (x[i]! - y[i]!) ** 2,
    perStep: F,
  },
  l1: {
    inputs: () => [float(T, B, F), float(T, B, F)],
    loss: ([x, y], options) => l1(x!, y!, options),
    formula: (i, x, y) => Math.abs(x[i]! - y[i]!),
    perStep: F,
  },
  'huber with delta': {
    inputs: () => [float(T, B, F), float(T, B, F)],
    loss: ([x, y], options) => huber(x!, y!, { ...options, delta: 0.7 }),
    formula: (i, x, y) => {
      const d = Math.abs(x[i]! - y[i]!);
      return d <= 0.7 ? d ** 2 / 2 : 0.7 * (d - 0.35);
    },
    perStep: F,
  },
  bceWithLogits: {
    inputs: () => [float(T, B, F), map(float(T, B, F), sigmoid)],
    loss: ([x, y], options) => bceWithLogits(x!, y!, options),
    formula: (i, x, y) =>
      -y[i]! * Math.log(sigmoid(x[i]!)) - (1 - y[i]!) * Math.log(1 - sigmoid(x[i]!)),
    perStep: F,
  },
  'bceWithLogits with posWeight': {
    inputs: () => [float(T, B, F), map(float(T, B, F), sigmoid)],
    loss: ([x, y], options) => bceWithLogits(x!, y!, { ...options, posWeight }),
    formula: (i, x, y) =>
      -posWeight.data[i % F]! * y[i]! * Math.log(sigmoid(x[i]!)) -
      (1 - y[i]!) * Math.log(1 - sigmoid(x[i]!)),
    perStep: F,
  },
  gaussianNll: {
    inputs: () => [float(T, B, F), float(T, B, F), map(float(T, B, F), (v) => 0.3 + v * v)],
    loss: ([m, y, v], options) => gaussianNll(m!, y!, v!, options),
    formula: (i, m, y, v) => 0.5 * (Math.log(v[i]!) + (m[i]! - y[i]!) ** 2 / v[i]!),
    perStep: F,
  },
  'gaussianNll, full, one variance per step': {
    inputs: () => [float(T, B, F), float(T, B, F), map(float(T, B, 1), (v) => 0.3 + v * v)],
    loss: ([m, y, v], options) => gaussianNll(m!, y!, v!, { ...options, full: true }),
    formula: (i, m, y, v) => {
      const variance = v[Math.floor(i / F)]!;
      return -Math.log(
        Math.exp(-((m[i]! - y[i]!) ** 2) / (2 * variance)) / Math.sqrt(2 * Math.PI * variance),
      );
    },
    perStep: F,
  },
  nll: {
    inputs: () => [float(T, B, F), randint(0, F, [T, B])],
    loss: ([x, y], options) => nll(x!, y!, options),
    formula: (i, x, y) => -x[i * F + y[i]!]!,
    perStep: 1,
  },
  cosineLoss: {
    inputs: () => [float(T, B, F), float(T, B, F)],
    loss: ([a, b], options) => cosineLoss(a!, b!, options),
    formula: (row, a, b) => 1 - cosine(a, b, row),
    perStep: 1,
  },
  'cosineLoss with labels and margin': {
    inputs: () => [float(T, B, F), float(T, B, F)],
    loss: ([a, b], options) => cosineLoss(a!, b!, { ...options, labels, margin: -0.3 }),
    formula: (row, a, b) =>
      labels.data[row] === 1 ? 1 - cosine(a, b, row) : Math.max(0, cosine(a, b, row) + 0.3),
    perStep: 1,
  },
};

/** Sequence 0 has one time step, sequence 1 three. */
const mask = tensor(
  [
    [1, 1],
    [0, 1],
    [0, 1],
  ],
  { dtype: 'int32' },
);
const isValid = (position: number, perStep: number): boolean =>
  mask.data[Math.floor(position / perStep)] === 1;

const close = (actual: number, expected: number): void =>
  assert.ok(
    Math.abs(actual - expected) <= 1e-12 * Math.max(1, Math.abs(expected)),
    `${actual} is not ${expected}`,
  );

describe('losses', () => {
  beforeEach(() => manualSeed(11));

  for (const [name, { inputs, loss, formula, perStep }] of Object.entries(cases)) {
    it(`${name}: each position is the formula's; sum and mean add them up, with a mask over valid steps only`, () => {
      const given = inputs();
      const data = given.map((one) => one.data);
      const expected = Array.from({ length: T * B * perStep }, (_, i) => formula(i, ...data));
      const each = loss(given, { reduction: 'none' });
      assert.equal(each.size, expected.length);
      expected.forEach((value, i) => close(each.data[i]!, value));
      const total = (values: number[]) => values.reduce((sum, value) => sum + value, 0);
      close(loss(given, { reduction: 'sum' }).item(), total(expected));
      close(loss(given, {}).item(), total(expected) / expected.length);
      const valid = expected.filter((_, i) => isValid(i, perStep));
      close(loss(given, { mask }).item(), total(valid) / valid.length);
      close(loss(given, { mask, reduction: 'sum' }).item(), total(valid));
    });

    it(`${name}: backward agrees with central differences, for each reduction with and without mask`, () => {
      for (const reduction of ['mean', 'sum', 'none'] as const)
        for (const options of [{ reduction }, { reduction, mask }])
          gradcheck((...given) => loss(given, options), inputs());
    });

    it(`${name}: NaN at padding reaches neither the loss nor a gradient, which is exactly 0 there`, () => {
      for (const reduction of ['mean', 'sum', 'none'] as const) {
        const given = inputs();
        const clean = loss(given, { mask, reduction }).sum().item();
        const width = given[0]!.size / (T * B);
        map(given[0]!, (value) => value);
        for (let i = 0; i < given[0]!.size; i++) if (!isValid(i, width)) given[0]!.data[i] = NaN;
        const padded = loss(given, { mask, reduction });
        assert.equal(padded.sum().item(), clean);
        padded.sum().backward();
        given[0]!.grad!.data.forEach((g, i) =>
          isValid(i, width) ? assert.ok(Number.isFinite(g)) : assert.equal(g, 0),
        );
      }
    });

    it(`${name}: is one node of the tape`, () => {
      assert.equal(tapeOrder(loss(inputs(), {})).length, 1);
    });
  }

  it('nll weighs classes, and its mean divides by the weights of the targets', () => {
    const x = float(T, B, F);
    const y = randint(0, F, [T, B]);
    y.data[2] = -100;
    const counted = [...y.data.keys()].filter((i) => i !== 2);
    const w = (i: number): number => classWeight.data[y.data[i]!]!;
    const expected =
      counted.reduce((sum, i) => sum - w(i) * x.data[i * F + y.data[i]!]!, 0) /
      counted.reduce((sum, i) => sum + w(i), 0);
    close(nll(x, y, { weight: classWeight }).item(), expected);
    gradcheck((logs) => nll(logs, y, { weight: classWeight }), [x]);
  });

  it('binary cross-entropy stays exact for huge and for tiny probabilities', () => {
    const x = tensor([1000, -1000, 40, -800], { dtype: 'float64', requiresGrad: true });
    const y = tensor([0, 1, 1, 0], { dtype: 'float64' });
    const each = bceWithLogits(x, y, { reduction: 'none' });
    assert.deepEqual([...each.data.slice(0, 2)], [1000, 1000]);
    assert.ok(Math.abs(each.data[2]! / Math.exp(-40) - 1) < 1e-12);
    assert.equal(each.data[3], 0);
    each.sum().backward();
    assert.deepEqual([...x.grad!.data.slice(0, 2)], [1, -1]);
  });

  it('a variance below eps counts as eps, with the gradient it has there', () => {
    const at = (v: number) => {
      const variance = tensor([v], { dtype: 'float64', requiresGrad: true });
      const zero = tensor([0], { dtype: 'float64' });
      const loss = gaussianNll(tensor([1], { dtype: 'float64' }), zero, variance, { eps: 0.1 });
      loss.backward();
      return [loss.item(), variance.grad!.item()];
    };
    assert.deepEqual(at(0), at(0.1));
    assert.throws(() => at(-1), /gaussianNll: variance must hold numbers that are zero or more/);
  });

  it('NaN in what counts is passed on', () => {
    const bad = tensor([NaN, 1], { dtype: 'float64', requiresGrad: true });
    const good = tensor([1, 1], { dtype: 'float64' });
    for (const loss of [mse, l1, huber, bceWithLogits, cosineLoss])
      assert.ok(Number.isNaN(loss(bad, good).item()), loss.name);
    huber(bad, good).backward();
    assert.deepEqual(bad.grad!.toNested(), [NaN, 0]);
  });

  const x = tensor([
    [1, 2],
    [3, 4],
  ]);
  const misuses: [string, () => unknown, RegExp][] = [
    [
      'shapes',
      () => mse(x, tensor([1, 2])),
      /mse: prediction is \[2, 2\], expected the shape of the target \[2\]/,
    ],
    [
      'types',
      () => l1(x, x.to('float64')),
      /l1: prediction is float32 and target is float64, expected one floating-point type/,
    ],
    ['reduction', () => mse(x, x, { reduction: 'avg' as 'sum' }), /mse: reduction must be one of/],
    [
      'mask shape',
      () => mse(x, x, { mask: tensor([1, 1, 0]) }),
      /mse: mask is \[3\], expected leading axes of the losses \[2, 2\]/,
    ],
    ['mask values', () => mse(x, x, { mask: tensor([1, 0.5]) }), /mask must hold 0 and 1, got 0.5/],
    [
      'nothing to average',
      () => mse(x, x, { mask: tensor([0, 0]) }),
      /mse: expected at least one position to take the mean of, got none in losses \[2, 2\]/,
    ],
    ['delta', () => huber(x, x, { delta: 0 }), /huber: delta must be a positive number, got 0/],
    [
      'posWeight',
      () => bceWithLogits(x, x, { posWeight: tensor([1, 2, 3]) }),
      /posWeight is \[3\], expected \[2\]/,
    ],
    [
      'variance',
      () => gaussianNll(x, x, tensor([1])),
      /variance is \[1\], expected the shape of the mean \[2, 2\], or 1 in its last dimension/,
    ],
    [
      'labels',
      () => cosineLoss(x, x, { labels: tensor([1, 0]) }),
      /cosineLoss: labels must be 1 or -1, got 0/,
    ],
    [
      'class',
      () => nll(x, tensor([0, 2], { dtype: 'int32' })),
      /nll: target 2 is out of range, expected 0 to 1/,
    ],
    ['target type', () => nll(x, tensor([0, 1])), /nll: targets must be class indices in int32/],
  ];
  for (const [name, misuse, message] of misuses)
    it(`a misfit says what was expected and what came: ${name}`, () => {
      assert.throws(misuse, message);
    });
});
