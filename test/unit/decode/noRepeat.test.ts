import assert from 'node:assert/strict';
import { beamSearch, noRepeat, OptionError, Tensor } from '../../../kernel/rnn/index.js';

describe('noRepeat', () => {
  const only = (size: number, chosen: number[]) => noRepeat({ size, vocabularySize: 4 })(chosen);

  for (const [size, chosen, allowed] of [
    [2, [], undefined],
    [2, [3], undefined],
    [2, [0, 1, 0], [0, 2, 3]],
    [2, [0, 1, 0, 2, 0], [0, 3]],
    [2, [0, 0], [1, 2, 3]],
    [3, [0, 1, 0], undefined],
    [3, [0, 1, 2, 0, 1], [0, 1, 3]],
    [1, [2, 1], [0, 3]],
  ] as [number, number[], number[] | undefined][])
    it(`${size} symbols in a row, after ${chosen.join(' ') || 'nothing'}: ${allowed?.join(' ') ?? 'any'}`, () => {
      assert.deepEqual(only(size, chosen), allowed);
    });

  it('gets a beam search out of its circle', () => {
    // 0 → 1 → 0 …, unless that is forbidden; 2 is the end.
    const scores = [
      [0, 5, 1],
      [5, 0, 1],
      [0, 0, 0],
    ];
    const model = {
      forward: (input: Tensor, state = 0) => ({
        output: new Tensor(Float32Array.from(scores[input.data.at(-1)!]!), [1, 1, 3]),
        state: state + 1,
      }),
    };
    const search = { model, prompt: [0], maxLength: 9, beamWidth: 1, endIndex: 2 };
    const said = (options: object) => [...beamSearch({ ...search, ...options })[0]!.indices];
    assert.deepEqual(said({}), [1, 0, 1, 0, 1, 0, 1, 0, 1]);
    assert.deepEqual(said({ allowed: noRepeat({ size: 2, vocabularySize: 3 }) }), [1, 0, 1]);
  });

  it('needs sizes', () => {
    assert.throws(() => noRepeat({ size: 0, vocabularySize: 3 }), OptionError);
  });
});
