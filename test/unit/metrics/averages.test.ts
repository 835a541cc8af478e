import assert from 'node:assert/strict';
import { mean, OptionError, quantile, tensor } from '../../../kernel/rnn/index.js';

describe('mean and quantile', () => {
  it('take numbers, typed arrays and tensors', () => {
    for (const values of [[1, 2, 6], Float64Array.of(1, 2, 6), tensor([1, 2, 6])]) {
      assert.equal(mean(values), 3);
      assert.equal(quantile(values, 0.5), 2);
    }
  });

  // numpy.quantile([3, 1, 4, 1, 5], q)
  for (const [share, expected] of [
    [0, 1],
    [0.25, 1],
    [0.5, 3],
    [0.9, 4.6],
    [1, 5],
  ] as const)
    it(`${share} of 3, 1, 4, 1, 5 lies below ${expected}`, () => {
      assert.ok(Math.abs(quantile([3, 1, 4, 1, 5], share) - expected) < 1e-12);
    });

  it('keep what is infinite, and leave the values in their order', () => {
    const values = [Infinity, 2, Infinity];
    assert.equal(quantile(values, 0.9), Infinity);
    assert.deepEqual(values, [Infinity, 2, Infinity]);
  });

  it('refuse nothing, NaN and shares that are none', () => {
    assert.throws(() => mean([]), OptionError);
    assert.throws(() => quantile([], 0.5), OptionError);
    assert.throws(() => quantile([1, NaN], 0.5), OptionError);
    assert.throws(() => quantile([1], 1.1), OptionError);
  });
});
