import assert from 'node:assert/strict';
import {
  Adam,
  BahdanauAttention,
  beamSearch,
  CharTokenizer,
  clipGradNorm,
  crossEntropy,
  Embedding,
  GRU,
  ignoredTarget,
  LuongAttention,
  manualSeed,
  padSequences,
  scheduledSampling,
  Seq2Seq,
  Tensor,
} from '../../../kernel/rnn/index.js';
import { RandomStream } from '../../../kernel/rnn/random.js';
import { kinds, vocabulary, createModel, tokens, worst } from './smallSeq2Seq.js';

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
      assert.deepEqual(target, ['d', 'c', 'b', 'a', '∎']);
      assert.deepEqual(attention!.shape, [5, 4]);
      attention!.sum(1).data.forEach((sum) => assert.ok(Math.abs(sum - 1) < 1e-5));
    }).timeout(120_000);
});
