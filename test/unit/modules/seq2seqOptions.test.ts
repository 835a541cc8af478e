import assert from 'node:assert/strict';
import {
  BahdanauAttention,
  Embedding,
  GRU,
  Lexicon,
  LuongAttention,
  OptionError,
  randn,
  scheduledSampling,
  Seq2Seq,
  type Recurrent,
  zeros,
} from '../../../kernel/rnn/index.js';
import { tokens } from './smallSeq2Seq.js';

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
    [
      'a lexicon without attention',
      { lexicon: new Lexicon({ probabilities: zeros([7, 7]) }) },
      /lexicon needs attention/,
    ],
    [
      'a lexicon of other vocabularies',
      {
        lexicon: new Lexicon({ probabilities: zeros([7, 5]) }),
        attention: new LuongAttention({ querySize: 4, keySize: 4 }),
      },
      /lexicon has 7 sources and 5 targets, expected those of encoder and decoder, 7 and 7/,
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
