import assert from 'node:assert/strict';
import { compile, type TopLevelSpec } from 'vega-lite';
import { vegaLiteMime } from '../../../kernel/contract/mime.js';
import { flowBundle } from '../../../kernel/notebook/flowChart.js';
import {
  Adam,
  crossEntropy,
  Dropout,
  Linear,
  LSTM,
  manualSeed,
  Module,
  mse,
  randint,
  randn,
  type Batch,
  type Tensor,
} from '../../../kernel/rnn/index.js';
import { inspect } from '../../../kernel/rnn/inspect/inspect.js';
import { fit } from '../../../kernel/rnn/train/fit.js';

class Reader extends Module {
  readonly lstm = new LSTM({ inputSize: 3, hiddenSize: 4, numLayers: 2 });
  readonly dropout = new Dropout({ p: 0.4 });
  readonly head = new Linear({ inFeatures: 4, outFeatures: 5 });
  forward(input: Tensor, state?: Readonly<{ h: Tensor; c: Tensor }>) {
    const result = this.lstm.forward(input, state);
    return { output: this.head.forward(this.dropout.forward(result.output)), state: result.state };
  }
}

function task(steps = 12) {
  manualSeed(3);
  const model = new Reader();
  const data: Batch[] = [0, 1, 2].map((k) => ({
    input: randn([9, 2, 3]),
    target: randint(0, 5, [9, 2]),
    ...(k > 0 && { continues: true }),
  }));
  const loss = (output: Tensor, target: Tensor) => crossEntropy(output, target);
  return { model, data, loss, optimizer: new Adam(model.parameters(), { lr: 0.01 }), steps };
}

describe('inspectEvery of fit', () => {
  it('changes no bit of the training: weights, losses and random numbers stay as they are without', async () => {
    const bits = async (options: { inspectEvery?: number }) => {
      const given = task();
      const { loss, gradNorm } = await fit({ ...given, ...options });
      return {
        loss,
        gradNorm,
        weights: given.model.parameters().map(({ data }) => data.slice()),
        next: randn([4]).data,
      };
    };
    assert.deepEqual(await bits({ inspectEvery: 2 }), await bits({}));
  });

  it('records at the first step and every so many, for the last loss term and every lag', async () => {
    const given = task();
    const { gradientFlow: flow } = await fit({ ...given, inspectEvery: 5 });
    assert.deepEqual(flow!.step, [1, 5, 10]);
    assert.deepEqual([flow!.layer, flow!.state], ['lstm.l1', 'h']);
    assert.deepEqual(
      flow!.norm.map(({ length }) => length),
      [9, 9, 9],
    );
    assert.equal(flow!.reach(0, 0), 1);
    assert.ok(flow!.reach(0, 8) > 0 && flow!.reach(0, 8) < 1);
  });

  it('records what the ledger of the same batch says', async () => {
    const given = task(1);
    given.model.dropout.eval();
    const [batch] = given.data;
    const trace = inspect(given.model, batch!, { loss: given.loss });
    const { matrix } = trace.ledger({ layer: 'lstm.l0', state: 'c', rows: [8] });
    const { gradientFlow: flow } = await fit({
      ...given,
      inspectEvery: { every: 4, layer: 0, state: 'c', lags: 3 },
    });
    assert.deepEqual(flow!.norm, [matrix[0]!.slice(5).reverse()]);
  });

  it('is drawn as a heat map, thinned, in which a zero is dark', async () => {
    const { gradientFlow: flow } = await fit({ ...task(120), inspectEvery: 1 });
    flow!.norm[0]![8] = 0;
    const bundle = flowBundle(flow!);
    const spec = bundle[vegaLiteMime] as { data: { values: { norm: number; shade: number }[] } };
    assert.ok(compile(spec as unknown as TopLevelSpec).spec.marks!.length > 0);
    assert.equal(spec.data.values.length, 100 * 9);
    assert.ok(spec.data.values.every(({ shade }) => shade > 0));
    assert.match(
      bundle['text/plain'] as string,
      /^Gradient flow of lstm\.l1 h: 8 steps back 0\.0e\+0 of the gradient is left at step 1, \d\.\de[-+]\d+ at step 120$/,
    );
  });

  it('says what it needs', async () => {
    const given = task();
    assert.throws(() => fit({ ...given, inspectEvery: 0 }), /inspectEvery must be/);
    assert.throws(() => fit({ ...given, inspectEvery: { every: 1.5 } }), /every must be/);
    const linear = new Linear({ inFeatures: 3, outFeatures: 1 });
    const data = [{ input: randn([2, 3]), target: randn([2, 1]) }];
    await assert.rejects(
      async () => await fit({ ...given, model: linear, data, loss: mse, inspectEvery: 1 }),
      /depends on a recurrent layer/,
    );
  });
});
