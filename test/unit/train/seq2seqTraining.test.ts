import assert from 'node:assert/strict';
import {
  Adam,
  attentionLoss,
  BahdanauAttention,
  bleu,
  bucketBatches,
  clipGradNorm,
  crossEntropy,
  Embedding,
  evaluate,
  GRU,
  IbmModel1,
  ignoredTarget,
  Linear,
  LuongAttention,
  manualSeed,
  Module,
  mse,
  OptionError,
  padBatch,
  scheduledSampling,
  Seq2Seq,
  SGD,
  tensor,
  Tensor,
  type Batch,
  type Loss,
  type PaddedBatch,
  type Sample,
  type Seq2SeqOptions,
} from '../../../kernel/rnn/index.js';
import { inspect } from '../../../kernel/rnn/inspect/inspect.js';
import { RandomStream } from '../../../kernel/rnn/random.js';
import { fit } from '../../../kernel/rnn/train/fit.js';

const [start, end, size] = [0, 1, 8];

/** Words of 1 to 5 symbols, and the same turned round. */
function createPairs(count: number): Sample[] {
  const stream = new RandomStream(1, 'pairs');
  return Array.from({ length: count }, () => {
    const input = Int32Array.from({ length: stream.integer(1, 6) }, () => stream.integer(2, size));
    return { input, target: Int32Array.of(...input.toReversed(), end) };
  });
}

function createModel(options: Partial<Seq2SeqOptions> = {}, kind = 'luong'): Seq2Seq {
  manualSeed(1);
  const embedding = () => new Embedding({ numEmbeddings: size, embeddingDim: 6 });
  const isLuong = kind === 'luong';
  return new Seq2Seq({
    encoder: { embedding: embedding(), rnn: new GRU({ inputSize: 6, hiddenSize: 8 }) },
    decoder: {
      embedding: embedding(),
      rnn: new GRU({ inputSize: isLuong ? 6 : 14, hiddenSize: 8, variationalDropout: 0.1 }),
    },
    attention: isLuong
      ? new LuongAttention({ querySize: 8, keySize: 8 })
      : new BahdanauAttention({ querySize: 8, keySize: 8, hiddenSize: 8 }),
    startIndex: start,
    endIndex: end,
    ...options,
  });
}

const weightsOf = (model: Module): number[][] => model.parameters().map(({ data }) => [...data]);
const toData = (): Iterable<PaddedBatch> => bucketBatches(createPairs(50), { batchSize: 8 });

