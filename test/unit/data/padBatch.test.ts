import assert from 'node:assert/strict';
import fc from 'fast-check';
import { padBatch, padSequences, tensor } from '../../../kernel/rnn/index.js';

describe('padSequences', () => {
  it('lays sequences side by side, with lengths and mask, for any lengths in any order', () => {
    const sequences = fc.array(fc.array(fc.integer({ min: 1, max: 99 }), { maxLength: 6 }), {
      minLength: 1,
      maxLength: 5,
    });
    fc.assert(
      fc.property(sequences, fc.boolean(), (lists, batchFirst) => {
        const arrays = lists.map((list) => Int32Array.from(list));
        const { data, lengths, mask } = padSequences(arrays, { padValue: -7, batchFirst });
        const longest = Math.max(...lists.map(({ length }) => length));
        const extents = [longest, lists.length];
        assert.deepEqual(data.shape, batchFirst ? extents.reverse() : extents);
        assert.deepEqual(mask.shape, data.shape);
        assert.equal(data.dtype, 'int32');
        assert.deepEqual(
          [...lengths],
          lists.map(({ length }) => length),
        );
        lists.forEach((list, b) => {
          for (let t = 0; t < longest; t++) {
            const at = batchFirst ? b * longest + t : t * lists.length + b;
            assert.equal(data.data[at], list[t] ?? -7);
            assert.equal(mask.data[at], t < list.length ? 1 : 0);
          }
        });
      }),
      { seed: 1 },
    );
  });

  it('keeps features, and the element type of what it is given', () => {
    const { data } = padSequences([
      [[1, 2]],
      [
        [3, 4],
        [5, 6],
      ],
    ]);
    assert.deepEqual(data.toNested(), [
      [
        [1, 2],
        [3, 4],
      ],
      [
        [0, 0],
        [5, 6],
      ],
    ]);
    assert.equal(data.dtype, 'float32');
    const precise = padSequences([Float64Array.of(0.1), [1, 2]]);
    assert.deepEqual([precise.data.dtype, precise.mask.dtype], ['float64', 'float64']);
    assert.equal(padSequences([[1], [2, 3]], { dtype: 'int32' }).data.dtype, 'int32');
    const tensors = padSequences([
      tensor([[1, 2]]),
      tensor([
        [3, 4],
        [5, 6],
      ]),
    ]);
    assert.deepEqual(tensors.data.toNested(), data.toNested());
  });

  it('refuses nothing to pad, ragged rows and sequences that differ', () => {
    assert.throws(() => padSequences([]), /padSequences: expected at least one sequence, got none/);
    assert.throws(
      () => padSequences([[[1, 2], [3]]]),
      /row 1 has 1 numbers, expected 2 as in the first/,
    );
    assert.throws(() => padSequences([[[1, 2]], [[1]]]), {
      name: 'ShapeError',
      message: 'padSequences: sequence 1 has [1] at each time step, expected [2] as in the first',
    });
  });
});

describe('padBatch', () => {
  it('pads targets with what losses ignore, or with zero where they are no indices', () => {
    const tokens = [[1, 2, 3], [4]].map((list) => Int32Array.from(list));
    const batch = padBatch(tokens.map((input) => ({ input, target: input })));
    assert.deepEqual(batch.target.toNested(), [
      [1, 4],
      [2, -100],
      [3, -100],
    ]);
    assert.deepEqual(batch.input.toNested(), [
      [1, 4],
      [2, 0],
      [3, 0],
    ]);
    assert.deepEqual([...batch.lengths], [3, 1]);
    const series = padBatch([
      { input: [1, 2], target: [3, 4] },
      { input: [5], target: [6] },
    ]);
    assert.deepEqual(series.target.toNested(), [
      [3, 6],
      [4, 0],
    ]);
  });

  it('takes a number for a whole sequence', () => {
    const samples = [
      { input: [1, 2], target: 1 },
      { input: [5], target: 0 },
    ];
    const batch = padBatch(samples, { targetDtype: 'int32' });
    assert.deepEqual([batch.target.shape, batch.target.dtype], [[2], 'int32']);
    assert.equal(padBatch(samples).target.dtype, 'float32');
  });

  it('pads inputs and targets of different lengths apart', () => {
    const batch = padBatch([
      { input: [1, 2, 3], target: [1] },
      { input: [4], target: [2, 3] },
    ]);
    assert.deepEqual(
      [batch.input.shape, batch.target.shape],
      [
        [3, 2],
        [2, 2],
      ],
    );
    assert.deepEqual(
      [[...batch.lengths], [...batch.targetLengths!]],
      [
        [3, 1],
        [1, 2],
      ],
    );
  });

  it('refuses numbers and sequences as targets of one batch', () => {
    assert.throws(
      () =>
        padBatch([
          { input: [1], target: [1] },
          { input: [1], target: 2 },
        ]),
      /padBatch: target 1 is a number, expected a sequence as in others/,
    );
  });
});
