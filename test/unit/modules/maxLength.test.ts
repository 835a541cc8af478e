import assert from 'node:assert/strict';
import { manualSeed, OptionError } from '../../../kernel/rnn/index.js';
import { createModel, tokens } from './smallSeq2Seq.js';

describe('Seq2Seq.generate: the longest target', () => {
  for (const beamWidth of [1, 2])
    it(`depends on each source, where it is a function (beam of ${beamWidth})`, () => {
      manualSeed(1);
      const model = createModel({ kind: 'general' });
      // It never comes to its end.
      model.decoder.head.bias!.data[2] = -1e9;
      const said = model.generate(tokens([5, 3]), {
        lengths: [2, 5, 3],
        maxLength: (length) => 2 * length + 1,
        beamWidth,
      });
      assert.deepEqual(
        said.map(({ indices }) => indices.length),
        [5, 11, 7],
      );
      assert.deepEqual(
        said.map(({ attention }) => attention!.shape),
        [
          [5, 2],
          [11, 5],
          [7, 3],
        ],
      );
      assert.throws(
        () => model.generate(tokens([5, 3]), { maxLength: (length) => length / 2, beamWidth }),
        {
          name: OptionError.name,
          message:
            'Seq2Seq.generate: maxLength gives 2.5 for a source of 5 symbols, expected a positive integer',
        },
      );
    });
});