describe('fit trains a Seq2Seq', () => {
  const schedule = scheduledSampling({ decay: 'linear', steps: 10, end: 0.3 });
  const ways: [string, Partial<Seq2SeqOptions>, (step: number) => number][] = [
    ['teacher forcing', {}, () => 1],
    ['a share of its own symbols', { teacherForcing: 0.6 }, () => 0.6],
    ['scheduled sampling', { teacherForcing: schedule }, schedule],
    ['symbols drawn', { teacherForcing: 0.5, sampling: 'sample' }, () => 0.5],
  ];
  for (const kind of ['luong', 'bahdanau'])
    for (const [name, options, teacherForcing] of ways)
      it(`${kind}, ${name}: as the loop written by hand, bit for bit`, async () => {
        const byFit = createModel(options, kind);
        manualSeed(2);
        const history = await fit({
          model: byFit,
          data: toData(),
          loss: crossEntropy,
          optimizer: new Adam(byFit.parameters(), { lr: 1e-2 }),
          steps: 12,
          clipNorm: 1,
        });

        const byHand = createModel({}, kind);
        const optimizer = new Adam(byHand.parameters(), { lr: 1e-2 });
        const losses: number[] = [];
        manualSeed(2);
        while (losses.length < 12)
          for (const { input, target, lengths } of toData()) {
            if (losses.length === 12) break;
            optimizer.zeroGrad();
            const { output } = byHand.forward(input, target, {
              lengths,
              teacherForcing: teacherForcing(losses.length),
              ...(options.sampling && { sampling: options.sampling }),
            });
            const loss = crossEntropy(output, target);
            losses.push(loss.item());
            loss.backward();
            clipGradNorm(byHand.parameters(), 1);
            optimizer.step();
          }
        assert.deepEqual(history.loss, losses);
        assert.deepEqual(weightsOf(byFit), weightsOf(byHand));
      });

  it('what pads sources and targets changes nothing', async () => {
    const train = async (padding: number): Promise<number[][]> => {
      const model = createModel();
      const batches = [...toData()].map((batch) => ({
        ...batch,
        input: lengthened(batch.input, padding, 3),
        target: lengthened(batch.target, padding, ignoredTarget),
      }));
      const optimizer = new SGD(model.parameters(), { lr: 0.1 });
      manualSeed(3);
      await fit({ model, data: batches, loss: crossEntropy, optimizer, steps: 5 });
      return weightsOf(model);
    };
    const [exact, padded] = [await train(0), await train(4)];
    exact.forEach((values, k) =>
      values.forEach((value, i) => assert.ok(Math.abs(value - padded[k]![i]!) < 1e-5)),
    );
  });

  it('validates with the target read, whatever it reads in training, and decodes where asked', async () => {
    const model = createModel({ teacherForcing: 0 });
    const heldOut = createPairs(20).slice(10);
    const data = bucketBatches(heldOut, { batchSize: 4, shuffle: false });
    const measured = await evaluate({
      model,
      data,
      loss: crossEntropy,
      metrics: ['accuracy', 'bleu'],
      decode: (_, { input, lengths }) =>
        model
          .generate(input, { lengths: lengths!, maxLength: 8, beamWidth: 2 })
          .map(({ indices, ended }) => (ended ? [...indices, end] : [...indices])),
    });
    model.eval();
    const { input, target, lengths } = padBatch(heldOut);
    const loss = crossEntropy(model.forward(input, target, { lengths }).output, target).item();
    assert.ok(Math.abs(measured['loss']! - loss) < 1e-5, `${measured['loss']!}, ${loss}`);
    const said = heldOut.map(({ input: source }) => {
      const alone = source as Int32Array;
      const [one] = model.generate(new Tensor(alone, [alone.length, 1]), {
        maxLength: 8,
        beamWidth: 2,
      });
      return one!.ended ? [...one!.indices, end] : [...one!.indices];
    });
    const { score } = bleu(
      said,
      heldOut.map((one) => [[...(one.target as Int32Array)]]),
    );
    assert.ok(Math.abs(measured['bleu']! - score) < 1e-12);
  });

  it('learns in the one call: to turn words round', async () => {
    const model = createModel();
    await fit({
      model,
      data: bucketBatches(createPairs(2000), { batchSize: 32 }),
      loss: crossEntropy,
      optimizer: new Adam(model.parameters(), { lr: 2e-2 }),
      epochs: 4,
      clipNorm: 1,
    });
    const { accuracy } = await evaluate({
      model,
      data: [padBatch(createPairs(100))],
      loss: crossEntropy,
      metrics: ['accuracy'],
    });
    assert.ok(accuracy! > 0.9, String(accuracy));
  }).timeout(60_000);

  it('hands the attention to the loss, which can so show it where to look', async () => {
    const pairs = createPairs(400);
    const lexicon = new IbmModel1<number>(
      pairs.map(({ input, target }) => ({
        source: input as Int32Array,
        target: target as Int32Array,
      })),
    );
    const attentionAfter = async (weight: number): Promise<number> => {
      const model = createModel();
      const guided: Loss = (output, target, _, batch, { attention }) =>
        crossEntropy(output, target).add(
          attentionLoss(attention!, lexicon.alignBatch(batch)).mul(weight),
        );
      const optimizer = new Adam(model.parameters(), { lr: 1e-2 });
      const data = bucketBatches(pairs, { batchSize: 20 });
      manualSeed(5);
      await fit({ model, data, loss: guided, optimizer, steps: 40 });
      return evaluate({
        model,
        data: [padBatch(createPairs(50))],
        loss: (_output, _target, _, batch, { attention }) =>
          attentionLoss(attention!, lexicon.alignBatch(batch)),
      });
    };
    const [without, withHints] = [await attentionAfter(0), await attentionAfter(1)];
    assert.ok(withHints < 0.8 * without, `${withHints}, ${without}`);
  });

  it('is inspected with the target read', () => {
    const model = createModel();
    const { input, target } = padBatch(createPairs(2).map(withOneSource));
    const loss = crossEntropy(model.eval().forward(input, target).output, target).item();
    const trace = inspect(model, { input, target }, { loss: crossEntropy });
    assert.ok(Math.abs(trace.loss.total - loss) < 1e-5);
    assert.equal(trace.layers.length, 2);
    assert.throws(
      () => inspect(model, { input }, { loss: crossEntropy }),
      /Seq2Seq reads the target too, expected a batch \{ input, target \}, got none/,
    );
  });

  it('names what does not fit', async () => {
    const model = createModel();
    const optimizer = new Adam(model.parameters());
    const options = { model, data: toData(), loss: crossEntropy, optimizer, steps: 1 };
    assert.throws(() => fit({ ...options, tbptt: { k1: 2 } }), {
      name: 'OptionError',
      message:
        'fit: tbptt cuts inputs into windows, expected a model with forward(input, state), got Seq2Seq with forwardBatch',
    });
    const [batch] = [...toData()];
    await assert.rejects(
      Promise.resolve(fit({ ...options, data: [{ ...batch!, continues: true }] })),
      {
        name: 'OptionError',
        message:
          'Seq2Seq.forwardBatch: expected a batch of whole sequences, got one that continues another',
      },
    );
    assert.throws(() => createModel({ teacherForcing: 2 }), {
      name: 'OptionError',
      message: /teacherForcing must be a number from 0 to 1, or a function/,
    });
    model.teacherForcing = () => 3;
    await assert.rejects(Promise.resolve(fit(options)), OptionError);
  });
});

