import assert from 'node:assert/strict';
import {
  Adam,
  bceWithLogits,
  characterErrorRate,
  crossEntropy,
  evaluate,
  f1Score,
  Linear,
  LSTM,
  manualSeed,
  Module,
  mse,
  padBatch,
  ReduceOnPlateau,
  SGD,
  StepLR,
  tensor,
  WeightAverage,
  type Batch,
  type FitCallback,
  type Tensor,
} from '../../../kernel/rnn/index.js';
import { fit } from '../../../kernel/rnn/train/fit.js';

/** A model that says what it is given, and trains a parameter that nothing depends on much. */
function createEcho() {
  const weight = tensor([0], { requiresGrad: true });
  const model = { forward: (input: Tensor) => input.add(weight.mul(0).sum()) };
  return { model, weight, optimizer: new SGD([weight], { lr: 1 }) };
}

/** A loss of validation data that follows a list, one value a measurement. */
function createScripted(values: readonly number[]) {
  const weight = tensor([0], { requiresGrad: true });
  let measured = 0;
  const model = {
    training: true,
    train(training: boolean) {
      if (!training) measured++;
      this.training = training;
    },
    forward: (input: Tensor) => input.mul(weight),
  };
  const loss = (output: Tensor) =>
    model.training ? output.sum() : tensor([values[measured - 1]!]);
  const data: Batch[] = [{ input: tensor([-1]), target: tensor([0]) }];
  // Each step adds 1 to the weight, which so counts the steps.
  const optimizer = new SGD([weight], { lr: 1 });
  const task = { model, loss, data, optimizer, validation: { data, every: 1 } };
  return { task, weight };
}

