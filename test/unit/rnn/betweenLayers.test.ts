import assert from 'node:assert/strict';
import { GRU, LSTM, manualSeed, randn, RNN, zeros } from '../../../kernel/rnn/index.js';

const layers = { RNN, LSTM, GRU };

describe('dropout of a recurrent layer', () => {
  for (const [name, Layer] of Object.entries(layers))
    it(`${name}: falls between layers, never on the input and never after the last`, () => {
      manualSeed(3);
      const sizes = { inputSize: 3, hiddenSize: 4 };
      const input = randn([5, 6, 3]);
      const single = new Layer({ ...sizes, dropout: 1 });
      const output = single.forward(input).output;
      assert.deepEqual(output.data, single.eval().forward(input).output.data);

      // All that the second layer reads is dropped: it gives what it gives for zeros.
      const stacked = new Layer({ ...sizes, numLayers: 2, dropout: 1 });
      const second = new Layer({ ...sizes, inputSize: 4 });
      for (const parameter of ['weight_ih', 'weight_hh', 'bias_ih', 'bias_hh'] as const)
        second[`${parameter}_l0` as `weight_${string}`]!.data.set(
          stacked[`${parameter}_l1` as `weight_${string}`]!.data,
        );
      const expected = second.forward(zeros([5, 6, 4])).output;
      assert.deepEqual(stacked.forward(input).output.data, expected.data);
      assert.ok(expected.data.every((value) => value !== 0));
      assert.notDeepEqual(stacked.eval().forward(input).output.data, expected.data);
    });
});
