import assert from 'node:assert/strict';
import {
  crossEntropy,
  gradcheck,
  manualSeed,
  nll,
  randint,
  randn,
  tensor,
  type CrossEntropyOptions,
  type Tensor,
} from '../../../kernel/rnn/index.js';
import { tapeOrder } from '../../../kernel/rnn/tensor.js';

const [T, B, C] = [4, 3, 5];
const logits = (): Tensor => randn([T, B, C], { dtype: 'float64', requiresGrad: true });
const weight = tensor([1, 0.5, 2, 0, 3], { dtype: 'float64' });
const mask = tensor(
  [
    [1, 1, 1],
    [1, 0, 1],
    [1, 0, 0],
    [1, 0, 0],
  ],
  { dtype: 'float64' },
);

/** PyTorch's definition written with probabilities: (1−ε) times the target's term plus ε/C times all classes'. */
function expected(x: Tensor, y: Tensor, options: CrossEntropyOptions) {
  const { labelSmoothing: epsilon = 0, ignoreIndex = -100 } = options;
  const w = (c: number): number => options.weight?.data[c] ?? 1;
  let total = 0;
  let divisor = 0;
  for (let row = 0; row < y.size; row++) {
    const target = y.data[row]!;
    if (target === ignoreIndex || options.mask?.data[row] === 0) continue;
    const exps = Array.from(x.data.slice(row * C, (row + 1) * C), Math.exp);
    const sum = exps.reduce((a, b) => a + b, 0);
    const losses = exps.map((e, c) => -w(c) * Math.log(e / sum));
    total += (1 - epsilon) * losses[target]!;
    total += (epsilon / C) * losses.reduce((a, b) => a + b, 0);
    divisor += w(target);
  }
  return { sum: total, mean: total / divisor };
}

const crossed: CrossEntropyOptions[] = [{}, { labelSmoothing: 0.2 }].flatMap((smoothing) =>
  [{}, { weight }].flatMap((weights) =>
    [{}, { mask }].flatMap((masks) =>
      [{}, { ignoreIndex: 1 }].map((ignored) => ({
        ...smoothing,
        ...weights,
        ...masks,
        ...ignored,
      })),
    ),
  ),
);

