import assert from 'node:assert/strict';
import {
  manualSeed,
  NonFiniteError,
  OptionError,
  sample,
  ShapeError,
  tensor,
} from '../../../kernel/rnn/index.js';

describe('sample', () => {
  it('draws an index from each row, as often as its probability says', () => {
    manualSeed(3);
    const row = [Math.log(0.2), Math.log(0.5), Math.log(0.3)];
    const drawn = sample(tensor(Array.from({ length: 4000 }, () => row)));
    assert.deepEqual(drawn.shape, [4000]);
    assert.equal(drawn.dtype, 'int32');
    const shares = [0, 1, 2].map((k) => drawn.data.filter((one) => one === k).length / 4000);
    [0.2, 0.5, 0.3].forEach((p, k) => {
      assert.ok(Math.abs(shares[k]! - p) < 0.03, shares.join(' '));
    });
  });

  it('keeps the dimensions before the last, and gives one number for one row', () => {
    assert.deepEqual(sample(tensor([[[0, 9]], [[9, 0]]]), { temperature: 0 }).toNested(), [
      [1],
      [0],
    ]);
    assert.equal(sample(tensor([0, 3, 1]), { temperature: 0 }).item(), 1);
  });

  it('keeps to topK and to what is allowed', () => {
    const row = tensor([5, 4, 3, 2]);
    for (let i = 0; i < 20; i++) {
      assert.ok(sample(row, { topK: 2, temperature: 5 }).item() < 2);
      assert.ok([2, 3].includes(sample(row, { allowed: [2, 3] }).item()));
    }
  });

  it('draws the same under the same seed, and goes on otherwise', () => {
    const row = tensor(Array.from({ length: 50 }, () => 0));
    const draw = () => Array.from({ length: 10 }, () => sample(row).item());
    manualSeed(1);
    const first = draw();
    const second = draw();
    manualSeed(1);
    assert.deepEqual(draw(), first);
    assert.notDeepEqual(second, first);
  });

  it('refuses what is no row of logits', () => {
    assert.throws(() => sample(tensor(1)), ShapeError);
    assert.throws(() => sample(tensor([0, NaN])), NonFiniteError);
    assert.throws(() => sample(tensor([0, 1]), { allowed: [2] }), OptionError);
    assert.throws(() => sample(tensor([0, 1]), { allowed: [] }), OptionError);
    assert.throws(() => sample(tensor([0, 1]), { temperature: -1 }), OptionError);
  });
});
