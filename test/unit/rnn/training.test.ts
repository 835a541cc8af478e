import assert from 'node:assert/strict';
import {
  Adam,
  CharTokenizer,
  crossEntropy,
  Embedding,
  evaluate,
  generate,
  Linear,
  LSTM,
  manualSeed,
  Module,
  mse,
  rand,
  RNN,
  SGD,
  tensor,
  textLanes,
  type LSTMState,
  type StepReport,
  type Tensor,
} from '../../../kernel/rnn/index.js';
import { fit } from '../../../kernel/rnn/train/fit.js';

class CharModel extends Module {
  embedding: Embedding;
  lstm: LSTM;
  head: Linear;
  constructor(vocabularySize: number, hiddenSize = 24) {
    super();
    this.embedding = new Embedding({ numEmbeddings: vocabularySize, embeddingDim: 8 });
    this.lstm = new LSTM({ inputSize: 8, hiddenSize });
    this.head = new Linear({ inFeatures: hiddenSize, outFeatures: vocabularySize });
  }
  forward(input: Tensor, state?: LSTMState) {
    const result = this.lstm.forward(this.embedding.forward(input), state);
    return { output: this.head.forward(result.output), state: result.state };
  }
}

/**
 * Whether five b's end in `c` or in `a` is told only by the symbol before them: without memory that is one bit
 * in two of twelve symbols, 1/6 bit a symbol at the least.
 */
const period = 'abbbbbcbbbbb';
const text = period.repeat(42);

function textTask() {
  const tokenizer = new CharTokenizer(text);
  const model = new CharModel(tokenizer.vocabularySize);
  const data = textLanes(tokenizer.encode(text), { batchSize: 4, sequenceLength: 24 });
  const optimizer = new Adam(model.parameters(), { lr: 0.02 });
  return { tokenizer, task: { model, data, loss: crossEntropy, optimizer, clipNorm: 1 } };
}

