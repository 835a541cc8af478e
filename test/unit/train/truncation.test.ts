import assert from 'node:assert/strict';
import fc from 'fast-check';
import {
  crossEntropy,
  Linear,
  LSTM,
  manualSeed,
  Module,
  mse,
  padBatch,
  randn,
  RNN,
  SGD,
  tensor,
  textLanes,
  type Batch,
  type LSTMState,
  type Tensor,
} from '../../../kernel/rnn/index.js';
import { fit } from '../../../kernel/rnn/train/fit.js';

type State = readonly number[];

/** hₜ = tanh(a·xₜ + b·hₜ₋₁), yₜ = c·hₜ with squared errors, by hand. */
class HandMade {
  constructor(
    readonly weights: [a: number, b: number, c: number],
    readonly rate: number,
  ) {}

  next(x: number, h: number): number {
    return Math.tanh(this.weights[0] * x + this.weights[1] * h);
  }

  /** States after each of the inputs. */
  run(xs: readonly number[], h: number): State {
    return xs.map((x) => (h = this.next(x, h)));
  }

  /** One step of descent on the mean over the last `counted` of the time steps. */
  train(xs: readonly number[], ys: readonly number[], start: number, counted: number): void {
    const [, b, c] = this.weights;
    const hs = this.run(xs, start);
    const gradients = [0, 0, 0];
    let back = 0;
    for (let t = xs.length - 1; t >= 0; t--) {
      const h = hs[t]!;
      let adjoint = back;
      if (t >= xs.length - counted) {
        const error = (2 * (c * h - ys[t]!)) / counted;
        gradients[2]! += error * h;
        adjoint += error * c;
      }
      const inner = adjoint * (1 - h * h);
      gradients[0]! += inner * xs[t]!;
      gradients[1]! += inner * (hs[t - 1] ?? start);
      back = inner * b;
    }
    this.weights.forEach((_, k) => (this.weights[k]! -= this.rate * gradients[k]!));
  }
}

/** TBPTT(k₁, k₂) as an independent loop over time steps, with the state where each window begins. */
function trainByHand(net: HandMade, xs: number[], ys: number[], k1: number, k2: number): void {
  let start = 0;
  let startAt = 0;
  for (let end = k1; end <= xs.length; end += k1) {
    const begin = Math.max(0, end - k2);
    if (begin > startAt) {
      start = net.run(xs.slice(startAt, begin), start).at(-1)!;
      startAt = begin;
    }
    const nextBegin = Math.max(0, end + k1 - k2);
    const passed = nextBegin > begin && nextBegin <= end;
    // The state that the next window starts from comes out of this window's forward pass, before its update.
    const kept = passed ? net.run(xs.slice(begin, nextBegin), start).at(-1)! : undefined;
    const after = net.run(xs.slice(begin, end), start).at(-1)!;
    net.train(xs.slice(begin, end), ys.slice(begin, end), start, Math.min(k1, k2));
    if (passed) [start, startAt] = [kept!, nextBegin];
    else if (nextBegin > end) [start, startAt] = [after, end];
  }
}

class Net extends Module {
  rnn = new RNN({ inputSize: 1, hiddenSize: 1, bias: false, dtype: 'float64' });
  head = new Linear({ inFeatures: 1, outFeatures: 1, bias: false, dtype: 'float64' });
  forward(input: Tensor, state?: { h: Tensor }) {
    const result = this.rnn.forward(input, state);
    return { output: this.head.forward(result.output), state: result.state };
  }
  get weights(): Tensor[] {
    return [this.rnn.weight_ih_l0!, this.rnn.weight_hh_l0!, this.head.weight];
  }
}

const column = (values: number[]): Tensor =>
  tensor(
    values.map((one) => [[one]]),
    { dtype: 'float64' },
  );

