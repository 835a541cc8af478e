import assert from 'node:assert/strict';
import {
  Adam,
  BahdanauAttention,
  beamSearch,
  cat,
  CharTokenizer,
  clipGradNorm,
  crossEntropy,
  Embedding,
  gradcheck,
  GRU,
  ignoredTarget,
  LSTM,
  LuongAttention,
  manualSeed,
  type Module,
  OptionError,
  padSequences,
  randint,
  randn,
  scheduledSampling,
  Seq2Seq,
  tensor,
  Tensor,
  type BridgeKind,
  type Recurrent,
} from '../../../kernel/rnn/index.js';
import { RandomStream } from '../../../kernel/rnn/random.js';
import { tapeOrder } from '../../../kernel/rnn/tensor.js';
import { runReference, type Matrix, type ReferenceLayer } from './recurrentReference.js';

const f64 = { dtype: 'float64' } as const;

type Kind = 'none' | 'dot' | 'general' | 'concat' | 'location' | 'bahdanau' | 'feeding';

const kinds: readonly Kind[] = [
  'none',
  'dot',
  'general',
  'concat',
  'location',
  'bahdanau',
  'feeding',
];

interface Wanted {
  kind: Kind;
  dtype?: 'float32' | 'float64';
  bidirectional?: boolean;
  cell?: 'GRU' | 'LSTM';
  numLayers?: number;
  bridge?: BridgeKind;
  noise?: number;
}

const [vocabulary, embeddingDim, hiddenSize] = [7, 3, 4];

/** A small model of a kind. */
function createModel(wanted: Wanted): Seq2Seq {
  const { kind, dtype = 'float64', bidirectional = false, cell = 'GRU', numLayers = 1 } = wanted;
  const { noise = 0, bridge } = wanted;
  const keySize = bidirectional && kind !== 'dot' ? 2 * hiddenSize : hiddenSize;
  const sizes = { querySize: hiddenSize, keySize, dtype };
  const attention =
    kind === 'none'
      ? undefined
      : kind === 'bahdanau'
        ? new BahdanauAttention({ ...sizes, hiddenSize: 5 })
        : new LuongAttention({
            ...sizes,
            method: kind === 'feeding' ? 'general' : kind,
            maxLength: 10,
          });
  const extra = kind === 'bahdanau' ? keySize : kind === 'feeding' ? hiddenSize : 0;
  const create = (inputSize: number, isEncoder: boolean): unknown => {
    const options = {
      ...{ inputSize, hiddenSize, numLayers, dtype },
      bidirectional: isEncoder && keySize > hiddenSize,
      variationalDropout: isEncoder ? 0 : noise,
    };
    return cell === 'GRU' ? new GRU(options) : new LSTM(options);
  };
  const embedding = () => new Embedding({ numEmbeddings: vocabulary, embeddingDim, dtype });
  return new Seq2Seq({
    encoder: { embedding: embedding(), rnn: create(embeddingDim, true) as Recurrent },
    decoder: { embedding: embedding(), rnn: create(embeddingDim + extra, false) as Recurrent },
    ...(attention && { attention }),
    inputFeeding: kind === 'feeding',
    ...(bridge && { bridge }),
    startIndex: 1,
    endIndex: 2,
  });
}

const tokens = (shape: readonly number[]): Tensor => randint(0, vocabulary, shape);

const worst = (a: Tensor, b: Tensor): number => {
  assert.deepEqual(a.shape, b.shape);
  return Math.max(0, ...[...a.data].map((value, i) => Math.abs(value - b.data[i]!)));
};

