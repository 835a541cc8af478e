import assert from 'node:assert/strict';
import { displaySymbol, OptionError, resultTable } from '../../../kernel/unroll.js';

const rows = {
  unigram: { bits: 4.8, note: 'a | b' },
  LSTM: { bits: [2, 2.1, 1.9] },
  'LSTM again': { bits: [2.0001] },
};

describe('resultTable', () => {
  it('shows mean ± standard deviation of several runs, and the best bold', () => {
    const bundle = resultTable(rows, { title: 'model', digits: 2, best: { bits: 'lowest' } })[
      displaySymbol
    ]();
    assert.equal(
      bundle['text/markdown'],
      [
        '| model | bits | note |',
        '| :-- | --: | --: |',
        '| unigram | 4.80 | a \\| b |',
        '| LSTM | **2.00 ± 0.10** |  |',
        '| LSTM again | **2.00** |  |',
      ].join('\n'),
    );
    assert.equal(
      bundle['text/plain'],
      [
        'model              bits   note',
        'unigram            4.80  a | b',
        'LSTM        2.00 ± 0.10',
        'LSTM again         2.00',
      ].join('\n'),
    );
  });

  it('refuses what it cannot show', () => {
    assert.throws(() => resultTable({}), OptionError);
    assert.throws(() => resultTable(rows, { best: { loss: 'lowest' } }), /'loss', which no row/);
  });
});
