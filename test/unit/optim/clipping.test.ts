import assert from 'node:assert/strict';
import { clipGradNormEach, clipGradValue, tensor, type Tensor } from '../../../kernel/rnn/index.js';

const withGradient = (...gradient: number[]): Tensor => {
  const theta = tensor(new Array<number>(gradient.length).fill(1), {
    dtype: 'float64',
    requiresGrad: true,
  });
  theta
    .mul(tensor(gradient, { dtype: 'float64' }))
    .sum()
    .backward();
  return theta;
};

describe('clipping', () => {
  it('by value brings each element into the range and returns the largest before', () => {
    const [a, b] = [withGradient(3, -0.5), withGradient(-4, 0.1)];
    const without = tensor([1], { requiresGrad: true });
    assert.equal(clipGradValue([a, without, b], 2), 4);
    assert.deepEqual(
      [a.grad!.toNested(), b.grad!.toNested()],
      [
        [2, -0.5],
        [-2, 0.1],
      ],
    );
    assert.equal(clipGradValue([a], 5), 2);
  });

  it('per variable scales each gradient by its own norm', () => {
    const [a, b] = [withGradient(3, 4), withGradient(0.6, 0.8)];
    const without = tensor([1], { requiresGrad: true });
    assert.deepEqual(clipGradNormEach([a, without, b], 2), [5, 0, 1]);
    a.grad!.data.forEach((g, i) => assert.ok(Math.abs(g - [1.2, 1.6][i]!) < 1e-5));
    assert.deepEqual(b.grad!.toNested(), [0.6, 0.8]);
  });

  it('never lets NaN or infinity through', () => {
    for (const bad of [NaN, Infinity, -Infinity]) {
      const [good, poisoned] = [withGradient(9), withGradient(1, bad)];
      assert.throws(() => clipGradValue([good, poisoned], 1), {
        name: 'NonFiniteError',
        message: `gradient of a parameter [2]: expected finite numbers, got ${bad}; the weights are unchanged`,
      });
      assert.deepEqual(good.grad!.toNested(), [9], 'no gradient was changed');
      assert.throws(() => clipGradNormEach([poisoned], 1), /expected finite numbers/);
    }
    assert.throws(
      () => clipGradValue([withGradient(1)], 0),
      /value must be a positive number, got 0/,
    );
  });
});