describe('Seq2Seq', () => {
  for (const kind of kinds)
    for (const bidirectional of [false, true])
      for (const teacherForcing of [1, 0.5])
        it(`${kind}, bidirectional ${bidirectional}, teacher forcing ${teacherForcing}, ragged sources: gradients agree with central differences`, () => {
          manualSeed(1);
          const model = createModel({ kind, bidirectional, noise: 0.3 });
          const [source, target] = [tokens([3, 2]), tokens([2, 2])];
          gradcheck(
            () => {
              manualSeed(2);
              return model.forward(source, target, { lengths: [2, 3], teacherForcing }).output;
            },
            model.parameters().filter(({ size }) => size < 40),
          );
        });

  for (const kind of kinds)
    it(`${kind}: a whole target at once gives what single steps give`, () => {
      manualSeed(3);
      const model = createModel({ kind, cell: 'LSTM', numLayers: 2 });
      const [source, heard] = [tokens([5, 3]), tokens([4, 3])];
      const initial = model.encode(source, { lengths: [5, 2, 3] });
      const whole = model.decoder.forward(heard, initial);
      let state = initial;
      const steps = [0, 1, 2, 3].map((t) => {
        const result = model.decoder.forward(
          new Tensor(heard.data.slice(3 * t, 3 * t + 3), [1, 3]),
          state,
        );
        ({ state } = result);
        return result;
      });
      assert.ok(worst(cat(steps.map(({ output }) => output)), whole.output) < 1e-13);
      if (kind !== 'none')
        assert.ok(worst(cat(steps.map((step) => step.attention!)), whole.attention!) < 1e-13);
    });

  it('Bahdanau’s attention asks with the top layer’s last hidden state, at the first step the encoder’s', () => {
    manualSeed(16);
    const model = createModel({ kind: 'bahdanau', numLayers: 2 });
    const state = model.encode(tokens([5, 2]));
    const { attention } = model.decoder.forward(tokens([3, 2]), state);
    const asked = model.decoder.attention!.forward(state.rnn['h']!.select(0, 1), state.keys!);
    assert.ok(worst(attention!.select(0, 0), asked.weights) < 1e-14);
  });

  it('runs one fused pass over source and target under teacher forcing, and steps where it has to', () => {
    const layersOf = (wanted: Wanted, teacherForcing: number): number => {
      const model = createModel({ ...wanted, dtype: 'float32' });
      const { output } = model.forward(tokens([6, 2]), tokens([5, 2]), { teacherForcing });
      return tapeOrder(output).filter(({ op }) => op === 'recurrent').length;
    };
    assert.equal(layersOf({ kind: 'none' }, 1), 2);
    assert.equal(layersOf({ kind: 'general' }, 1), 2);
    assert.equal(layersOf({ kind: 'bahdanau' }, 1), 1 + 5);
    assert.equal(layersOf({ kind: 'feeding' }, 1), 1 + 5);
    assert.equal(layersOf({ kind: 'general' }, 0.5), 1 + 5);
  });

  it('what stands behind a source’s end is neither read nor attended to', () => {
    manualSeed(4);
    for (const kind of kinds) {
      const model = createModel({ kind, bidirectional: true });
      const target = tokens([3, 2]);
      const [source, other] = [tokens([5, 2]), tokens([5, 2])];
      const lengths = [3, 5];
      for (let t = 0; t < 5; t++)
        for (let b = 0; b < 2; b++)
          if (t < lengths[b]!) other.data[2 * t + b] = source.data[2 * t + b]!;
      const [one, two] = [source, other].map((x) => model.forward(x, target, { lengths }));
      assert.deepEqual(one!.output.data, two!.output.data);
      const alone = model.forward(source.slice(0, 0, 3).slice(1, 0, 1), target.slice(1, 0, 1));
      assert.ok(worst(alone.output, one!.output.slice(1, 0, 1)) < 1e-13, kind);
      if (one!.attention)
        assert.ok(
          one!.attention
            .slice(1, 0, 1)
            .slice(2, 3, 5)
            .data.every((w) => w === 0),
        );
    }
  });

  it('padding of the target may be ignored, and what it is does not matter before it', () => {
    manualSeed(5);
    const model = createModel({ kind: 'general' });
    const source = tokens([4, 1]);
    const padded = new Tensor(Int32Array.of(3, 4, 2, ignoredTarget, ignoredTarget), [5, 1]);
    const { output } = model.forward(source, padded);
    const short = model.forward(source, new Tensor(Int32Array.of(3, 4, 2), [3, 1]));
    assert.deepEqual(output.slice(0, 0, 3).data, short.output.data);
    assert.ok(
      Math.abs(
        crossEntropy(output, padded).item() -
          crossEntropy(short.output, new Tensor(Int32Array.of(3, 4, 2), [3, 1])).item(),
      ) < 1e-12,
    );
  });

  it('without teacher forcing it hears what greedy generation says', () => {
    manualSeed(6);
    for (const kind of kinds) {
      const model = createModel({ kind }).eval();
      const source = tokens([4, 3]);
      const { output } = model.forward(source, tokens([6, 3]), { teacherForcing: 0 });
      const said = output.argmax();
      model.generate(source, { maxLength: 6 }).forEach(({ indices, ended }, b) => {
        const own = Array.from({ length: 6 }, (_, t) => said.data[3 * t + b]!);
        const end = own.indexOf(2);
        assert.deepEqual([...indices], end < 0 ? own : own.slice(0, end));
        assert.equal(ended, end >= 0);
      });
    }
  });

  it('reads the target as often as scheduled sampling says', () => {
    manualSeed(7);
    const model = createModel({ kind: 'none', dtype: 'float32' });
    // A model that always says 5, and a target that is always 3.
    model.decoder.head.weight.data.fill(0);
    model.decoder.head.bias!.data.fill(0);
    model.decoder.head.bias!.data[5] = 9;
    const heard: number[] = [];
    model.decoder.embedding.registerForwardPreHook((_, [input]) => {
      heard.push(...(input as Tensor).data);
    });
    const [timeSteps, batchSize] = [41, 50];
    const target = tensor(Array<number>(timeSteps * batchSize).fill(3), { dtype: 'int32' });
    model.forward(tokens([2, batchSize]), target.reshape([timeSteps, batchSize]), {
      teacherForcing: 0.7,
    });
    const after = heard.slice(batchSize);
    const share = after.filter((symbol) => symbol === 3).length / after.length;
    assert.ok(Math.abs(share - 0.7) < 0.04, String(share));
    assert.ok(after.every((symbol) => symbol === 3 || symbol === 5));
  });

  it('draws what it hears by its probability where asked', () => {
    manualSeed(8);
    const model = createModel({ kind: 'none', dtype: 'float32' });
    model.decoder.head.weight.data.fill(0);
    model.decoder.head.bias!.data.set([-99, -99, -99, 0, Math.log(3), -99, -99]);
    const heard: number[] = [];
    model.decoder.embedding.registerForwardPreHook((_, [input]) => {
      heard.push(...(input as Tensor).data);
    });
    model.forward(tokens([2, 50]), tokens([41, 50]), { teacherForcing: 0, sampling: 'sample' });
    const after = heard.slice(50);
    const share = after.filter((symbol) => symbol === 4).length / after.length;
    assert.ok(Math.abs(share - 0.75) < 0.04, String(share));
  });

  it('drops the same units at all steps of a decoder that goes step by step', () => {
    manualSeed(9);
    const model = createModel({ kind: 'bahdanau', noise: 0.5 });
    const outputs: Tensor[] = [];
    model.decoder.rnn.registerForwardHook((_module, _inputs, result) => {
      outputs.push((result as { output: Tensor }).output);
    });
    model.forward(tokens([3, 4]), tokens([6, 4]), { teacherForcing: 0.5 });
    const zeros = outputs.map(({ data }) => [...data].map((value) => value === 0));
    for (const step of zeros) assert.deepEqual(step, zeros[0]);
    assert.ok(zeros[0]!.some(Boolean));
  });
});

