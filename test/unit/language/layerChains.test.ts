import assert from 'node:assert/strict';
import { TestNotebook } from './notebook.js';

const imports = `import {
  BahdanauAttention, Bidirectional, Dropout, Embedding, GRU, LayerNorm, Linear, LSTM, LuongAttention, Module,
  RecurrentStack, Residual, Seq2Seq, Sequential, type Tensor, zeros,
} from 'unroll';`;

/** The errors of the last cell. */
function errorsOf(...sources: string[]): string[] {
  return new TestNotebook([imports, ...sources]).errors(sources.length);
}

describe('layers in a Sequential', () => {
  it('that don’t fit are errors before anything runs', () => {
    assert.deepEqual(
      errorsOf(
        'new Sequential(new Linear({ inFeatures: 3, outFeatures: 4 }), new Linear({ inFeatures: 5, outFeatures: 1 }));',
      ).map((one) => one.replace(/^.*\}\): /, '')),
      ['undefined Linear takes 5 features (inFeatures), but Linear before it gives 4.'],
    );
  });

  it('are followed through constants and cells, directions, and layers that keep the size', () => {
    const found = errorsOf(
      'const hiddenSize = 8;\nconst embedding = new Embedding({ numEmbeddings: 9, embeddingDim: 4 });',
      `new Sequential(
        embedding,
        new LSTM({ inputSize: 4, hiddenSize, bidirectional: true }),
        new Dropout(),
        new LayerNorm({ normalizedShape: 16 }),
        new Linear({ inFeatures: hiddenSize, outFeatures: 2 }),
      );`,
    );
    assert.equal(found.length, 1, found.join('\n'));
    assert.match(found[0]!, /^6:9 .*takes 8 features .* but LayerNorm before it gives 16/);
  });

  it('that fit, or whose sizes are not certain, are none', () => {
    assert.deepEqual(
      errorsOf(
        'let size = 3; size++; const o = { inFeatures: 7, outFeatures: 7 };',
        `new Sequential(
          new GRU({ inputSize: size, hiddenSize: size }),
          new Linear({ inFeatures: 5, outFeatures: 6 }),
          (x) => x.relu(),
          new Linear({ inFeatures: 9, outFeatures: 6 }),
          new Linear(o),
          new Linear({ inFeatures: 2, outFeatures: 6 }),
        );`,
      ),
      [],
    );
  });
});

/** What people write, beside what is red in it. */
const written: [name: string, cell: string, message: RegExp][] = [
  [
    'LSTM → Linear in a module of one’s own',
    `class Net extends Module {
      lstm = new LSTM({ inputSize: 4, hiddenSize: 8 });
      head = new Linear({ inFeatures: 16, outFeatures: 2 });
      forward(x: Tensor) {
        const { output } = this.lstm.forward(x);
        return this.head.forward(output);
      }
    }`,
    /Linear takes 16 features \(inFeatures\), but LSTM before it gives 8/,
  ],
  [
    'the same in one line, set in the constructor',
    `class Net extends Module {
      lstm: LSTM;
      head: Linear;
      constructor() {
        super();
        this.lstm = new LSTM({ inputSize: 4, hiddenSize: 8 });
        this.head = new Linear({ inFeatures: 4, outFeatures: 2 });
      }
      override forward(x: Tensor) {
        return this.head.forward(this.lstm.forward(x).output.relu());
      }
    }`,
    /Linear takes 4 .* LSTM before it gives 8/,
  ],
  [
    'both directions forgotten',
    `const hiddenSize = 8;
    const lstm = new LSTM({ inputSize: 4, hiddenSize, bidirectional: true });
    const head = new Linear({ inFeatures: hiddenSize, outFeatures: 2 });
    const { output: h } = lstm.forward(zeros([3, 2, 4]));
    head.forward(h);`,
    /Linear takes 8 .* LSTM before it gives 16/,
  ],
  [
    'Embedding → LSTM',
    `const embedding = new Embedding({ numEmbeddings: 40, embeddingDim: 32 });
    const lstm = new LSTM({ inputSize: 40, hiddenSize: 8 });
    lstm.forward(embedding.forward(zeros([3, 2])));`,
    /LSTM takes 40 features \(inputSize\), but Embedding before it gives 32/,
  ],
  [
    'an input of another size',
    'new GRU({ inputSize: 4, hiddenSize: 8 }).forward(zeros([10, 2, 5]));',
    /GRU takes 4 .* zeros before it gives 5/,
  ],
  [
    'a size that is computed',
    `const hidden = 8;
    const twice = hidden * 2;
    new Sequential(
      new LSTM({ inputSize: 4, hiddenSize: hidden }),
      new Linear({ inFeatures: twice, outFeatures: 1 }),
    );`,
    /Linear takes 16 .* LSTM before it gives 8/,
  ],
  [
    'a stack',
    `new RecurrentStack([
      new LSTM({ inputSize: 4, hiddenSize: 8 }),
      new GRU({ inputSize: 4, hiddenSize: 8 }),
    ]);`,
    /GRU takes 4 .* LSTM before it gives 8/,
  ],
  [
    'a residual layer that changes the size',
    'new Residual(new LSTM({ inputSize: 4, hiddenSize: 8 }));',
    /Residual adds what LSTM gives to what it takes: 8 features to 4/,
  ],
  [
    'two directions of different layers, and what they give together',
    `new Sequential(
      new Bidirectional({
        forwardLayer: new LSTM({ inputSize: 4, hiddenSize: 8 }),
        reverseLayer: new GRU({ inputSize: 4, hiddenSize: 6 }),
      }),
      new Linear({ inFeatures: 8, outFeatures: 1 }),
    );`,
    /Linear takes 8 .* Bidirectional before it gives 14/,
  ],
  [
    'a reverse layer that reads something else',
    `new Bidirectional({
      forwardLayer: new LSTM({ inputSize: 4, hiddenSize: 8 }),
      reverseLayer: new GRU({ inputSize: 8, hiddenSize: 8 }),
    });`,
    /LSTM takes 4 features and GRU 8/,
  ],
  [
    'attention that forgets the encoder’s two directions',
    seq2seq(`attention: new LuongAttention({ querySize: 64, keySize: 64 }),`),
    /LuongAttention has keySize 64, but the encoder’s layer gives 128/,
  ],
  [
    'attention of another query',
    seq2seq(`attention: new LuongAttention({ querySize: 32, keySize: 128 }),`),
    /LuongAttention has querySize 32, but the decoder’s layer gives 64/,
  ],
  [
    'a decoder that reads no context',
    seq2seq(`attention: new BahdanauAttention({ querySize: 64, keySize: 128, hiddenSize: 8 }),`),
    /GRU takes 32 .* the embedding \(32\) with the context \(128\) before it gives 160/,
  ],
  [
    'a decoder that does not fit its embedding',
    seq2seq('', 48),
    /GRU takes 32 .* Embedding before it gives 48/,
  ],
];

