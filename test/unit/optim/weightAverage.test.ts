import assert from 'node:assert/strict';
import { tensor, WeightAverage, type Tensor } from '../../../kernel/rnn/index.js';

const weights = (...values: number[]): Tensor => tensor(values, { requiresGrad: true });
/** Sets the weight and takes it into the average. */
const visit = (average: WeightAverage, theta: Tensor, values: number[]): void => {
  for (const value of values) {
    theta.data[0] = value;
    average.update();
  }
};
const averaged = (average: WeightAverage, theta: Tensor): number => average.use(() => theta.item());

describe('WeightAverage', () => {
  it('is the plain mean of all updates without a decay', () => {
    const theta = weights(100);
    const average = new WeightAverage([theta]);
    visit(average, theta, [1, 2, 6, 3]);
    assert.equal(averaged(average, theta), 3);
    assert.equal(average.updates, 4);
    assert.equal(theta.item(), 3, 'the last weight is back');
  });

  it('is the exponential mean from the first update on with a decay', () => {
    const theta = weights(100);
    const average = new WeightAverage([theta], { decay: 0.75 });
    visit(average, theta, [8, 4, 0]);
    assert.equal(averaged(average, theta), 0.75 * (0.75 * 8 + 0.25 * 4));
  });

  it('adds up without the rounding of float32', () => {
    const theta = weights(0);
    const average = new WeightAverage([theta], { decay: 0.999999 });
    visit(average, theta, [1]);
    visit(average, theta, new Array<number>(1000).fill(2));
    assert.ok(Math.abs(averaged(average, theta) - (2 - 0.999999 ** 1000)) < 1e-6);
  });

  it('puts the weights back also when the work fails, at once or later', async () => {
    const theta = weights(1);
    const average = new WeightAverage([theta]);
    visit(average, theta, [2, 4]);
    assert.throws(() =>
      average.use(() => {
        throw new Error('no');
      }),
    );
    assert.equal(theta.item(), 4);
    await assert.rejects(average.use(() => Promise.reject(new Error('no'))));
    assert.equal(theta.item(), 4);
    const later = average.use(async () => {
      await Promise.resolve();
      return theta.item();
    });
    assert.throws(() => average.update(), /the averages are in use, wait until use\(\) ends/);
    assert.equal(await later, 3);
    assert.equal(theta.item(), 4);
  });

  it('goes on from its state, and may replace the weights for good', () => {
    const theta = weights(0);
    const first = new WeightAverage([theta]);
    visit(first, theta, [1, 2]);
    const second = new WeightAverage([theta]);
    second.loadState(first.state());
    visit(second, theta, [6]);
    second.copyToParameters();
    assert.equal(theta.item(), 3);
    assert.throws(
      () => new WeightAverage([weights(1, 2)]).loadState(first.state()),
      /the averages do not have the shapes of the parameters/,
    );
    assert.throws(() => new WeightAverage([theta], { decay: 1 }), /decay must be a number from 0/);
    assert.throws(() => new WeightAverage([]), /expected at least one parameter, got none/);
  });
});