describe('evaluate', () => {
  const logits = (...rows: number[][]) => rows;

  it('counts valid targets: a padded batch gives what its sequences give one by one', async () => {
    manualSeed(3);
    class Tagger extends Module {
      lstm = new LSTM({ inputSize: 2, hiddenSize: 4, bidirectional: true, dtype: 'float64' });
      head = new Linear({ inFeatures: 8, outFeatures: 1, dtype: 'float64' });
      forward(input: Tensor, _state?: unknown, options?: { lengths?: Int32Array }) {
        return this.head.forward(this.lstm.forward(input, undefined, options).output);
      }
    }
    const model = new Tagger();
    const sequence = (length: number, scale: number) => ({
      input: Array.from({ length }, (_, t) => [Math.sin(t + scale), scale]),
      target: Array.from({ length }, (_, t) => [Math.cos(t * scale)]),
    });
    const samples = [sequence(2, 1), sequence(7, 2), sequence(4, 3)];
    const options = { inputDtype: 'float64', targetDtype: 'float64' } as const;
    const single = samples.map((sample) => padBatch([sample], options));
    const together = [padBatch(samples, options)];
    const uneven = [padBatch(samples.slice(0, 2), options), single[2]!];
    const expected = await evaluate({ model, data: single, loss: mse });
    for (const data of [together, uneven])
      assert.ok(Math.abs((await evaluate({ model, data, loss: mse })) - expected) < 1e-14);
  });

  it('passes over targets of −100 when it weighs batches', async () => {
    const { model } = createEcho();
    const batch = (rows: number[][], classes: number[]): Batch => ({
      input: tensor(rows),
      target: tensor(classes, { dtype: 'int32' }),
    });
    const data = [
      batch(logits([0, 0], [5, 0], [5, 0]), [1, -100, -100]),
      batch(logits([3, 0], [0, 3]), [0, 1]),
      batch(logits([9, 9]), [-100]),
    ];
    const expected = (Math.LN2 + 2 * Math.log(1 + Math.exp(-3))) / 3;
    assert.ok(Math.abs((await evaluate({ model, data, loss: crossEntropy })) - expected) < 1e-6);
  });

  it('takes metrics by name and by function, of all that counts together', async () => {
    const { model } = createEcho();
    const batch = (rows: number[][], classes: number[]): Batch => ({
      input: tensor(rows),
      target: tensor(classes, { dtype: 'int32' }),
    });
    const data = [
      batch(logits([2, 0], [0, 2], [0, 1]), [0, 1, 0]),
      batch(logits([0, 3], [7, 0]), [1, -100]),
    ];
    const found = await evaluate({
      model,
      data,
      loss: crossEntropy,
      metrics: {
        accuracy: 'accuracy',
        f1: 'f1',
        auc: 'auc',
        perplexity: 'perplexity',
        bits: 'bitsPerCharacter',
        positives: (predictions, targets) => {
          assert.deepEqual([predictions.shape, targets.shape], [[4, 2], [4]]);
          return Array.from(targets.data).reduce((sum, one) => sum + one, 0);
        },
        macro: (p, t) => f1Score(p, t, { average: 'macro' }),
      },
    });
    const { loss } = found;
    assert.deepEqual(
      { ...found, perplexity: 0, bits: 0, loss: 0 },
      {
        loss: 0,
        accuracy: 3 / 4,
        f1: 4 / 5,
        // Scores −2, 2, 1, 3 for labels 0 1 0 1.
        auc: 1,
        perplexity: 0,
        bits: 0,
        positives: 2,
        macro: (4 / 5 + 2 / 3) / 2,
      },
    );
    assert.equal(found['perplexity'], Math.exp(loss!));
    assert.equal(found['bits'], loss! / Math.LN2);
  });

  it('takes metrics of single scores, of numbers, and of sequences as symbols or texts', async () => {
    const { model } = createEcho();
    const binary = { input: tensor([[2], [-1], [1]]), target: tensor([[1], [0], [0]]) };
    assert.deepEqual(
      await evaluate({
        model,
        data: [binary],
        loss: bceWithLogits,
        metrics: ['accuracy', 'auc', 'f1'],
      }).then(({ accuracy, auc, f1 }) => [accuracy, auc, f1]),
      [2 / 3, 1, 2 / 3],
    );
    const series = { input: tensor([1, 2, 5]), target: tensor([1, 3, 5]) };
    const numbers = await evaluate({ model, data: [series], loss: mse, metrics: ['nrmse'] });
    assert.ok(Math.abs(numbers['nrmse']! - Math.sqrt(1 / 3) / Math.sqrt(8 / 3)) < 1e-12);

    const letters = 'ab cd';
    const score = (text: string) =>
      Array.from(text, (one) => [Array.from(letters, (other) => (one === other ? 1 : 0))]);
    const symbols = (text: string) => Array.from(text, (one) => [letters.indexOf(one)]);
    const text = {
      input: tensor(score('ab cd')),
      target: tensor(symbols('ab cc'), { dtype: 'int32' }),
    };
    const options = { model, data: [text], loss: crossEntropy };
    const names = ['editDistance', 'wordErrorRate', 'characterErrorRate', 'bleu'] as const;
    const bare = await evaluate({ ...options, metrics: names });
    assert.deepEqual(
      [bare['editDistance'], bare['wordErrorRate'], bare['characterErrorRate']],
      [1, 1 / 5, 1 / 5],
    );
    const tokenizer = { decode: (all: number[]) => all.map((i) => letters[i]!).join('') };
    const texts = await evaluate({ ...options, metrics: names, tokenizer });
    assert.deepEqual([texts['wordErrorRate'], texts['characterErrorRate']], [1 / 2, 1 / 5]);
    const decoded = await evaluate({
      ...options,
      metrics: ['characterErrorRate'],
      tokenizer,
      decode: () => [[0, 1]],
    });
    assert.equal(decoded['characterErrorRate'], characterErrorRate('ab', 'ab cc'));
  });

  it('says which metrics there are, and what they need', async () => {
    const { model } = createEcho();
    const data = [{ input: tensor([1]), target: tensor([1]) }];
    const measured = (metrics: unknown) =>
      evaluate({ model, data, loss: mse, metrics: metrics as never });
    await assert.rejects(
      measured(['acuracy']),
      /metrics must be an array, .* of functions and of accuracy, f1/,
    );
    await assert.rejects(
      measured([() => 1]),
      /a function without a name; write metrics: \{ name: … \}/,
    );
    await assert.rejects(measured(['nrmse', 'nrmse']), /'nrmse' twice/);
    await assert.rejects(
      measured(['bleu']),
      /metrics of sequences need targets \[T, B\], got \[1\]/,
    );
  });
});