function seq2seq(attention: string, embeddingDim = 32): string {
  return `new Seq2Seq({
    encoder: {
      embedding: new Embedding({ numEmbeddings: 40, embeddingDim: 32 }),
      rnn: new GRU({ inputSize: 32, hiddenSize: 64, bidirectional: true }),
    },
    decoder: {
      embedding: new Embedding({ numEmbeddings: 50, embeddingDim: ${embeddingDim} }),
      rnn: new GRU({ inputSize: 32, hiddenSize: 64 }),
    },
    ${attention}
    startIndex: 1,
  });`;
}

describe('before it runs, red is', () => {
  for (const [name, cell, message] of written) {
    it(name, () => {
      const found = errorsOf(cell);
      assert.equal(found.length, 1, found.join('\n'));
      assert.match(found[0]!, message);
    });
  }

  it('an option of fit that is misspelt, and one that it needs', () => {
    const model = 'const model = new Linear({ inFeatures: 1, outFeatures: 1 });';
    const given = 'model, data: [], loss: mse, optimizer: new Adam(model.parameters(), { lr: 1 })';
    const fit = `import { Adam, fit, mse } from 'unroll';\n${model}\n`;
    assert.match(errorsOf(`${fit}fit({ ${given}, epoch: 3 });`).join(), /'epoch' does not exist/);
    assert.match(
      errorsOf(`${fit}fit({ model, data: [], loss: mse, steps: 1 });`).join(),
      /optimizer/,
    );
    assert.match(
      errorsOf(`${fit}new Adam(model.parameters(), { learningRate: 1 });`).join(),
      /'learningRate' does not exist/,
    );
  });

  it('nothing that fits, or may', () => {
    const found = errorsOf(
      seq2seq('attention: new LuongAttention({ querySize: 64, keySize: 128 }),'),
      `class Net extends Module {
        lstm = new LSTM({ inputSize: 4, hiddenSize: 8 });
        head = new Linear({ inFeatures: 8, outFeatures: 2 });
        other = new Linear({ inFeatures: 1, outFeatures: 2 });
        constructor(width: number) {
          super();
          this.other = new Linear({ inFeatures: width, outFeatures: 2 });
        }
        override forward(x: Tensor) {
          let { output } = this.lstm.forward(x);
          output = this.other.forward(output);
          return this.other.forward(this.head.forward(output));
        }
      }
      new Net(8).forward(zeros([3, 2, 4]));
      const norm = new LayerNorm({ normalizedShape: [8] });
      norm.forward(zeros([3, 2, 2 * 4]));
      new Residual(new LSTM({ inputSize: 8, hiddenSize: 4, bidirectional: true }));
      new Dropout().forward(zeros([1]));`,
    );
    assert.deepEqual(found, []);
  });
});
