import assert from 'node:assert/strict';
import { tasks } from '../../../kernel/rnn/index.js';
import { solveLinear } from './solveLinear.js';

const near = (actual: number, expected: number, tolerance: number): void =>
  assert.ok(
    Math.abs(actual - expected) <= tolerance,
    `${actual}, expected ${expected} ± ${tolerance}`,
  );
const mean = (values: readonly number[]): number =>
  values.reduce((sum, value) => sum + value, 0) / values.length;
const nrmse = (predicted: readonly number[], actual: readonly number[]): number => {
  const centre = mean(actual);
  const error = mean(actual.map((y, i) => (y - predicted[i]!) ** 2));
  return Math.sqrt(error / mean(actual.map((y) => (y - centre) ** 2)));
};

describe('tasks.mackeyGlass', () => {
  const series = tasks.mackeyGlass();

  it('persistence has NRMSE 0.146 one step ahead and 1.63 at 84', () => {
    const persistence = (horizon: number) =>
      nrmse([...series.slice(0, -horizon)], [...series.slice(horizon)]);
    near(persistence(1), 0.146, 5e-4);
    near(persistence(84), 1.63, 5e-3);
  });

  it('a linear model of 18 values, fitted on seven tenths, has 0.113 at 6 and 0.533 at 84', () => {
    const cut = 0.7 * series.length;
    const [training, held] = [series.subarray(0, cut), series.subarray(cut)];
    const rows = (part: Float64Array, horizon: number) =>
      Array.from({ length: part.length - horizon - 17 }, (_, i) => ({
        inputs: [1, ...part.subarray(i, i + 18)],
        target: part[i + 17 + horizon]!,
      }));
    for (const [horizon, expected, tolerance] of [
      [6, 0.113, 1e-3],
      [84, 0.533, 3e-3],
    ] as const) {
      const samples = rows(training, horizon);
      const products = (a: number, value: (row: (typeof samples)[number]) => number) =>
        samples.reduce((sum, row) => sum + row.inputs[a]! * value(row), 0);
      const indices = Array.from({ length: 19 }, (_, k) => k);
      const weights = solveLinear(
        indices.map((a) => indices.map((b) => products(a, ({ inputs }) => inputs[b]!))),
        indices.map((a) => products(a, ({ target }) => target)),
      );
      const test = rows(held, horizon);
      const predicted = test.map(({ inputs }) =>
        inputs.reduce((sum, x, k) => sum + x * weights[k]!, 0),
      );
      near(
        nrmse(
          predicted,
          test.map(({ target }) => target),
        ),
        expected,
        tolerance,
      );
    }
  });

  it('solves its equation: halving the step changes little, at the order of the interpolation', () => {
    const options = { length: 40, discard: 0 };
    const at = (stepsPerUnit: number) => tasks.mackeyGlass({ ...options, stepsPerUnit });
    const [coarse, middle, fine] = [at(10), at(20), at(40)];
    const distance = (a: Float64Array, b: Float64Array) =>
      Math.max(...a.map((x, i) => Math.abs(x - b[i]!)));
    const order = Math.log2(distance(coarse, middle) / distance(middle, fine));
    assert.ok(order > 1.7, `order ${order}`);
    assert.ok(distance(middle, fine) < 1e-4);
  });

  it('decays as e to the −γt until the delay is over, then follows the equation by hand', () => {
    // Up to τ the delayed value is x₀, so x(t) = s + (x₀ − s)·e^(−γt), s = β·x₀/(1 + x₀ⁿ)/γ.
    const [x0, beta, gamma] = [1.2, 0.2, 0.1];
    const s = (beta * x0) / (1 + x0 ** 10) / gamma;
    tasks.mackeyGlass({ length: 18, discard: 0 }).forEach((x, t) => {
      near(x, s + (x0 - s) * Math.exp(-gamma * t), 1e-8);
    });
  });

  it('is the same every time, and refuses options by name', () => {
    assert.deepEqual(tasks.mackeyGlass(), series);
    assert.equal(series.length, 5000);
    assert.throws(
      () => tasks.mackeyGlass({ tau: 0 }),
      /tasks.mackeyGlass: tau must be a positive number, got 0/,
    );
  });
});
