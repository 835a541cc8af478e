import assert from 'node:assert/strict';
import {
  clipGradNorm,
  gradNorm,
  Linear,
  LSTM,
  manualSeed,
  Module,
  mse,
  randn,
  SGD,
  type Batch,
  type LSTMState,
  type Tensor,
} from '../../../kernel/rnn/index.js';
import { fit } from '../../../kernel/rnn/train/fit.js';

class Reader extends Module {
  readonly lstm = new LSTM({ inputSize: 2, hiddenSize: 3 });
  readonly head = new Linear({ inFeatures: 3, outFeatures: 1 });
  /** What it was given, and what it gave. */
  readonly given: (LSTMState | undefined)[] = [];
  readonly gave: LSTMState[] = [];

  override forward(input: Tensor, state?: LSTMState): { output: Tensor; state: LSTMState } {
    const result = this.lstm.forward(input, state);
    this.given.push(state);
    this.gave.push(result.state);
    return { output: this.head.forward(result.output), state: result.state };
  }
}

const batch = (continues: boolean): Batch => ({
  input: randn([4, 5, 2]),
  target: randn([4, 5, 1]),
  continues,
});

describe('a step of fit', () => {
  it('hands on h and c to a batch that continues, both with their numbers and both cut off; a new document starts anew', async () => {
    manualSeed(5);
    const model = new Reader();
    const data = [false, true, true, false, true].map(batch);
    await fit({
      model,
      data,
      loss: mse,
      optimizer: new SGD(model.parameters(), { lr: 0.1 }),
      steps: 5,
    });
    assert.deepEqual(
      model.given.map((state) => state !== undefined),
      [false, true, true, false, true],
    );
    for (const k of [1, 2, 4])
      for (const name of ['h', 'c'] as const) {
        const { data: numbers, source, requiresGrad } = model.given[k]![name];
        assert.deepEqual(numbers, model.gave[k - 1]![name].data);
        assert.deepEqual([source, requiresGrad], [null, false], `${name} is cut off`);
      }
  });

  it('clips all gradients as one vector before the update, and reports the norm before', async () => {
    manualSeed(6);
    const model = new Reader();
    const twin = new Reader();
    twin.loadStateDict(model.stateDict());
    const data = [batch(false)];
    const clipNorm = 0.01;
    const optimizer = new SGD(model.parameters(), { lr: 1 });
    const history = await fit({ model, data, loss: mse, optimizer, steps: 1, clipNorm });

    mse(twin.forward(data[0]!.input).output, data[0]!.target).backward();
    const norm = gradNorm(twin.parameters());
    assert.ok(norm > 10 * clipNorm, 'there is something to clip');
    assert.ok(Math.abs(history.gradNorm[0]! - norm) < 1e-6 * norm);
    clipGradNorm(twin.parameters(), clipNorm);
    new SGD(twin.parameters(), { lr: 1 }).step();
    assert.deepEqual(model.stateDict(), twin.stateDict());
  });
});
