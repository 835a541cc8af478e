import assert from 'node:assert/strict';
import {
  crossEntropy,
  Linear,
  LSTM,
  manualSeed,
  Module,
  randint,
  randn,
  tensor,
  type Tensor,
} from '../../../kernel/rnn/index.js';

class Tagger extends Module {
  lstm = new LSTM({ inputSize: 3, hiddenSize: 4, bidirectional: true, dtype: 'float64' });
  head = new Linear({ inFeatures: 8, outFeatures: 5, dtype: 'float64' });
  forward(input: Tensor, lengths?: readonly number[]) {
    const { output } = this.lstm.forward(input, undefined, lengths ? { lengths } : {});
    return this.head.forward(output);
  }
}

const gradients = (model: Module): [string, number[]][] =>
  [...model.namedParameters()].map(([name, { grad }]) => [name, [...grad!.data]]);

describe('training on sequences of different lengths', () => {
  it('a padded batch, unsorted, has the gradients of its sequences one by one', () => {
    manualSeed(12);
    const lengths = [2, 6, 1, 4];
    const [T, B] = [6, lengths.length];
    const model = new Tagger();
    const input = randn([T, B, 3], { dtype: 'float64', requiresGrad: true });
    const target = randint(0, 5, [T, B]);
    const mask = tensor(
      Array.from({ length: T }, (_, t) => lengths.map((length) => Number(t < length))),
    );
    const loss = crossEntropy(model.forward(input, lengths), target, { mask });
    loss.backward();
    const together = gradients(model);

    model.zeroGrad();
    const steps = lengths.reduce((a, b) => a + b);
    let total = 0;
    lengths.forEach((length, b) => {
      const alone = input
        .detach()
        .slice(0, 0, length)
        .slice(1, b, b + 1)
        .detach();
      const labels = target.slice(0, 0, length).slice(1, b, b + 1);
      const one = crossEntropy(model.forward(alone), labels, { reduction: 'sum' }).mul(1 / steps);
      one.backward();
      total += one.item();
    });
    assert.ok(Math.abs(loss.item() - total) < 1e-12);
    gradients(model).forEach(([name, expected], k) =>
      expected.forEach((g, i) => {
        const actual = together[k]![1][i]!;
        assert.ok(Math.abs(actual - g) < 1e-12, `${name}, element ${i}: ${actual}, ${g}`);
      }),
    );
    input.grad!.data.forEach((g, i) => {
      const [t, b] = [Math.floor(i / (3 * B)), Math.floor(i / 3) % B];
      assert.equal(g !== 0, t < lengths[b]!, `time step ${t} of sequence ${b}: ${g}`);
    });
  });
});