describe('fit', () => {
  it('learns a text whose next symbol needs memory, and generates it', async () => {
    manualSeed(1);
    const { tokenizer, task } = textTask();
    const history = await fit({ ...task, steps: 300 });
    assert.equal(history.step.length, 300);
    const bits = (await evaluate(task)) / Math.LN2;
    assert.ok(bits < 0.05, `${bits} bits per symbol`);
    const continuation = generate({
      model: task.model,
      tokenizer,
      prompt: period,
      length: 24,
      temperature: 0,
    });
    assert.equal(continuation, period.repeat(2));
  });

  it('hands the final state on to a batch that continues, cut off from its gradients, and to no other', async () => {
    const weight = tensor([2], { requiresGrad: true });
    const given: (Tensor | undefined)[] = [];
    const model = {
      forward(input: Tensor, state?: { count: Tensor }) {
        given.push(state?.count);
        const count = (state?.count ?? tensor([0])).add(weight.mul(input));
        return { output: count, state: { count } };
      },
    };
    const batch = (continues: boolean) => ({ input: tensor([1]), target: tensor([0]), continues });
    const loss = (output: Tensor) => output.mul(0).sum();
    const optimizer = new SGD([weight], { lr: 1 });
    await fit({ model, data: [false, true, true, false].map(batch), loss, optimizer, steps: 5 });
    assert.deepEqual(
      given.map((count) => count?.item()),
      [undefined, 2, 4, undefined, undefined],
    );
    assert.ok(given.every((count) => !count?.requiresGrad));
  });

  it('repeats itself bit for bit under one seed', async () => {
    const weights = async (seed: number) => {
      manualSeed(seed);
      const { task } = textTask();
      const { loss } = await fit({ ...task, steps: 20 });
      return { loss, weights: task.model.parameters().flatMap(({ data }) => [...data]) };
    };
    const first = await weights(5);
    assert.deepEqual(await weights(5), first);
    assert.notDeepEqual((await weights(6)).loss, first.loss);
  });

  it('goes step by step with a loop over it, and stops when the loop is left', async () => {
    manualSeed(2);
    const { task } = textTask();
    const run = fit({ ...task, steps: 100 });
    const seen: StepReport[] = [];
    for await (const report of run) {
      seen.push(report);
      assert.equal(run.history.step.length, report.step, 'the run waits for the loop');
      if (report.step === 3) task.optimizer.lr = 0.001;
      await new Promise((resolve) => setTimeout(resolve, 1));
      if (report.step === 5) break;
    }
    assert.deepEqual(
      seen.map(({ lr }) => lr),
      [0.02, 0.02, 0.02, 0.001, 0.001],
    );
    assert.equal(run.status, 'stopped');
    assert.equal((await run).step.length, 5);
  });

  it('a loop that runs to the end sees every step once', async () => {
    manualSeed(2);
    const { task } = textTask();
    const run = fit({ ...task, steps: 4 });
    const steps: number[] = [];
    for await (const { step } of run) steps.push(step);
    assert.deepEqual(steps, [1, 2, 3, 4]);
    assert.equal(run.status, 'done');
  });

  it('stops and aborts at a step boundary and keeps the history', async () => {
    manualSeed(3);
    const { task } = textTask();
    const stopped = fit({
      ...task,
      steps: 1000,
      onStep: (run) => run.history.step.length === 7 && run.stop(),
    });
    assert.equal((await stopped).step.length, 7);
    const aborted = fit({
      ...task,
      steps: 1000,
      onStep: (run) => run.history.step.length === 3 && run.abort(new Error('enough')),
    });
    await assert.rejects(Promise.resolve(aborted), /enough/);
    assert.equal(aborted.history.step.length, 3);
  });

  it('measures validation at its steps and at the end', async () => {
    manualSeed(4);
    const { task } = textTask();
    const { validation } = await fit({
      ...task,
      steps: 25,
      validation: { data: task.data, every: 10 },
    });
    assert.deepEqual(validation.step, [10, 20, 25]);
    assert.ok(validation.loss[2]! < validation.loss[0]!);
  });

  it('evaluates batches by their number of targets, and leaves the model in training mode', async () => {
    const model = new Linear({ inFeatures: 1, outFeatures: 1, bias: false });
    model.weight.data[0] = 1;
    const batch = (errors: number[]) => ({
      input: tensor(errors.map((error) => [error])),
      target: tensor(errors.map(() => [0])),
    });
    const data = [batch([3]), batch([1, 1, 1])];
    assert.equal(await evaluate({ model, data, loss: mse }), (9 + 3) / 4);
    assert.equal(model.training, true);
    assert.equal(model.weight.grad, null);
  });

  it('ends with a named error before a NaN reaches the weights', async () => {
    manualSeed(5);
    const model = new Linear({ inFeatures: 1, outFeatures: 1 });
    const before = model.stateDict();
    const batch = (x: number) => ({ input: tensor([[x]]), target: tensor([[1]]) });
    const options = {
      model,
      loss: mse,
      optimizer: new SGD(model.parameters(), { lr: 1 }),
      steps: 3,
    };
    await assert.rejects(Promise.resolve(fit({ ...options, data: [batch(NaN)] })), {
      name: 'NonFiniteError',
      message: /expected a finite loss at step 1, got NaN/,
    });
    assert.deepEqual(model.stateDict(), before);
    await assert.rejects(Promise.resolve(fit({ ...options, data: [] })), /the data gave no batch/);
    assert.throws(
      () => fit({ ...options, data: [], steps: 0 }),
      /fit: steps must be a positive integer, got 0/,
    );
  });

  it('a tanh RNN finds the weights of the linear recurrence that made the data', async () => {
    manualSeed(6);
    const [timeSteps, batchSize] = [12, 16];
    const make = () => {
      const input = Array.from({ length: timeSteps }, () =>
        Array.from({ length: batchSize }, () => [rand([]).item() * 0.2 - 0.1]),
      );
      const y = Array.from({ length: batchSize }, () => 0);
      const target = input.map((row) => row.map(([x], b) => [(y[b] = 0.6 * y[b]! + x!)]));
      return { input: tensor(input), target: tensor(target) };
    };
    class Filter extends Module {
      rnn = new RNN({ inputSize: 1, hiddenSize: 1, bias: false });
      head = new Linear({ inFeatures: 1, outFeatures: 1, bias: false });
      forward(input: Tensor) {
        return this.head.forward(this.rnn.forward(input).output);
      }
    }
    const model = new Filter();
    await fit({
      model,
      data: Array.from({ length: 20 }, make),
      loss: mse,
      optimizer: new Adam(model.parameters(), { lr: 0.02 }),
      steps: 1500,
    });
    const recurrence = model.rnn.weight_hh_l0!.item();
    const gain = model.rnn.weight_ih_l0!.item() * model.head.weight.item();
    assert.ok(
      Math.abs(recurrence - 0.6) < 0.05 && Math.abs(gain - 1) < 0.05,
      `${recurrence}, ${gain}`,
    );
  });
});
