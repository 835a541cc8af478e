import assert from 'node:assert/strict';
import {
  Adam,
  crossEntropy,
  Dropout,
  GRU,
  Linear,
  LSTM,
  manualSeed,
  Module,
  mse,
  rand,
  randint,
  randn,
  RNN,
  tensor,
  zeros,
  type Tensor,
} from '../../../kernel/rnn/index.js';
import { inspect } from '../../../kernel/rnn/inspect/inspect.js';
import { createSteppedExecutor } from '../../../kernel/rnn/executor/stepped.js';
import { rules, type OpName } from '../../../kernel/rnn/ops/table.js';
import { assertHold, cells, distance, meanLoss, Tagger, taggerAndBatch } from './models.js';

const bytesOf = (tensors: Iterable<Tensor>): string =>
  [...tensors]
    .map(({ data }) =>
      Buffer.from(data.buffer, data.byteOffset, data.byteLength).toString('base64'),
    )
    .join();

describe('inspect', () => {
  for (const cell of Object.keys(cells)) {
    it(`${cell}: gradients are those that training computes`, () => {
      for (const [dtype, tolerance] of [
        ['float32', 1e-5],
        ['float64', 1e-12],
      ] as const) {
        const { model, input, target } = taggerAndBatch(cell, { dtype, numLayers: 2 });
        const { gradients, loss } = inspect(model, { input, target }, { loss: meanLoss });
        const trained = meanLoss(model.forward(input).output, target);
        trained.backward();
        assert.ok(Math.abs(loss.total - trained.item()) < tolerance);
        for (const [name, { grad }] of model.namedParameters()) {
          const error = distance(gradients.get(name)!.gradient.data, grad!.data);
          assert.ok(error < tolerance, `${name} ${dtype}: ${error}`);
        }
      }
    });
  }

  it('leaves weights, gradients, states and random generators as they were, bit for bit', () => {
    class Dropping extends Module {
      readonly lstm = new LSTM({ inputSize: 3, hiddenSize: 4 });
      readonly dropout = new Dropout({ p: 0.5 });
      readonly head = new Linear({ inFeatures: 4, outFeatures: 5 });
      forward(input: Tensor, state?: { h: Tensor; c: Tensor }) {
        const { output, state: next } = this.lstm.forward(input, state);
        return { output: this.head.forward(this.dropout.forward(output)), state: next };
      }
    }
    const train = (look: boolean): string => {
      manualSeed(5);
      const model = new Dropping();
      const optimizer = new Adam(model.parameters(), { lr: 0.01 });
      let state = { h: randn([1, 2, 4]), c: randn([1, 2, 4]) };
      for (let step = 0; step < 4; step++) {
        const input = randn([6, 2, 3]);
        const target = tensor(
          Array.from({ length: 6 }, () => [0, 3]),
          { dtype: 'int32' },
        );
        optimizer.zeroGrad();
        const result = model.forward(input, state);
        meanLoss(result.output, target).backward();
        const before = bytesOf([
          input,
          state.h,
          state.c,
          ...model.parameters().map((p) => p.grad!),
        ]);
        if (look) {
          const trace = inspect(model, { input, target, state }, { loss: meanLoss });
          trace.check();
          trace.whatIf({ node: 'f', t: 2, set: 1 });
          trace.truncation(2);
        }
        assert.equal(
          bytesOf([input, state.h, state.c, ...model.parameters().map((p) => p.grad!)]),
          before,
        );
        optimizer.step();
        state = { h: result.state.h.detach(), c: result.state.c.detach() };
      }
      return bytesOf(model.parameters());
    };
    assert.equal(train(true), train(false));
  });

  it('runs at most three times as many operations as the stepped executor', () => {
    const { model, input, target } = taggerAndBatch('LSTM');
    const { program, parameters } = {
      program: model.net.programs[0]!,
      parameters: [...model.net.parameters()],
    };
    const operations = countOperations(() => {
      const executor = createSteppedExecutor(program, parameters, 'float32');
      const states = program.states.map(({ size }) => zeros([2, size]));
      const run = executor.run({ input, states }, true);
      run.backward(run.output, [null, null], {
        input: zeros(input.shape),
        states: [null, null],
        parameters: parameters.map(({ shape }) => zeros(shape)),
      });
    });
    const inspected = countOperations(() => inspect(model, { input, target }, { loss: meanLoss }));
    assert.ok(operations > 200);
    assert.ok(inspected <= 3 * operations, `${inspected} against ${operations}`);
  });

  it('the linear RNN follows its closed form', () => {
    manualSeed(3);
    const [T, H] = [6, 4];
    // A relu that never meets a negative number is a linear RNN: positive weights and inputs.
    const model = new Tagger(cells['RNN relu']!({ dtype: 'float64' }), 2);
    for (const parameter of model.net.parameters())
      parameter.data.forEach((w, i) => (parameter.data[i] = Math.abs(w)));
    const input = rand([T, 1, 3], { dtype: 'float64' });
    const target = randn([T, 1, 2], { dtype: 'float64' });
    const trace = inspect(
      model,
      { input, target },
      { loss: (o, y) => mse(o, y, { reduction: 'sum' }) },
    );
    const output = model.forward(input).output;
    const whh = model.net.parameters()[1]!.data;
    const wqh = model.head.weight.data;
    // ∂L/∂h_t = Σ_{i=t}^{T} (W_hhᵀ)^{i−t} W_qhᵀ ∂L/∂o_i
    for (let t = 0; t < T; t++) {
      const expected = new Float64Array(H);
      for (let i = t; i < T; i++) {
        const o = [0, 1].map((q) => 2 * (output.data[i * 2 + q]! - target.data[i * 2 + q]!));
        let v = Array.from({ length: H }, (_, h) => wqh[h]! * o[0]! + wqh[H + h]! * o[1]!);
        for (let k = 0; k < i - t; k++)
          v = v.map((_, h) => v.reduce((sum, x, row) => sum + whh[row * H + h]! * x, 0));
        v.forEach((x, h) => (expected[h]! += x));
      }
      const { adjoint } = trace.node({ t, node: 'h' });
      assert.ok(distance(adjoint.data, expected) < 1e-13);
    }
    const { radii, steps } = trace.jacobians();
    for (const { matrix } of steps) assert.deepEqual([...matrix], [...whh]);
    assert.equal(radii.length, 1);
  });

  it('keeps every value and adjoint, and says where each adjoint comes from', () => {
    const { model, input, target } = taggerAndBatch('LSTM', { numLayers: 2 });
    const trace = inspect(model, { input, target }, { loss: meanLoss });
    assert.equal(trace.nodes.length, 7 * 2 * 23);
    const c = trace.node({ layer: 1, t: 3, node: 'c' });
    assert.equal(c.equation, 'cₜ = %18ₜ + %19ₜ');
    assert.deepEqual(
      c.adjointParts.map(({ origin, name }) => [origin, name]),
      [
        ['use', '%21ₜ'],
        ['next step', 'c'],
      ],
    );
    const sum = c.adjoint.data.map((_, i) =>
      c.adjointParts.reduce((s, { numbers }) => s + numbers[i]!, 0),
    );
    assert.ok(distance(sum, c.adjoint.data) < 1e-15);
    const next = trace.node({ layer: 1, t: 4, node: '%18' });
    assert.deepEqual(
      next.sends.map(({ operand, equation }) => [operand.name, equation]),
      [
        ['fₜ', 'f̄ₜ += %18̄ₜ ⊙ cₜ₋₁'],
        ['cₜ₋₁', 'c̄ₜ₋₁ += %18̄ₜ ⊙ fₜ'],
      ],
    );
  });

  it('takes models that have the batch first, a state to start from, or the loss as their output', () => {
    class Own extends Module {
      readonly lstm = new LSTM({ inputSize: 3, hiddenSize: 4, batchFirst: true });
      forward(input: Tensor, state?: { h: Tensor; c: Tensor }) {
        const { output } = this.lstm.forward(input, state);
        return output.mul(output).mean();
      }
    }
    manualSeed(2);
    const state = { h: randn([1, 2, 4]), c: randn([1, 2, 4]) };
    const trace = inspect(new Own(), { input: randn([2, 7, 3]), state });
    assert.equal(trace.timeSteps, 7);
    assert.deepEqual(trace.loss.measuredAt, [0, 1, 2, 3, 4, 5, 6]);
    assertHold(trace.check());
  });

  it('goes through models that read the final state, and networks in a row', () => {
    class Translator extends Module {
      readonly encoder = new LSTM({ inputSize: 3, hiddenSize: 4, numLayers: 2 });
      readonly decoder = new LSTM({ inputSize: 3, hiddenSize: 4, numLayers: 2 });
      readonly head = new Linear({ inFeatures: 4, outFeatures: 5 });
      forward(input: Tensor) {
        const { state } = this.encoder.forward(input);
        const { output } = this.decoder.forward(input.slice(0, 0, 3), state);
        return { output: this.head.forward(output) };
      }
    }
    manualSeed(8);
    const model = new Translator();
    const input = randn([7, 2, 3]);
    const target = tensor(
      [...Array(3).keys()].map((t) => [t, 4]),
      { dtype: 'int32' },
    );
    const trace = inspect(model, { input, target }, { loss: meanLoss });
    assert.deepEqual(
      trace.layers.map(({ name, timeSteps }) => [name, timeSteps]),
      [
        ['encoder.l0', 7],
        ['encoder.l1', 7],
        ['decoder.l0', 3],
        ['decoder.l1', 3],
      ],
    );
    // The decoder's steps follow the encoder's.
    assert.deepEqual([trace.timeSteps, trace.loss.measuredAt], [10, [7, 8, 9]]);
    assertHold(trace.check());
    assert.ok(trace.ledger({ layer: 'encoder.l0' }).matrix[2]![0]! > 0);
    trace.stepper().last();
    assert.match(trace.toString(), /encoder\.l0 \(LSTM\)/);

    class ByState extends Module {
      readonly lstm = new LSTM({ inputSize: 3, hiddenSize: 4 });
      forward(given: Tensor) {
        return this.lstm.forward(given).state.h.sum();
      }
    }
    const byState = inspect(new ByState(), { input });
    assert.deepEqual(byState.loss.measuredAt, [6]);
    assertHold(byState.check());
  });

  for (const type of [LSTM, GRU, RNN])
    it(`${type.name} in both directions, with dropout between layers and padded sequences`, () => {
      class Padded extends Module {
        readonly net = new type({
          inputSize: 3,
          hiddenSize: 4,
          numLayers: 2,
          bidirectional: true,
          dropout: 0.3,
          dtype: 'float64',
        });
        readonly head = new Linear({ inFeatures: 8, outFeatures: 5, dtype: 'float64' });
        forward(input: Tensor) {
          const { output } = this.net.forward(input, undefined, { lengths: [6, 2, 4] });
          return { output: this.head.forward(output) };
        }
      }
      manualSeed(31);
      const model = new Padded();
      const input = randn([6, 3, 3], { dtype: 'float64' });
      const target = randint(0, 5, [6, 3]);
      const mask = tensor(
        Array.from({ length: 6 }, (_, t) => [6, 2, 4].map((n) => (t < n ? 1 : 0))),
      );
      const loss = (o: Tensor, y: Tensor) => crossEntropy(o, y, { mask });
      const trace = inspect(model, { input, target }, { loss });
      assert.deepEqual(
        trace.layers.map(({ name, layer, direction }) => [name, layer, direction]),
        [
          ['net.l0', 0, 'forward'],
          ['net.l0.reverse', 0, 'reverse'],
          ['net.l1', 1, 'forward'],
          ['net.l1.reverse', 1, 'reverse'],
        ],
      );
      assertHold(trace.check());
      // The same dropout masks: the generator stands where it stood.
      loss(model.forward(input).output, target).backward();
      for (const [name, { grad }] of model.namedParameters()) {
        const error = distance(trace.gradients.get(name)!.gradient.data, grad!.data);
        assert.ok(error < 1e-12, `${name}: ${error}`);
      }
      assert.equal(trace.layer({ layer: 1, direction: 'reverse' }).name, 'net.l1.reverse');
      assert.equal(trace.ledger({ layer: 1, direction: 'reverse' }).layer, 'net.l1.reverse');
    });
});

/** How often rules of operations are called. */
function countOperations(run: () => unknown): number {
  let count = 0;
  const table = rules as unknown as Record<OpName, { forward: unknown; backward: unknown }>;
  const originals = Object.entries(table).map(([op, rule]) => [op, rule] as const);
  for (const [op, rule] of originals) {
    const counted =
      (fn: unknown) =>
      (...operands: unknown[]) => {
        count++;
        return (fn as (...all: unknown[]) => unknown)(...operands);
      };
    table[op as OpName] = {
      ...rule,
      forward: counted(rule.forward),
      backward: counted(rule.backward),
    };
  }
  try {
    run();
  } finally {
    for (const [op, rule] of originals) table[op as OpName] = rule;
  }
  return count;
}
