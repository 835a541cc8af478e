import assert from 'node:assert/strict';
import { TestNotebook } from './notebook.js';

const imports = `import { Dropout, Embedding, GRU, LayerNorm, Linear, LSTM, Sequential } from 'unroll';`;

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
