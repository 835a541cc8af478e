import assert from 'node:assert/strict';
import {
  defineCell,
  Dropout,
  ExplosionError,
  Linear,
  LSTM,
  manualSeed,
  Module,
  mse,
  NonFiniteError,
  randn,
  Recurrent,
  SGD,
  tensor,
  type Batch,
  type Tensor,
} from '../../../kernel/rnn/index.js';
import { fit, type FitOptions } from '../../../kernel/rnn/train/fit.js';

async function failure(options: FitOptions<never>): Promise<NonFiniteError | ExplosionError> {
  try {
    await fit(options);
  } catch (error) {
    assert.ok(error instanceof NonFiniteError || error instanceof ExplosionError, String(error));
    return error;
  }
  throw new Error('expected training to fail');
}

const target = (...shape: number[]): Tensor => randn(shape);

describe('detectAnomaly', () => {
  beforeEach(() => manualSeed(6));

  it('names step, layer, time step and operation of a number that overflows inside a cell', async () => {
    const squaring = defineCell({
      name: 'Squaring',
      parameters: ({ inputSize, hiddenSize }) => ({ weight: [hiddenSize, inputSize] }),
      states: ({ hiddenSize }) => ({ h: hiddenSize }),
      step: ({ x, h }, { weight }) => ({ h: h.mul(h).add(x.linear(weight)) }),
    });
    class Model extends Module {
      encoder = new Recurrent({ cell: squaring, inputSize: 1, hiddenSize: 1 });
      head = new Linear({ inFeatures: 1, outFeatures: 1 });
      forward(input: Tensor) {
        return this.head.forward(this.encoder.forward(input).output);
      }
    }
    const model = new Model();
    model.encoder.parameters()[0]!.data[0] = 1;
    // 10, 10², 10⁴, … 10³² at t = 5, and then more than float32 holds.
    const input = tensor([10, 0, 0, 0, 0, 0, 0, 0].map((x) => [[x]]));
    const error = await failure({
      model,
      data: [{ input, target: target(8, 1, 1) }],
      loss: mse,
      optimizer: new SGD(model.parameters(), { lr: 1 }),
      steps: 1,
    });
    assert.deepEqual(error.anomaly, {
      pass: 'forward',
      layer: 'encoder.l0',
      operation: 'mul (%3 = h ⊙ h)',
      timeStep: 6,
      value: Infinity,
    });
  });

  const createNets = () => {
    class Net extends Module {
      lstm = new LSTM({ inputSize: 2, hiddenSize: 3, numLayers: 2 });
      head = new Linear({ inFeatures: 3, outFeatures: 2 });
      constructor(private readonly end: (output: Tensor) => Tensor) {
        super();
      }
      forward(input: Tensor) {
        return this.end(this.head.forward(this.lstm.forward(input).output));
      }
    }
    return Net;
  };

  it('names the operation outside of recurrent layers, and the layer before it', async () => {
    const Net = createNets();
    // The logarithm of a negative number, from the third step on.
    let step = 0;
    const model = new Net((output) => (step++ < 2 ? output : output.mul(0).sub(1).log()));
    const before = () => JSON.stringify(model.stateDict(), (_, one: unknown) => one);
    const batch: Batch = { input: randn([4, 2, 2]), target: target(4, 2, 2) };
    const optimizer = new SGD(model.parameters(), { lr: 0.1 });
    let weights = '';
    const error = await failure({
      model,
      data: [batch],
      loss: mse,
      optimizer,
      steps: 9,
      callbacks: { onStepEnd: () => void (weights = before()) },
    });
    assert.ok(error instanceof NonFiniteError);
    assert.deepEqual(error.anomaly, {
      pass: 'forward',
      layer: 'head',
      operation: 'log',
      timeStep: undefined,
      value: NaN,
    });
    assert.match(
      error.message,
      /^fit: expected a finite loss at step 3, got NaN: first NaN in layer head, operation log; the weights are those before this step$/,
    );
    assert.equal(before(), weights);
  });

  it('finds the gate and the time step in a recurrent layer, in either direction, padded or not', async () => {
    const huge = defineCell({
      name: 'Huge',
      parameters: ({ inputSize, hiddenSize }) => ({ weight: [hiddenSize, inputSize] }),
      states: ({ hiddenSize }) => ({ h: hiddenSize }),
      step: ({ x, h }, { weight }) => ({ h: h.mul(0).add(x.linear(weight).mul(1e30).mul(1e30)) }),
    });
    class Net extends Module {
      layers = new Recurrent({ cell: huge, inputSize: 1, hiddenSize: 1, bidirectional: true });
      forward(input: Tensor, _state?: unknown, options?: { lengths?: Int32Array }) {
        return this.layers.forward(input, undefined, options).output;
      }
    }
    const model = new Net();
    const [ahead, back] = model.layers.parameters() as [Tensor, Tensor];
    // A number at time step 2 of the second sequence alone.
    const input = tensor([0, 0, 1, 0, 0].map((x) => [[0], [x], [0]]));
    for (const [weights, layer] of [
      [[1, 0], 'layers.l0'],
      [[0, 1], 'layers.l0.reverse'],
    ] as const)
      for (const lengths of [undefined, Int32Array.of(4, 3, 5), Int32Array.of(2, 5, 1)]) {
        [ahead.data[0], back.data[0]] = weights;
        const batch = { input, target: target(5, 3, 2), ...(lengths && { lengths }) };
        const { anomaly, message } = await failure({
          model,
          data: [batch],
          loss: mse,
          optimizer: new SGD(model.parameters(), { lr: 1 }),
          steps: 1,
        });
        assert.deepEqual(
          [anomaly?.layer, anomaly?.timeStep, anomaly?.operation.slice(0, 3)],
          [layer, 2, 'mul'],
          message,
        );
      }
  });

  it('searches with the dropout of the step that failed', async () => {
    for (let seed = 1; seed <= 6; seed++) {
      manualSeed(seed);
      class Net extends Module {
        linear = new Linear({ inFeatures: 1, outFeatures: 1 });
        dropout = new Dropout({ p: 0.4 });
        forward(input: Tensor) {
          return this.dropout.forward(this.linear.forward(input));
        }
      }
      const model = new Net();
      const error = await failure({
        model,
        data: [{ input: tensor([[1]]), target: tensor([[1]]) }],
        loss: (output: Tensor) => output.mul(output).log().exp().sum(),
        optimizer: new SGD(model.parameters(), { lr: 1e-3 }),
        steps: 100,
      });
      assert.equal(error.anomaly?.operation, 'log', `seed ${seed}: ${error.message}`);
    }
  });

  it('finds where an adjoint overflows while the loss is finite', async () => {
    const Net = createNets();
    let dropped: Dropout | undefined;
    const model = new Net((output) => (dropped ??= new Dropout()).forward(output));
    // ln x has an infinite derivative at 0, which dropout makes of half of the numbers.
    const options = { model, optimizer: new SGD(model.parameters(), { lr: 1 }), steps: 1 };
    const data = [{ input: randn([3, 2, 2]), target: target(3, 2, 2) }];
    const loss = (output: Tensor) => output.mul(output).log().exp().sum();
    const error = await failure({ ...options, data, loss });
    assert.ok(error instanceof NonFiniteError);
    assert.equal(error.anomaly?.pass, 'backward', error.message);
    assert.equal(error.anomaly.operation, 'log');
    assert.match(
      error.message,
      /fit: expected finite gradients at step 1, .* on the way back through layer head, operation log/,
    );
    assert.ok(model.parameters().every(({ data: own }) => own.every(Number.isFinite)));
  });

  it('finds where an adjoint overflows inside a recurrent layer', async () => {
    const model = new LSTM({ inputSize: 1, hiddenSize: 2 });
    const named = model as unknown as Record<string, Tensor>;
    named['weight_hh_l0']!.data.fill(1e10);
    named['weight_ih_l0']!.data.fill(0);
    named['bias_ih_l0']!.data.fill(0);
    named['bias_hh_l0']!.data.fill(0);
    const error = await failure({
      model,
      data: [{ input: randn([8, 1, 1]), target: target(8, 1, 2) }],
      // States stay 0 in the middle of every gate, so adjoints grow by 1e10 at each time step.
      loss: (output: Tensor) => output.mul(1e30).slice(0, 7, 8).sum(),
      optimizer: new SGD(model.parameters(), { lr: 1 }),
      steps: 1,
    } as never);
    assert.equal(error.anomaly?.pass, 'backward', error.message);
    assert.equal(error.anomaly.layer, 'l0');
    assert.equal(error.anomaly.timeStep, 7);
    assert.match(error.anomaly.operation, /^linear \(.* = weight_hh·h/);
  });

  it('says of data and weights that they were wrong before', async () => {
    const model = new Linear({ inFeatures: 1, outFeatures: 1 });
    const options = {
      model,
      loss: mse,
      optimizer: new SGD(model.parameters(), { lr: 1 }),
      steps: 1,
    };
    const data = [{ input: tensor([[NaN]]), target: tensor([[1]]) }];
    assert.match(
      (await failure({ ...options, data })).message,
      /got NaN: the batch's input holds NaN; the/,
    );
    model.weight.data[0] = Infinity;
    const fine = [{ input: tensor([[1]]), target: tensor([[1]]) }];
    const error = await failure({ ...options, data: fine });
    assert.match(error.message, /: parameter weight holds Infinity; the weights/);
    const bare = await failure({ ...options, data: fine, detectAnomaly: false });
    assert.match(bare.message, /expected a finite loss at step 1, got Infinity; the weights/);
  });

  it('ends explosions beyond the limits, which gradient clipping does not hide', async () => {
    const model = new Linear({ inFeatures: 1, outFeatures: 1, bias: false });
    model.weight.data[0] = 1;
    const data = [{ input: tensor([[10]]), target: tensor([[0]]) }];
    const run = (limits: object) =>
      failure({
        model,
        data,
        loss: mse,
        optimizer: new SGD(model.parameters(), { lr: 1 }),
        clipNorm: 1,
        steps: 5,
        detectAnomaly: limits,
      });
    const large = await run({ maxGradNorm: 50 });
    assert.ok(large instanceof ExplosionError);
    assert.match(
      large.message,
      /expected gradients of norm 50 at most at step 1, got a norm of 200: first 200 on the way back through layer the model, operation linear/,
    );
    assert.equal(model.weight.item(), 1);
    const high = await run({ maxLoss: 99 });
    assert.match(
      high.message,
      /expected a loss of 99 at most at step 1, got 100: first 100 in layer the model, operation mse/,
    );
    const wrong = { model, data, loss: mse, optimizer: new SGD(model.parameters(), { lr: 1 }) };
    assert.throws(
      () => fit({ ...wrong, steps: 1, detectAnomaly: { maxLoss: -1 } }),
      /detectAnomaly: maxLoss must be a positive number/,
    );
  });
});
