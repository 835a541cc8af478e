import assert from 'node:assert/strict';
import fc from 'fast-check';
import { Conv1d, gradcheck, manualSeed, randn } from '../../../kernel/rnn/index.js';

describe('properties of Conv1d', () => {
  const options = fc.record({
    seed: fc.nat(1000),
    groups: fc.integer({ min: 1, max: 2 }),
    inputs: fc.integer({ min: 1, max: 2 }),
    outputs: fc.integer({ min: 1, max: 2 }),
    kernelSize: fc.integer({ min: 1, max: 4 }),
    stride: fc.integer({ min: 1, max: 3 }),
    dilation: fc.integer({ min: 1, max: 3 }),
    padding: fc.integer({ min: 0, max: 4 }),
    bias: fc.boolean(),
    length: fc.integer({ min: 1, max: 8 }),
  });

  it('all options crossed: is the sum over its window, and has its derivative', () => {
    fc.assert(
      fc.property(options, ({ seed, inputs, outputs, length, ...rest }) => {
        const { groups, kernelSize, stride, dilation, padding, bias } = rest;
        const outLength =
          Math.floor((length + 2 * padding - dilation * (kernelSize - 1) - 1) / stride) + 1;
        fc.pre(outLength >= 1);
        manualSeed(seed);
        const [inChannels, outChannels] = [inputs * groups, outputs * groups];
        const layer = new Conv1d({ ...rest, inChannels, outChannels, dtype: 'float64' });
        const x = randn([2, inChannels, length], { dtype: 'float64', requiresGrad: true });
        const y = layer.forward(x);
        assert.deepEqual(y.shape, [2, outChannels, outLength]);
        for (let d = 0; d < outChannels; d++)
          for (let l = 0; l < outLength; l++) {
            let sum = bias ? layer.bias!.data[d]! : 0;
            for (let c = 0; c < inputs; c++)
              for (let k = 0; k < kernelSize; k++) {
                const at = l * stride + k * dilation - padding;
                const channel = Math.floor(d / outputs) * inputs + c;
                const w = layer.weight.data[(d * inputs + c) * kernelSize + k]!;
                if (at >= 0 && at < length)
                  sum += w * x.data[(inChannels + channel) * length + at]!;
              }
            const actual = y.data[(outChannels + d) * outLength + l]!;
            assert.ok(Math.abs(actual - sum) < 1e-12, `${actual} is not ${sum}`);
          }
        gradcheck((input) => layer.forward(input), [x, ...layer.parameters()]);
      }),
      { numRuns: 60 },
    );
  });
});