describe('crossEntropy', () => {
  beforeEach(() => manualSeed(5));

  for (const options of crossed) {
    const named = Object.keys(options).join(', ') || 'no option';
    it(`is its formula and has its derivative: ${named}`, () => {
      const x = logits();
      const y = randint(0, C, [T, B]);
      for (const reduction of ['sum', 'mean'] as const) {
        const actual = crossEntropy(x, y, { ...options, reduction }).item();
        const reference = expected(x, y, options)[reduction];
        assert.ok(Math.abs(actual - reference) < 1e-12, `${reduction} ${actual}, ${reference}`);
      }
      const each = crossEntropy(x, y, { ...options, reduction: 'none' });
      assert.deepEqual(each.shape, [T, B]);
      assert.ok(Math.abs(each.sum().item() - expected(x, y, options).sum) < 1e-12);
      for (const reduction of ['mean', 'sum', 'none'] as const)
        gradcheck((z) => crossEntropy(z, y, { ...options, reduction }), [x]);
    });
  }

  it('equals nll of logSoftmax, and is one node of the tape', () => {
    const x = logits();
    const y = randint(0, C, [T, B]);
    const loss = crossEntropy(x, y);
    assert.ok(Math.abs(loss.item() - nll(x.logSoftmax(), y).item()) < 1e-14);
    assert.deepEqual(
      tapeOrder(loss).map(({ op }) => op),
      ['crossEntropy'],
    );
  });

  it('does not read padding: neither NaN logits nor targets out of range matter there', () => {
    const x = logits();
    const y = randint(0, C, [T, B]);
    const clean = crossEntropy(x, y, { mask }).item();
    mask.data.forEach((valid, row) => {
      if (valid) return;
      x.data.fill(NaN, row * C, (row + 1) * C);
      y.data[row] = -1;
    });
    const loss = crossEntropy(x, y, { mask });
    assert.equal(loss.item(), clean);
    loss.backward();
    x.grad!.data.forEach((g, i) =>
      mask.data[Math.floor(i / C)] ? assert.ok(Number.isFinite(g)) : assert.equal(g, 0),
    );
  });

  it('a masked batch has the loss and the gradients of its sequences one by one', () => {
    const lengths = [4, 1, 2];
    const x = logits();
    const y = randint(0, C, [T, B]);
    crossEntropy(x, y, { mask, reduction: 'sum' }).backward();
    let total = 0;
    lengths.forEach((length, b) => {
      const alone = x.detach().slice(0, 0, length).select(1, b);
      alone.requiresGrad = true;
      const loss = crossEntropy(alone, y.slice(0, 0, length).select(1, b), { reduction: 'sum' });
      loss.backward();
      total += loss.item();
      assert.deepEqual(alone.grad!.toNested(), x.grad!.slice(0, 0, length).select(1, b).toNested());
    });
    assert.ok(Math.abs(total - crossEntropy(x, y, { mask, reduction: 'sum' }).item()) < 1e-12);
  });

  it('passes over targets of -100, as PyTorch does', () => {
    const x = logits();
    const y = randint(0, C, [T, B]);
    y.data[0] = -100;
    const loss = crossEntropy(x, y);
    assert.ok(Math.abs(loss.item() - expected(x, y, {}).mean) < 1e-12);
    loss.backward();
    assert.deepEqual([...x.grad!.data.slice(0, C)], [0, 0, 0, 0, 0]);
  });

  /** Below and above the size from which float32 runs in WebAssembly; rows that do not fill vectors of four. */
  for (const [rows, classes] of [
    [7, 5],
    [40, 64],
    [61, 37],
    [300, 3],
    [1200, 1],
    [2, 1001],
  ] as const)
    it(`float32 agrees with float64: ${rows} rows of ${classes} classes`, () => {
      const precise = randn([rows, classes], { dtype: 'float64' }).mul(5).detach();
      const x = precise.to('float32');
      const y = randint(0, classes, [rows]);
      const some = tensor(Array.from({ length: rows }, (_, i) => Number(i % 3 > 0)));
      for (const options of [
        {},
        { mask: some },
        { labelSmoothing: 0.1, reduction: 'sum' },
      ] as const) {
        const [a, b] = [x.clone(), x.to('float64')];
        const [loss, expected] = [a, b].map((logits) => {
          logits.requiresGrad = true;
          const value = crossEntropy(logits, y, options);
          value.backward();
          return value.item();
        }) as [number, number];
        assert.ok(Math.abs(loss - expected) < 1e-6 * Math.max(1, expected), `${loss}, ${expected}`);
        a.grad!.data.forEach((g, i) => {
          const exact = b.grad!.data[i]!;
          assert.ok(
            Math.abs(g - exact) < 1e-6 * ('reduction' in options ? 1 : 1 / rows),
            `${g}, ${exact}`,
          );
        });
      }
    });

  it('float32 in WebAssembly is robust too: huge logits, ones that are ruled out, NaN at padding only', () => {
    const x = randn([60, 16], { requiresGrad: true });
    const y = randint(0, 16, [60]);
    x.data.set([1000, -1000, 0], 0);
    x.data[20] = -Infinity;
    [y.data[0], y.data[1]] = [1, 0];
    const padding = tensor(Array.from({ length: 60 }, (_, i) => Number(i !== 5)));
    x.data.fill(NaN, 5 * 16, 6 * 16);
    const each = crossEntropy(x, y, { mask: padding, reduction: 'none' });
    assert.equal(each.data[0], 2000);
    each.sum().backward();
    assert.ok(x.grad!.data.every(Number.isFinite));
    assert.deepEqual([...x.grad!.data.slice(0, 3)], [1, -1, 0]);
    assert.equal(x.grad!.data[20], 0);
    assert.ok(x.grad!.data.slice(5 * 16, 6 * 16).every((g) => g === 0));
    assert.ok(Number.isNaN(crossEntropy(x, y).item()), 'NaN in what counts is passed on');
  });

  it('stays finite for huge logits', () => {
    const x = tensor([[-1000, 0, 1000]], { dtype: 'float64', requiresGrad: true });
    const loss = crossEntropy(x, tensor([0], { dtype: 'int32' }));
    assert.equal(loss.item(), 2000);
    loss.backward();
    assert.deepEqual(x.grad!.toNested(), [[-1, 0, 1]]);
  });

  it('says what does not fit', () => {
    const x = tensor([[1, 2, 3]]);
    const y = (target: number) => tensor([target], { dtype: 'int32' });
    assert.throws(() => crossEntropy(x, y(3)), {
      name: 'VocabularyError',
      message: 'crossEntropy: target 3 is out of range, expected 0 to 2',
    });
    assert.throws(() => crossEntropy(x, tensor([1])), /targets must be class indices in int32/);
    assert.throws(
      () => crossEntropy(x, tensor([1, 2], { dtype: 'int32' })),
      /scores are \[1, 3\], expected targets \[1\] and at least one class, got targets \[2\]/,
    );
    assert.throws(
      () => crossEntropy(x, y(1), { weight: tensor([1, 2]) }),
      /weight is \[2\], expected one for each class \[3\]/,
    );
    assert.throws(
      () => crossEntropy(x, y(1), { weight: tensor([1, -2, 1]) }),
      /weight must hold numbers that are zero or more/,
    );
    assert.throws(
      () => crossEntropy(x, y(1), { labelSmoothing: 1.5 }),
      /labelSmoothing must be a number from 0 to 1, got 1.5/,
    );
    assert.throws(
      () => crossEntropy(x, y(-100)),
      /expected at least one position to take the mean of, got none/,
    );
  });
});
