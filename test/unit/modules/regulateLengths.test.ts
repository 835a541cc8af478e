import assert from 'node:assert/strict';
import {
  gradcheck,
  manualSeed,
  randn,
  regulateLengths,
  tensor,
} from '../../../kernel/rnn/index.js';

describe('regulateLengths', () => {
  const encoded = tensor([
    [
      [1, 2],
      [5, 6],
    ],
    [
      [3, 4],
      [7, 8],
    ],
  ]);

  it('repeats each symbol as long as it lasts, with zeros behind the end', () => {
    const durations = tensor([
      [2, 1],
      [1, 0],
    ]);
    const { output, lengths, place } = regulateLengths(encoded, durations);
    assert.deepEqual(output.toNested(), [
      [
        [1, 2],
        [5, 6],
      ],
      [
        [1, 2],
        [0, 0],
      ],
      [
        [3, 4],
        [0, 0],
      ],
    ]);
    assert.deepEqual([...lengths], [3, 1]);
    assert.deepEqual(place.toNested(), [
      [[0.25], [0.5]],
      [[0.75], [0]],
      [[0.5], [0]],
    ]);
  });

  it('rounds durations, and takes negative ones as none', () => {
    const predicted = tensor([
      [1.6, 0.2],
      [-3, 1.2],
    ]);
    assert.deepEqual([...regulateLengths(encoded, predicted).lengths], [2, 1]);
  });

  it('gives each symbol the gradient of all its time steps', () => {
    manualSeed(1);
    const input = randn([3, 2, 2], { dtype: 'float64', requiresGrad: true });
    const durations = tensor(
      [
        [2, 1],
        [0, 3],
        [1, 1],
      ],
      { dtype: 'int32' },
    );
    gradcheck((x) => regulateLengths(x, durations).output.tanh().sum(), [input]);
    regulateLengths(input, durations).output.sum().backward();
    assert.deepEqual(
      (input.grad!.toNested() as number[][][]).map((one) => one.map(([first]) => first)),
      [
        [2, 1],
        [0, 3],
        [1, 1],
      ],
    );
  });

  it('refuses what does not fit', () => {
    assert.throws(() => regulateLengths(encoded, tensor([[1, 1]])), {
      name: 'ShapeError',
      message: /got \[2, 2, 2\] and \[1, 2\]/,
    });
    assert.throws(
      () =>
        regulateLengths(
          encoded,
          tensor([
            [1, 0],
            [1, 0],
          ]),
        ),
      { name: 'ShapeError', message: /sequence 1 has no time step/ },
    );
    assert.throws(
      () =>
        regulateLengths(
          encoded,
          tensor([
            [1, 1],
            [NaN, 1],
          ]),
        ),
      { name: 'OptionError', message: /got NaN for symbol 1 of sequence 0/ },
    );
  });
});