describe('Seq2Seq: numbers of the papers, loop by loop', () => {
  const referenceOf = (rnn: Module): ReferenceLayer => {
    const known = [...rnn.namedParameters()].map(
      ([name, one]) => [name.replace('_l0', ''), one.toNested()] as const,
    );
    return {
      kind: 'GRU',
      weights: Object.fromEntries(known) as never,
      biases: Object.fromEntries(known) as never,
    };
  };
  const rows = (weight: Tensor): Matrix => weight.toNested() as number[][];
  const times = (matrix: Matrix, x: readonly number[], bias?: Tensor): number[] =>
    matrix.map((row, i) => row.reduce((sum, w, j) => sum + w * x[j]!, bias ? bias.data[i]! : 0));
  const softmax = (scores: number[]): number[] => {
    const total = scores.reduce((sum, score) => sum + Math.exp(score), 0);
    return scores.map((score) => Math.exp(score) / total);
  };
  const dot = (a: readonly number[], b: readonly number[]): number =>
    a.reduce((sum, x, i) => sum + x * b[i]!, 0);

  for (const kind of ['general', 'bahdanau', 'feeding'] as const)
    it(`${kind}: logits and attention`, () => {
      manualSeed(10);
      const model = createModel({ kind });
      const [source, target] = [tokens([4, 1]), tokens([3, 1])];
      const { encoder, decoder } = model;
      const embed = (embedding: Embedding, symbol: number): number[] =>
        (rows(embedding.weight) as number[][])[symbol]!;
      const zero = Array<number>(hiddenSize).fill(0);
      const step = (rnn: Recurrent, x: number[], h: number[]): number[] =>
        runReference(referenceOf(rnn), [x], { h }, { keep: {} }).outputs[0]!;
      const { outputs: keys } = runReference(
        referenceOf(encoder.rnn),
        [...source.data].map((symbol) => embed(encoder.embedding!, symbol)),
        { h: zero },
        { keep: {} },
      );
      const parameter = (name: string): Tensor =>
        new Map(decoder.attention!.namedParameters()).get(name)!;
      const attend = (query: number[]) => {
        const scores = keys.map((key) => {
          const own = times(rows(parameter('score.key.weight')), key);
          if (kind !== 'bahdanau') return dot(query, own);
          const asked = times(rows(parameter('score.query.weight')), query);
          return times(
            rows(parameter('score.energy.weight')),
            own.map((value, i) => Math.tanh(value + asked[i]!)),
          )[0]!;
        });
        const weights = softmax(scores);
        const context = zero.map((_, i) =>
          keys.reduce((sum, key, s) => sum + weights[s]! * key[i]!, 0),
        );
        return { weights, context };
      };
      let h = keys.at(-1)!;
      let feed = zero;
      const expected = [1, ...target.data.slice(0, -1)].map((symbol) => {
        const vector = embed(decoder.embedding, symbol);
        const before = kind === 'bahdanau' ? attend(h) : undefined;
        const beside = kind === 'feeding' ? feed : (before?.context ?? []);
        h = step(decoder.rnn, [...vector, ...beside], h);
        const { weights, context } = before ?? attend(h);
        const { readout } = decoder;
        feed = times(rows(readout!.weight), [...context, ...h], readout!.bias).map(Math.tanh);
        return { logits: times(rows(decoder.head.weight), feed, decoder.head.bias), weights };
      });
      const { output, attention } = model.forward(source, target);
      expected.forEach(({ logits, weights }, t) => {
        assert.ok(worst(output.select(0, t).select(0, 0), tensor(logits, f64)) < 1e-13);
        assert.ok(worst(attention!.select(0, t).select(0, 0), tensor(weights, f64)) < 1e-13);
      });
    });
});