describe('tbptt', () => {
  const T = 12;
  const xs = Array.from({ length: T }, (_, t) => Math.sin(1.7 * t) + 0.3);
  const ys = Array.from({ length: T }, (_, t) => Math.cos(0.9 * t));
  const start = (): [number, number, number] => [0.8, -0.9, 1.1];
  const createNet = (): Net => {
    const net = new Net();
    net.weights.forEach(({ data }, k) => (data[0] = start()[k]!));
    return net;
  };

  it('trains as an independent loop over time steps does, for any k1 and k2, however data is cut', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.constantFrom(1, 2, 3, 4, 6, 12),
        fc.integer({ min: 1, max: 15 }),
        fc.uniqueArray(fc.integer({ min: 1, max: T - 1 }), { maxLength: 3 }),
        fc.boolean(),
        async (k1, k2, cuts, isAsync) => {
          const byHand = new HandMade(start(), 0.1);
          trainByHand(byHand, xs, ys, k1, k2);
          const model = createNet();
          const edges = [0, ...cuts.sort((a, b) => a - b), T];
          const data = edges.slice(1).map((to, k): Batch => ({
            input: column(xs.slice(edges[k], to)),
            target: column(ys.slice(edges[k], to)),
            continues: k > 0,
          }));
          const optimizer = new SGD(model.parameters(), { lr: 0.1 });
          const source = isAsync
            ? async function* () {
                await Promise.resolve();
                yield* data;
              }
            : data;
          const options = { loss: mse, optimizer, tbptt: { k1, k2 }, epochs: 1 };
          const { step } = await fit({ model, data: source, ...options });
          assert.equal(step.length, T / k1);
          byHand.weights.forEach((expected, k) =>
            assert.ok(Math.abs(model.weights[k]!.item() - expected) < 1e-13, `weight ${k}`),
          );
        },
      ),
      { numRuns: 60, seed: 4 },
    );
  });

  it('that reaches to the start gives the gradient of full backpropagation through time', async () => {
    const data = [{ input: column(xs), target: column(ys) }];
    const gradients = async (options: object) => {
      const model = createNet();
      const optimizer = new SGD(model.parameters(), { lr: 1 });
      await fit({ model, data, loss: mse, optimizer, steps: 1, ...options });
      return model.weights.map((weight, k) => weight.item() - start()[k]!);
    };
    const full = await gradients({});
    for (const k1 of [1, 3, 4]) {
      const whole = await gradients({ tbptt: { k1, k2: T }, accumulate: T / k1 });
      whole.forEach((one, k) => assert.ok(Math.abs(one - full[k]!) < 1e-14, `${one} ${full[k]!}`));
      const cut = await gradients({ tbptt: { k1 }, accumulate: T / k1 });
      assert.ok(Math.abs(cut[1]! - full[1]!) > 1e-3, 'a truncated one differs');
    }
  });

  it('cuts gradients of h and c and keeps their values: the same as batches that continue, bit for bit', async () => {
    const tokens = Int32Array.from({ length: 97 }, (_, i) => (i * i) % 5);
    class Reader extends Module {
      lstm = new LSTM({ inputSize: 5, hiddenSize: 6 });
      head = new Linear({ inFeatures: 6, outFeatures: 5 });
      forward(input: Tensor, state?: LSTMState) {
        const rows = Array.from(input.data, (symbol) =>
          Array.from({ length: 5 }, (_, k) => Number(k === symbol)),
        );
        const result = this.lstm.forward(tensor(rows).reshape([...input.shape, 5]), state);
        return { output: this.head.forward(result.output), state: result.state };
      }
    }
    const trained = async (sequenceLength: number, options: object) => {
      manualSeed(2);
      const model = new Reader();
      const optimizer = new SGD(model.parameters(), { lr: 0.5 });
      const data = textLanes(tokens, { batchSize: 2, sequenceLength });
      const { loss } = await fit({
        model,
        data,
        loss: crossEntropy,
        optimizer,
        epochs: 2,
        ...options,
      });
      return { loss, weights: model.parameters().map(({ data: own }) => [...own]) };
    };
    assert.deepEqual(await trained(48, { tbptt: { k1: 8 } }), await trained(8, {}));
  });

  it('trains the rest that k1 does not divide, starts anew with each sequence, and takes masks along', async () => {
    const lengths = [7, 4];
    const samples = lengths.map((length) => ({
      input: xs.slice(0, length).map((x) => [x]),
      target: ys.slice(0, length).map((y) => [y]),
    }));
    const options = { inputDtype: 'float64', targetDtype: 'float64' } as const;
    const train = async (batches: Batch[], tbptt: object) => {
      const model = createNet();
      const optimizer = new SGD(model.parameters(), { lr: 0.1 });
      const run = { model, data: batches, loss: mse, optimizer, tbptt: tbptt as never, epochs: 1 };
      const { step } = await fit(run);
      return { steps: step.length, weights: model.weights.map((weight) => weight.item()) };
    };
    const padded = padBatch(samples, options);
    const { steps, weights } = await train([padded, padded], { k1: 3 });
    assert.equal(steps, 6, '3 + 3 + 1 time steps, twice');
    const noisy = padBatch(samples, { ...options, targetPad: 99 });
    assert.deepEqual((await train([noisy, noisy], { k1: 3 })).weights, weights);
    const { batchFirst: first, ...batch } = {
      ...padBatch(samples, { ...options, batchFirst: true }),
      batchFirst: true,
    };
    const turned = createNet();
    const rnn = new RNN({
      inputSize: 1,
      hiddenSize: 1,
      bias: false,
      dtype: 'float64',
      batchFirst: first,
    });
    rnn.loadStateDict(turned.rnn.stateDict());
    turned.rnn = rnn;
    const run = { loss: mse, optimizer: new SGD(turned.parameters(), { lr: 0.1 }), epochs: 1 };
    await fit({ ...run, model: turned, data: [batch, batch], tbptt: { k1: 3, batchFirst: true } });
    assert.deepEqual(
      turned.weights.map((weight) => weight.item()),
      weights,
    );
  });

  it('passes over windows without a target that counts, but not their state', async () => {
    manualSeed(4);
    const net = new RNN({ inputSize: 2, hiddenSize: 3 });
    const input = randn([6, 1, 2]);
    const classes = (values: number[]) =>
      tensor(
        values.map((one) => [one]),
        { dtype: 'int32' },
      );
    const { step, loss } = await fit({
      model: net,
      data: [{ input, target: classes([-100, -100, -100, -100, 1, 2]) }],
      loss: crossEntropy,
      optimizer: new SGD(net.parameters(), { lr: 1e-9 }),
      tbptt: { k1: 2 },
      epochs: 1,
    });
    assert.equal(step.length, 1);
    const { output } = net.forward(input);
    const expected = crossEntropy(output.slice(0, 4, 6), classes([1, 2])).item();
    assert.ok(Math.abs(loss[0]! - expected) < 1e-6);
    const nothing = [{ input, target: classes([-100, -100, -100, -100, -100, -100]) }];
    await assert.rejects(
      Promise.resolve(
        fit({
          model: net,
          data: nothing,
          loss: crossEntropy,
          optimizer: new SGD(net.parameters(), { lr: 1 }),
          tbptt: { k1: 2 },
          steps: 1,
        }),
      ),
      /expected targets that count, got an epoch without any/,
    );
  });

  it('needs a target for each time step', async () => {
    const model = createNet();
    const optimizer = new SGD(model.parameters(), { lr: 0.1 });
    const data = [{ input: column(xs), target: tensor([1], { dtype: 'float64' }) }];
    const options = { model, data, loss: mse, optimizer, steps: 1 };
    await assert.rejects(
      Promise.resolve(fit({ ...options, tbptt: { k1: 3 } })),
      /tbptt needs a target for each time step, got input \[12, 1, 1\] and target \[1\]/,
    );
    assert.throws(
      () => fit({ ...options, tbptt: { k1: 0 } }),
      /tbptt: k1 must be a positive integer/,
    );
  });
});
