import assert from 'node:assert/strict';
import { inspect } from 'node:util';
import {
  arange,
  eye,
  flip,
  linspace,
  noGrad,
  oneHot,
  stack,
  tensor,
} from '../../../kernel/rnn/index.js';

const f64 = { dtype: 'float64', requiresGrad: true } as const;

describe('Tensor', () => {
  it('adds up gradients of a value used twice, and of two backward passes', () => {
    const x = tensor([2, 3], f64);
    x.mul(x).sum().backward();
    assert.deepEqual(x.grad!.toNested(), [4, 6]);
    x.mul(10).sum().backward();
    assert.deepEqual(x.grad!.toNested(), [14, 16]);
  });

  it('does not record inside noGrad, and not through detach', () => {
    const x = tensor([2], f64);
    assert.equal(noGrad(() => x.mul(2)).requiresGrad, false);
    x.mul(x.detach()).sum().backward();
    assert.deepEqual(x.grad!.toNested(), [2]);
    assert.throws(() => noGrad(() => Promise.resolve()), /expected a synchronous function/);
    assert.equal(x.mul(2).requiresGrad, true);
  });

  it('goes back through a chain far deeper than the call stack', () => {
    const x = tensor([1], f64);
    let y = x;
    for (let i = 0; i < 50_000; i++) y = y.add(1);
    y.sum().backward();
    assert.deepEqual(x.grad!.toNested(), [1]);
  });

  it('refuses what cannot be differentiated, and says why', () => {
    assert.throws(
      () => tensor([1]).backward(),
      /does not depend on any tensor that requires gradients/,
    );
    const y = tensor([1, 2], f64).mul(2);
    assert.throws(() => y.backward(), /expected one element, got shape \[2\]/);
    const z = y.sum();
    z.backward();
    assert.throws(() => z.backward(), /was used already; run the forward pass again/);
    assert.throws(
      () => tensor([1], { dtype: 'int32', requiresGrad: true }),
      /only floating point can require gradients/,
    );
  });

  it('sums and averages over the axes asked for, and finds the largest along the last', () => {
    const x = arange(6).reshape([2, 3]);
    assert.deepEqual(x.sum(0).toNested(), [3, 5, 7]);
    assert.deepEqual(x.mean(1, true).toNested(), [[1], [4]]);
    assert.equal(x.mean().item(), 2.5);
    assert.deepEqual(
      tensor([
        [1, 5, 5],
        [7, 2, 0],
      ])
        .argmax()
        .toNested(),
      [1, 0],
    );
  });

  it('is made from nested arrays and refuses ragged ones', () => {
    assert.deepEqual(
      tensor([
        [1, 2],
        [3, 4],
      ]).shape,
      [2, 2],
    );
    assert.deepEqual(tensor(5).shape, []);
    assert.throws(
      () => tensor([[1, 2], [3]]),
      /ragged arrays, expected length 2 at depth 1, got an array of length 1/,
    );
  });

  it('has the usual factories', () => {
    assert.deepEqual(arange(1, 6, 2).toNested(), [1, 3, 5]);
    assert.deepEqual(linspace(0, 1, 5).toNested(), [0, 0.25, 0.5, 0.75, 1]);
    assert.deepEqual(eye(2).toNested(), [
      [1, 0],
      [0, 1],
    ]);
    assert.deepEqual(oneHot(tensor([1, 0], { dtype: 'int32' }), 3).toNested(), [
      [0, 1, 0],
      [1, 0, 0],
    ]);
    assert.deepEqual(stack([tensor([1, 2]), tensor([3, 4])], 1).toNested(), [
      [1, 3],
      [2, 4],
    ]);
    assert.deepEqual(
      tensor([[1, 2, 3]])
        .select(1, -1)
        .toNested(),
      [3],
    );
    assert.deepEqual(arange(6).reshape([2, -1]).transpose().toNested(), [
      [0, 3],
      [1, 4],
      [2, 5],
    ]);
  });

  it('turns round along an axis, and so do gradients', () => {
    const x = tensor(
      [
        [1, 2],
        [3, 4],
      ],
      { requiresGrad: true },
    );
    assert.deepEqual(flip(x).toNested(), [
      [3, 4],
      [1, 2],
    ]);
    assert.deepEqual(flip(x, -1).toNested(), [
      [2, 1],
      [4, 3],
    ]);
    flip(x)
      .mul(tensor([[1], [10]]))
      .sum()
      .backward();
    assert.deepEqual(x.grad!.toNested(), [
      [10, 10],
      [1, 1],
    ]);
    assert.throws(() => flip(x, 2), { name: 'ShapeError' });
  });

  it('prints shape, type and numbers, long axes shortened', () => {
    assert.equal(inspect(tensor([[1, 0.5]])), 'Tensor [1, 2] float32 [[1, 0.5000]]');
    assert.equal(String(arange(100)), 'Tensor [100] float32 [0, 1, 2, …, 97, 98, 99]');
  });
});