describe('Seq2Seq: generation', () => {
  for (const kind of kinds)
    it(`${kind}: greedy, beam and attention agree with the decoder’s own numbers`, () => {
      manualSeed(11);
      const model = createModel({ kind, bidirectional: true });
      const source = tokens([5, 3]);
      const lengths = [5, 2, 4];
      const greedy = model.generate(source, { lengths, maxLength: 5 });
      const wide = model.generate(source, { lengths, maxLength: 5, beamWidth: 5 ** 5 });
      greedy.forEach((one, b) => {
        assert.ok(wide[b]!.logProbability >= one.logProbability - 1e-12);
        for (const said of [one, wide[b]!]) {
          const heard = [1, ...said.indices].slice(0, said.indices.length + Number(said.ended));
          const alone = source.slice(0, 0, lengths[b]!).slice(1, b, b + 1);
          const again = model.decoder.forward(
            new Tensor(Int32Array.from(heard), [heard.length, 1]),
            model.encode(alone),
          );
          const scores = again.output.logSoftmax();
          const symbols = said.ended ? [...said.indices, 2] : [...said.indices];
          const total = symbols.reduce((sum, s, t) => sum + scores.data[vocabulary * t + s]!, 0);
          assert.ok(Math.abs(total - said.logProbability) < 1e-9);
          if (kind === 'none') assert.equal(said.attention, undefined);
          else {
            assert.deepEqual(said.attention!.shape, [symbols.length, lengths[b]]);
            const error = worst(
              said.attention!,
              again.attention!.reshape(said.attention!.shape).to('float32'),
            );
            assert.ok(error < 1e-6);
          }
        }
      });
    });

  it('a beam search over the decoder gives all hypotheses', () => {
    manualSeed(12);
    const model = createModel({ kind: 'bahdanau' }).eval();
    const source = tokens([3, 1]);
    const hypotheses = beamSearch({
      model: model.decoder,
      state: model.encode(source),
      prompt: [1],
      maxLength: 4,
      beamWidth: 3,
      endIndex: 2,
    });
    const [best] = model.generate(source, { maxLength: 4, beamWidth: 3 });
    assert.equal(hypotheses.length, 3);
    assert.deepEqual(hypotheses[0]!.indices, best!.indices);
  });

  it('says only what is allowed, samples by the seed, and leaves the mode as it was', () => {
    manualSeed(13);
    const model = createModel({ kind: 'general', noise: 0.5 });
    const source = tokens([3, 4]);
    const said = model.generate(source, { maxLength: 8, allowed: [3, 4], temperature: 2 });
    for (const { indices } of said) assert.ok(indices.every((index) => index === 3 || index === 4));
    const sample = () => {
      manualSeed(14);
      return model.generate(source, { topK: 5 }).map(({ indices }) => [...indices]);
    };
    assert.deepEqual(sample(), sample());
    assert.equal(model.training, true);
    assert.equal(model.decoder.rnn.training, true);
  });
});

