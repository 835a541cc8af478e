import assert from 'node:assert/strict';
import {
  leastSquares,
  manualSeed,
  nrmse,
  NonFiniteError,
  randn,
  ShapeError,
  tasks,
  tensor,
} from '../../../kernel/rnn/index.js';

describe('leastSquares', () => {
  it('finds the line that targets lie on, in any scale', () => {
    manualSeed(1);
    const x = randn([50, 3], { dtype: 'float64' });
    const weight = tensor(
      [
        [2, -1, 0.5],
        [0, 3, 1e4],
      ],
      { dtype: 'float64' },
    );
    const y = x.linear(weight, tensor([7, -2e5], { dtype: 'float64' }));
    const fit = leastSquares(x, y);
    fit.weight.data.forEach((w, i) => assert.ok(Math.abs(w - weight.data[i]!) < 1e-6));
    const predicted = fit.predict(x);
    assert.deepEqual(predicted.shape, [50, 2]);
    predicted.data.forEach((value, i) => assert.ok(Math.abs(value - y.data[i]!) < 1e-5));
  });

  it('leaves an error that no column explains, and passes over a column that does not vary', () => {
    const fit = leastSquares(
      tensor([
        [1, 0],
        [1, 1],
        [1, 0],
        [1, 1],
      ]),
      tensor([[1], [5], [3], [7]]),
    );
    assert.ok(Math.abs(fit.predict(tensor([[1, 0]])).item() - 2) < 1e-4);
    assert.equal(fit.weight.data[0], 0);
  });

  it('shrinks weights with a ridge', () => {
    const [x, y] = [tensor([[-1], [1]]), tensor([[-2], [2]])];
    assert.ok(Math.abs(leastSquares(x, y, { ridge: 1 }).weight.item() - 1) < 1e-6);
  });

  it('has the figures of the literature for Mackey–Glass, 18 values of the past', () => {
    const series = tasks.mackeyGlass();
    const rows = (from: number, to: number, horizon: number) => {
      const starts = Array.from({ length: to - from - 18 - horizon + 1 }, (_, i) => from + i);
      return {
        x: tensor(
          starts.map((at) => Array.from(series.subarray(at, at + 18))),
          { dtype: 'float64' },
        ),
        y: tensor(
          starts.map((at) => [series[at + 17 + horizon]!]),
          { dtype: 'float64' },
        ),
      };
    };
    for (const [horizon, expected] of [
      [6, 0.113],
      [84, 0.533],
    ] as const) {
      const [training, test] = [rows(0, 3500, horizon), rows(3500, 5000, horizon)];
      const found = nrmse(leastSquares(training.x, training.y).predict(test.x), test.y);
      assert.ok(Math.abs(found - expected) < 0.02 * expected, `${found} at ${horizon}`);
    }
  });

  it('refuses what does not fit', () => {
    assert.throws(() => leastSquares(tensor([1, 2]), tensor([[1], [2]])), ShapeError);
    assert.throws(() => leastSquares(tensor([[1], [2]]), tensor([[1]])), ShapeError);
    assert.throws(() => leastSquares(tensor([[1], [NaN]]), tensor([[1], [2]])), NonFiniteError);
    const fit = leastSquares(tensor([[1], [2]]), tensor([[1], [2]]));
    assert.throws(() => fit.predict(tensor([[1, 2]])), /expected \[N, 1\] as it was fitted/);
  });
});