describe('validation in fit', () => {
  it('stops when nothing improved for so many measurements, and puts the best weights back', async () => {
    const { task, weight } = createScripted([5, 4, 3, 3.5, 2.95, 3.2, 1]);
    const options = { earlyStopping: { patience: 3, minDelta: 0.1 }, restoreBest: true };
    const history = await fit({ ...task, ...options, steps: 50 });
    assert.deepEqual(
      history.validation.loss.map((one) => Number(one.toFixed(2))),
      [5, 4, 3, 3.5, 2.95, 3.2],
    );
    assert.deepEqual(history.best, { metric: 'loss', value: 3, step: 3 });
    assert.equal(history.stoppedEarly, true);
    assert.equal(weight.item(), 3, 'the weight after the third step');
  });

  it('keeps the last weights where the best are not asked for, and knows NaN for no improvement', async () => {
    const { task, weight } = createScripted([NaN, 4, NaN, 6, 7]);
    const history = await fit({ ...task, steps: 5 });
    assert.deepEqual(history.best, { metric: 'loss', value: 4, step: 2 });
    assert.equal(weight.item(), 5);
    const stopped = createScripted([1, NaN, NaN, 0]).task;
    const { step } = await fit({ ...stopped, earlyStopping: { patience: 2 }, steps: 9 });
    assert.equal(step.length, 3);
  });

  it('goes by a metric, whichever way is better', async () => {
    const scores = [0.2, 0.7, 0.6, 0.9, 0.8, 0.7];
    const run = async (monitor: unknown) => {
      let at = 0;
      const score = () => scores[at++]!;
      const { task } = createScripted([6, 5, 4, 3, 2, 1]);
      return fit({
        ...task,
        validation: { ...task.validation, metrics: { score } },
        monitor: monitor as never,
        steps: 6,
      });
    };
    const { best, validation } = await run({ metric: 'score', mode: 'max' });
    assert.deepEqual(best, { metric: 'score', value: 0.9, step: 4 });
    assert.deepEqual(validation.metrics, { score: scores });
    await assert.rejects(run('score'), /less or more of 'score' is better is not known/);
    await assert.rejects(run('accuracy'), /monitor: metric must be one of loss, score/);
    assert.throws(
      () =>
        fit({
          ...createScripted([]).task,
          validation: undefined,
          restoreBest: true,
          steps: 1,
        }),
      /fit: restoreBest needs validation: \{ data \}, got none/,
    );
  });

  it('measures averaged weights, and leaves the trained ones', async () => {
    const { task, weight } = createScripted([1, 2]);
    const average = new WeightAverage([weight]);
    const seen: number[] = [];
    const callbacks: FitCallback = { onValidate: () => void seen.push(weight.item()) };
    await fit({ ...task, average, callbacks, steps: 4, validation: { data: task.data, every: 2 } });
    assert.deepEqual(seen, [(1 + 2) / 2, (1 + 2 + 3 + 4) / 4]);
    assert.equal(weight.item(), 4);
  });

  it('lowers the rate on a plateau, which the history notes', async () => {
    const { task } = createScripted([5, 5, 5, 5]);
    const schedule = new ReduceOnPlateau(task.optimizer, { patience: 1, factor: 0.5 });
    const { lr, changes } = await fit({ ...task, schedule, steps: 4 });
    assert.deepEqual(lr, [1, 1, 1, 0.5]);
    assert.deepEqual(changes, [{ step: 4, name: 'lr', from: 1, to: 0.5 }]);
    assert.throws(
      () => fit({ ...createScripted([]).task, validation: undefined, schedule, steps: 1 }),
      /ReduceOnPlateau needs validation/,
    );
  });
});