describe('Seq2Seq: learning', () => {
  for (const kind of ['general', 'bahdanau'] as const)
    it(`${kind}: learns to turn words around, and translates text with an attention to draw`, () => {
      manualSeed(15);
      const letters = new CharTokenizer('abcde<>');
      const size = letters.vocabularySize;
      const [start, end] = letters.encode('<>') as unknown as [number, number];
      const extra = kind === 'bahdanau' ? 48 : 0;
      const model = new Seq2Seq({
        encoder: {
          embedding: new Embedding({ numEmbeddings: size, embeddingDim: 12 }),
          rnn: new GRU({ inputSize: 12, hiddenSize: 24, bidirectional: true }),
        },
        decoder: {
          embedding: new Embedding({ numEmbeddings: size, embeddingDim: 12 }),
          rnn: new GRU({ inputSize: 12 + extra, hiddenSize: 32 }),
        },
        attention:
          kind === 'bahdanau'
            ? new BahdanauAttention({ querySize: 32, keySize: 48, hiddenSize: 24 })
            : new LuongAttention({ querySize: 32, keySize: 48 }),
        startIndex: start,
        endIndex: end,
      });
      const optimizer = new Adam(model.parameters(), { lr: 1e-2 });
      const stream = new RandomStream(1, 'words');
      const turned = (text: string): string => Array.from(text).reverse().join('');
      const word = (): string =>
        Array.from({ length: stream.integer(2, 6) }, () => 'abcde'[stream.integer(0, 5)]!).join('');
      const schedule = scheduledSampling({ decay: 'linear', steps: 200, end: 0.8 });
      for (let step = 0; step < 200; step++) {
        const words = Array.from({ length: 32 }, word);
        const { data, lengths } = padSequences(
          words.map((text) => Int32Array.from(letters.encode(text))),
        );
        const targets = padSequences(
          words.map((text) => Int32Array.of(...Int32Array.from(letters.encode(turned(text))), end)),
          { padValue: ignoredTarget },
        );
        optimizer.zeroGrad();
        const { output } = model.forward(data, targets.data, {
          lengths,
          teacherForcing: schedule(step),
        });
        crossEntropy(output, targets.data).backward();
        clipGradNorm(model.parameters(), 1);
        optimizer.step();
      }
      const words = Array.from({ length: 100 }, word);
      const options = { from: letters, to: letters, maxLength: 12 };
      const right = words.filter((text) => model.translate(text, options).text === turned(text));
      assert.ok(right.length >= 85, `${right.length} of 100`);
      const { text, source, target, attention, ended } = model.translate('abcd', {
        ...options,
        beamWidth: 3,
      });
      assert.equal(text, 'dcba');
      assert.ok(ended);
      assert.deepEqual(source, ['a', 'b', 'c', 'd']);
      assert.deepEqual(target, ['d', 'c', 'b', 'a', '⏹']);
      assert.deepEqual(attention!.shape, [5, 4]);
      attention!.sum(1).data.forEach((sum) => assert.ok(Math.abs(sum - 1) < 1e-5));
    }).timeout(120_000);
});