/** The same source for every target. */
const withOneSource = ({ target }: Sample): Sample => ({
  input: Int32Array.of(2, 3, 4),
  target,
});

/** More time steps `[T + count, B]` of one value. */
function lengthened({ data, shape }: Tensor, count: number, value: number): Tensor {
  const [timeSteps, batchSize] = shape as [number, number];
  const longer = new Int32Array((timeSteps + count) * batchSize).fill(value);
  longer.set(data);
  return new Tensor(longer, [timeSteps + count, batchSize]);
}

describe('a model of one’s own that reads more of a batch', () => {
  interface Two extends Batch {
    other: Tensor;
  }

  class Sum extends Module {
    readonly head = new Linear({ inFeatures: 1, outFeatures: 1 });
    readonly steps: (number | undefined)[] = [];

    override forward(input: Tensor, other: Tensor): Tensor {
      return this.head.forward(input.add(other));
    }

    forwardBatch(batch: Batch, _state?: unknown, { step }: { step?: number } = {}): Tensor {
      this.steps.push(step);
      return this.forward(batch.input, (batch as Two).other);
    }
  }

  it('gets the whole batch and the step, from fit and from evaluate', async () => {
    manualSeed(1);
    const model = new Sum();
    const data: Two[] = [{ input: tensor([[1]]), other: tensor([[2]]), target: tensor([[6]]) }];
    const optimizer = new Adam(model.parameters(), { lr: 0.1 });
    await fit({ model, data, loss: mse, optimizer, steps: 3 });
    await evaluate({ model, data, loss: mse });
    assert.deepEqual(model.steps, [1, 2, 3, undefined]);
  });

  it('carries its state over batches that continue each other', async () => {
    const heard: unknown[] = [];
    const weight = tensor([1], { requiresGrad: true });
    const model = {
      forwardBatch({ input }: Batch, state?: Tensor) {
        heard.push(state?.item());
        return { output: input.mul(weight), state: input.sum() };
      },
    };
    const data = [1, 2].map((x) => ({
      input: tensor([x]),
      target: tensor([x]),
      continues: x === 2,
    }));
    await fit({ model, data, loss: mse, optimizer: new Adam([weight]), steps: 2 });
    assert.deepEqual(heard, [undefined, 1]);
  });

  it('is told where it gives no tensor', async () => {
    const model = { forwardBatch: () => 3 as unknown as Tensor };
    const data = [{ input: tensor([1]), target: tensor([1]) }];
    const optimizer = new Adam([tensor([1], { requiresGrad: true })]);
    await assert.rejects(Promise.resolve(fit({ model, data, loss: mse, optimizer, steps: 1 })), {
      message: 'model.forwardBatch: expected a tensor or { output, state } to be returned',
    });
  });
});