describe('schedules in fit', () => {
  const data: Batch[] = [1, 2].map((x) => ({ input: tensor([[x]]), target: tensor([[x]]) }));
  const create = () => {
    const model = new Linear({ inFeatures: 1, outFeatures: 1 });
    return { model, data, loss: mse, optimizer: new Adam(model.parameters(), { lr: 1 }) };
  };

  it('step after each update, or after each epoch', async () => {
    const task = create();
    const schedule = new StepLR(task.optimizer, { stepSize: 2, gamma: 0.5 });
    assert.deepEqual((await fit({ ...task, schedule, steps: 5 })).lr, [1, 1, 0.5, 0.5, 0.25]);
    const other = create();
    const slow = new StepLR(other.optimizer, { stepSize: 1, gamma: 0.5 });
    const options = { schedule: [slow], scheduleEvery: 'epoch', steps: 5 } as const;
    assert.deepEqual((await fit({ ...other, ...options })).lr, [1, 1, 0.5, 0.5, 0.25]);
    assert.throws(
      () => fit({ ...create(), schedule: {} as never, steps: 1 }),
      /schedule must be a schedule/,
    );
  });
});

describe('gradients in fit', () => {
  const create = () => {
    manualSeed(8);
    const model = new Linear({ inFeatures: 2, outFeatures: 2, dtype: 'float64' });
    return { model, loss: crossEntropy, optimizer: new SGD(model.parameters(), { lr: 0.5 }) };
  };
  const rows = [1, 2, 3, 4, 5, 6].map((k) => ({ x: [Math.sin(k), Math.cos(k)], y: k % 2 }));
  const batch = (some: typeof rows): Batch => ({
    input: tensor(
      some.map(({ x }) => x),
      { dtype: 'float64' },
    ),
    target: tensor(
      some.map(({ y }) => y),
      { dtype: 'int32' },
    ),
  });

  it('of uneven batches are accumulated as if they were one', async () => {
    const [whole, parts] = [create(), create()];
    const large = await fit({ ...whole, data: [batch(rows)], steps: 3 });
    const uneven = [batch(rows.slice(0, 1)), batch(rows.slice(1, 3)), batch(rows.slice(3))];
    const small = await fit({ ...parts, data: uneven, accumulate: 3, steps: 3 });
    const close = (a: number[], b: number[]) =>
      a.forEach((one, i) => assert.ok(Math.abs(one - b[i]!) < 1e-14, `${one} ${b[i]!}`));
    close(small.loss, large.loss);
    close(small.gradNorm, large.gradNorm);
    whole.model
      .parameters()
      .forEach(({ data }, k) => close([...data], [...parts.model.parameters()[k]!.data]));
    const rest = await fit({ ...create(), data: uneven, accumulate: 2, epochs: 1 });
    assert.equal(rest.step.length, 2, 'what is left over at the end makes a step');
  });

  it('are clipped by norm, by value or per variable, one way at a time', async () => {
    const grads = async (clip: object) => {
      const task = create();
      const before = task.model.parameters().map(({ data }) => [...data]);
      const { gradNorm } = await fit({ ...task, ...clip, data: [batch(rows)], steps: 1 });
      const moved = task.model
        .parameters()
        .map(({ data }, k) => [...data].map((one, i) => (before[k]![i]! - one) / 0.5));
      return { gradNorm: gradNorm[0]!, moved };
    };
    const norm = (values: number[]) => Math.hypot(...values);
    const free = await grads({});
    assert.ok(Math.abs(norm(free.moved.flat()) - free.gradNorm) < 1e-12);
    const byNorm = await grads({ clipNorm: 0.01 });
    assert.ok(Math.abs(norm(byNorm.moved.flat()) - 0.01) < 1e-5);
    assert.equal(byNorm.gradNorm, free.gradNorm);
    const byValue = await grads({ clipValue: 0.01 });
    assert.ok(Math.max(...byValue.moved.flat().map(Math.abs)) < 0.01 + 1e-12);
    assert.equal(byValue.gradNorm, free.gradNorm);
    const each = await grads({ clipNormEach: 0.01 });
    for (const one of each.moved) assert.ok(norm(one) < 0.01 + 1e-12);
    assert.throws(
      () => fit({ ...create(), data: [], steps: 1, clipNorm: 1, clipValue: 1 }),
      /fit: expected one way of clipping, got clipNorm and clipValue/,
    );
  });
});