describe('scheduledSampling', () => {
  it('falls as the paper says', () => {
    const linear = scheduledSampling({ decay: 'linear', steps: 10, start: 1, end: 0.2 });
    assert.deepEqual([linear(0), linear(5), linear(10), linear(99)], [1, 0.6, 0.2, 0.2]);
    assert.equal(scheduledSampling({ decay: 'exponential', k: 0.5 })(3), 0.125);
    const sigmoid = scheduledSampling({ decay: 'inverseSigmoid', k: 10 });
    assert.ok(Math.abs(sigmoid(0) - 10 / 11) < 1e-15);
    assert.ok(Math.abs(sigmoid(10 * Math.log(10)) - 0.5) < 1e-12);
    assert.throws(() => scheduledSampling({ decay: 'exponential', k: 2 }), OptionError);
    assert.throws(() => scheduledSampling({ decay: 'cosine' } as never), /decay must be one of/);
  });
});

describe('Seq2Seq: what does not fit is named', () => {
  const embedding = new Embedding({ numEmbeddings: 7, embeddingDim: 3 });
  const gru = (inputSize: number, options: object = {}): Recurrent =>
    new GRU({ inputSize, hiddenSize: 4, ...options });
  const base = {
    encoder: { embedding, rnn: gru(3) },
    decoder: { embedding, rnn: gru(3) },
    startIndex: 1,
  };
  const attention = new BahdanauAttention({ querySize: 4, keySize: 4, hiddenSize: 4 });
  const cases: [string, object, RegExp][] = [
    [
      'context beside the embedding',
      { attention },
      /decoder\.rnn has inputSize 3, expected embeddingDim \+ keySize = 3 \+ 4 = 7/,
    ],
    [
      'keys of another size',
      { attention: new LuongAttention({ querySize: 4, keySize: 6 }) },
      /attention has querySize 4 and keySize 6, expected those of the decoder and the encoder, 4 and 4/,
    ],
    [
      'feeding without attention',
      { inputFeeding: true },
      /needs a LuongAttention, got no attention/,
    ],
    ['no symbol', { startIndex: 7 }, /startIndex is 7, expected a symbol below numEmbeddings = 7/],
    [
      'two directions',
      { decoder: { embedding, rnn: gru(3, { bidirectional: true }) } },
      /decoder\.rnn is bidirectional/,
    ],
    [
      'a copy that does not fit',
      { encoder: { embedding, rnn: gru(3, { numLayers: 2 }) }, bridge: 'copy' },
      /bridge "copy" does not fit 2 layers of the encoder and 1 of the decoder/,
    ],
    ['unknown option', { attn: attention }, /unknown option 'attn'/],
    [
      'tied',
      { decoder: { embedding, rnn: gru(3), tied: true, readoutSize: 4 } },
      /tied needs readoutSize = embeddingDim = 3, got 4/,
    ],
  ];
  for (const [name, options, message] of cases)
    it(name, () => {
      assert.throws(() => new Seq2Seq({ ...base, ...options }), { name: 'OptionError', message });
    });

  it('batches of different sizes', () => {
    assert.throws(() => new Seq2Seq(base).forward(tokens([4, 2]), tokens([3, 3])), {
      name: 'ShapeError',
      message: 'Seq2Seq.forward: target is [3, 3], expected [T, B] with B = 2 as the source [4, 2]',
    });
  });

  it('ties the choice to the embedding, and reads vectors as a source', () => {
    const model = new Seq2Seq({
      encoder: { rnn: gru(5) },
      decoder: { embedding, rnn: gru(3), tied: true },
      startIndex: 1,
    });
    assert.equal(model.decoder.head.weight, embedding.weight);
    const { output } = model.forward(randn([6, 2, 5]), tokens([3, 2]), { lengths: [6, 4] });
    assert.deepEqual(output.shape, [3, 2, 7]);
  });
});
