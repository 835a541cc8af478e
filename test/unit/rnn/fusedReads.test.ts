import assert from 'node:assert/strict';
import {
  LSTM,
  manualSeed,
  noGrad,
  oneHot,
  randint,
  randn,
  type Tensor,
} from '../../../kernel/rnn/index.js';

/** The same layer in float64, which runs stepped. */
function twinOf(layer: LSTM): LSTM {
  const twin = new LSTM({ inputSize: 3, hiddenSize: 5, dtype: 'float64' });
  twin.loadStateDict(layer.stateDict());
  return twin;
}

function assertClose(actual: Tensor, expected: Tensor): void {
  actual.data.forEach((value, i) =>
    assert.ok(Math.abs(value - expected.data[i]!) < 1e-5, `${i}: ${value}, ${expected.data[i]}`),
  );
}

describe('fused execution reads', () => {
  for (const batchSize of [2, 8])
    it(`weights as they are at each run, ${batchSize} sequences`, () => {
      manualSeed(1);
      const layer = new LSTM({ inputSize: 3, hiddenSize: 5 });
      const input = randn([4, batchSize, 3]);
      for (let run = 0; run < 3; run++) {
        const twin = twinOf(layer);
        const [ours, theirs] = [input, input.to('float64')].map((x) => {
          x.requiresGrad = true;
          x.grad = null;
          return x;
        }) as [Tensor, Tensor];
        const { output } = layer.forward(ours);
        const reference = twin.forward(theirs).output;
        assertClose(output, reference);
        output.sum().backward();
        reference.sum().backward();
        assertClose(ours.grad!, theirs.grad!);
        for (const parameter of layer.parameters()) parameter.data.set(randn(parameter.shape).data);
      }
    });

  it('every row of the input, also where only the first ones are one-hot', () => {
    manualSeed(2);
    const layer = new LSTM({ inputSize: 3, hiddenSize: 5 });
    const input = oneHot(randint(0, 3, [4, 6]), 3);
    for (const rows of [0, 1, 23]) {
      input.data.set([0.5, -1, 2], 3 * (23 - rows));
      assertClose(
        noGrad(() => layer.forward(input).output),
        noGrad(() => twinOf(layer).forward(input.to('float64')).output),
      );
    }
  });
});
