import assert from 'node:assert/strict';
import {
  crossEntropy,
  evaluate,
  LSTM,
  manualSeed,
  Module,
  SGD,
  streamLanes,
  tensor,
  type Batch,
  type LSTMState,
  type Tensor,
} from '../../../kernel/rnn/index.js';
import { fit } from '../../../kernel/rnn/train/fit.js';

class Reader extends Module {
  lstm = new LSTM({ inputSize: 1, hiddenSize: 4, numLayers: 2, dtype: 'float64' });
  forward(input: Tensor, state?: LSTMState) {
    const numbers = input.to('float64').reshape([...input.shape, 1]);
    return this.lstm.forward(numbers, state);
  }
}

const documents = [
  [1, 2, 3, 2, 1, 0, 3],
  [2, 2],
  [3, 1, 0, 0, 1],
  [0, 3, 2, 1, 2, 3, 0, 1, 1],
];
const lanes = () => streamLanes(documents, { batchSize: 2, sequenceLength: 3, separate: true });

describe('documents in lanes', () => {
  it('each begin at a batch with a state of zero, and are padded at their ends', async () => {
    const batches: unknown[] = [];
    for await (const { input, target, continues } of lanes()) {
      const of = (values: Tensor, b: number) => [0, 1, 2].map((t) => values.data[2 * t + b]!);
      batches.push([0, 1].map((b) => [of(input, b), of(target, b), (continues as boolean[])[b]!]));
    }
    const pad = -100;
    assert.deepEqual(batches, [
      [
        [[1, 2, 3], [2, 3, 2], false],
        [[2, 0, 0], [2, pad, pad], false],
      ],
      [
        [[2, 1, 0], [1, 0, 3], true],
        [[3, 1, 0], [1, 0, 0], false],
      ],
      [
        [[0, 3, 2], [3, 2, 1], false],
        [[0, 0, 0], [1, pad, pad], true],
      ],
      [
        [[1, 2, 3], [2, 3, 0], true],
        [[0, 0, 0], [pad, pad, pad], false],
      ],
      [
        [[0, 1, 0], [1, 1, pad], true],
        [[0, 0, 0], [pad, pad, pad], false],
      ],
    ]);
  });

  it('have the loss that they have one by one, each from a fresh state', async () => {
    manualSeed(2);
    const model = new Reader();
    let [sum, count] = [0, 0];
    for (const document of documents) {
      const column = (values: number[]) =>
        tensor(
          values.map((one) => [one]),
          { dtype: 'int32' },
        );
      const { output } = model.forward(column(document.slice(0, -1)));
      sum += crossEntropy(output, column(document.slice(1)), { reduction: 'sum' }).item();
      count += document.length - 1;
    }
    const loss = await evaluate({ model, data: lanes, loss: crossEntropy });
    assert.ok(Math.abs(loss - sum / count) < 1e-14, `${loss} ${sum / count}`);
  });

  it('hand their states on in training, of h and c, only where they go on', async () => {
    manualSeed(2);
    const model = new Reader();
    const before: (LSTMState | undefined)[] = [];
    await fit({
      model,
      data: lanes,
      loss: crossEntropy,
      optimizer: new SGD(model.parameters(), { lr: 0.1 }),
      steps: 3,
      callbacks: {
        onBatchStart: ({ initialState }) => void before.push(initialState as LSTMState | undefined),
      },
    });
    assert.equal(before[0], undefined);
    for (const [k, continuing] of [
      [1, 0],
      [2, 1],
    ] as const)
      for (const state of [before[k]!.h, before[k]!.c])
        for (let i = 0; i < state.size; i++) {
          const lane = Math.floor(i / 4) % 2;
          assert.equal(state.data[i] !== 0, lane === continuing, `batch ${k}, number ${i}`);
        }
  });

  it('need states with the batch as last axis but one', async () => {
    const batch = (continues: Batch['continues']): Batch => ({
      input: tensor([1]),
      target: tensor([1]),
      ...(continues !== undefined && { continues }),
    });
    const weight = tensor([1], { requiresGrad: true });
    const model = {
      forward: (input: Tensor) => ({ output: input.mul(weight), state: { h: tensor([1, 2]) } }),
    };
    const run = fit({
      model,
      data: [batch(undefined), batch([true, false])],
      loss: (output) => output.sum(),
      optimizer: new SGD([weight], { lr: 0.1 }),
      steps: 2,
    });
    await assert.rejects(Promise.resolve(run), /continues is of 2 sequences, .* which is \[2\]/);
  });
});
