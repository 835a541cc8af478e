import assert from 'node:assert/strict';
import { crossEntropy, tensor, type Tensor } from '../../../kernel/rnn/index.js';
import { inspect } from '../../../kernel/rnn/inspect/inspect.js';
import { distance, taggerAndBatch } from './models.js';

describe('loss terms', () => {
  it('finds the parts of the loss however it was summed', () => {
    const { model, input, target } = taggerAndBatch('RNN');
    const losses = {
      mean: (o: Tensor, y: Tensor) => crossEntropy(o, y),
      sum: (o: Tensor, y: Tensor) => crossEntropy(o, y, { reduction: 'sum' }),
      'by hand': (o: Tensor, y: Tensor) => crossEntropy(o, y, { reduction: 'none' }).sum().div(14),
      'flat rows': (o: Tensor, y: Tensor) => crossEntropy(o.reshape([14, 5]), y.reshape([14])),
      'step by step': (o: Tensor, y: Tensor) =>
        [...Array(7).keys()]
          .map((t) => crossEntropy(o.select(0, t), y.select(0, t)))
          .reduce((sum, one) => sum.add(one))
          .mul(1 / 7),
    };
    const terms = Object.values(losses).map(
      (loss) => inspect(model, { input, target }, { loss }).loss,
    );
    for (const [k, found] of terms.entries()) {
      const scale = k === 1 ? 1 / 14 : 1;
      assert.deepEqual(found.measuredAt, [0, 1, 2, 3, 4, 5, 6]);
      assert.ok(found.isPointwise);
      assert.ok(
        distance(
          found.perStep.map((x) => x * scale),
          terms[0]!.perStep,
        ) < 1e-7,
      );
    }
  });

  it('tells a loss at the last step, a mask and a penalty on weights apart', () => {
    const { model, input, target } = taggerAndBatch('RNN');
    const at = (loss: (o: Tensor, y: Tensor) => Tensor) =>
      inspect(model, { input, target }, { loss }).loss;
    const last = at((o, y) => crossEntropy(o.select(0, -1), y.select(0, -1)));
    assert.deepEqual(last.measuredAt, [6]);
    assert.ok(Math.abs(last.perStep[6]! - last.total) < 1e-15);

    const mask = tensor(Array.from({ length: 7 }, (_, t) => [1, t < 4 ? 1 : 0]));
    const masked = at((o, y) => crossEntropy(o, y, { mask }));
    const sum = masked.perStep.reduce((total, one) => total + one, 0);
    assert.ok(Math.abs(sum - masked.total) < 1e-14);

    const penalty = at((o, y) =>
      crossEntropy(o, y).add(model.head.weight.mul(model.head.weight).sum()),
    );
    const squares = Array.from(model.head.weight.data).reduce((total, w) => total + w * w, 0);
    assert.ok(Math.abs(penalty.rest - squares) < 1e-6);
  });
});
