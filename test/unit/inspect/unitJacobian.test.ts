import assert from 'node:assert/strict';
import { defineCell, LSTM, manualSeed, randn, Recurrent } from '../../../kernel/rnn/index.js';
import { inspect } from '../../../kernel/rnn/inspect/inspect.js';
import { seededJacobian } from '../../../kernel/rnn/inspect/jacobians.js';
import { unitJacobian } from '../../../kernel/rnn/inspect/unitJacobian.js';
import { cells, distance, meanLoss, taggerAndBatch } from './models.js';

/** Each number of q′ is a product of two neighbours in h, so a number of h acts on two of its units. */
const neighbourCell = defineCell({
  name: 'Neighbour',
  parameters: ({ inputSize, hiddenSize }) => ({ weight: [hiddenSize, inputSize] }),
  states: ({ hiddenSize }) => ({ h: hiddenSize, q: hiddenSize - 1 }),
  step({ x, h, q }, { weight }) {
    const size = h.shape[1]!;
    const next = x.linear(weight).add(h.mul(0.5)).tanh();
    return {
      h: next,
      q: h
        .slice(1, 0, size - 1)
        .mul(h.slice(1, 1, size))
        .add(q.mul(0.5)),
    };
  },
});

const sizeOf = (run: { program: { states: readonly { size: number }[] } }): number =>
  run.program.states.reduce((sum, { size }) => sum + size, 0);

describe('the Jacobian of a cell whose units meet in weights alone', () => {
  for (const cell of ['RNN', 'RNN relu', 'LSTM', 'GRU reset after', 'coupled LSTM'])
    it(`${cell}: is the one that a seed for each unit gives, at every step`, () => {
      const { model, input, target } = taggerAndBatch(cell, { dtype: 'float64' });
      const { run } = inspect(model, { input, target }, { loss: meanLoss }).layer();
      const fast = unitJacobian(run, 1);
      assert.ok(fast, 'found unit by unit');
      const slow = seededJacobian(run, 1, sizeOf(run));
      for (let t = 0; t < run.timeSteps; t++) assert.ok(distance(fast(t), slow(t)) < 1e-14);
    });

  it('knows cells that mix units in other ways', () => {
    for (const cell of ['GRU reset before', 'register']) {
      const { model, input, target } = taggerAndBatch(cell);
      const { run } = inspect(model, { input, target }, { loss: meanLoss }).layer();
      assert.equal(unitJacobian(run, 0), undefined, cell);
    }
    const model = new Recurrent({ cell: neighbourCell, inputSize: 3, hiddenSize: 4 });
    const trace = inspect(model, { input: randn([3, 1, 3]) }, { loss: (output) => output.sum() });
    assert.equal(unitJacobian(trace.layer().run, 0), undefined);
  });

  it('lets nothing back through a number that was set', () => {
    manualSeed(2);
    const model = new LSTM({ inputSize: 3, hiddenSize: 4, dtype: 'float64' });
    const batch = { input: randn([5, 1, 3], { dtype: 'float64' }) };
    const trace = inspect(model, batch, { loss: (output) => output.sum() });
    for (const node of ['f', 'c', '%8']) {
      const { run } = trace.whatIf({ node, t: 2, unit: 1, set: 0.5 }).after.layer();
      const whole = trace.layer().run;
      const fast = unitJacobian(run, 0)!(2);
      assert.ok(distance(fast, seededJacobian(run, 0, 8)(2)) < 1e-14, node);
      assert.ok(distance(fast, unitJacobian(whole, 0)!(2)) > 1e-3, `${node} was set`);
    }
  });

  it('is what the spectra are made of for every cell', () => {
    for (const cell of Object.keys(cells)) {
      const { model, input, target } = taggerAndBatch(cell, { dtype: 'float64' });
      const trace = inspect(model, { input, target }, { loss: meanLoss });
      const { run } = trace.layer();
      const seeded = seededJacobian(run, 0, sizeOf(run));
      const { steps, product } = trace.jacobians({ from: 3 });
      for (const { t, matrix } of steps) assert.ok(distance(matrix, seeded(t)) < 1e-14, cell);
      assert.deepEqual(product.k, [3, 2, 1, 0]);
      assert.ok(Math.abs(product.norm[1]! - steps[3]!.singularValues[0]!) < 1e-8, cell);
    }
  });
});
