import assert from 'node:assert/strict';
import fc from 'fast-check';
import {
  cat,
  gradcheck,
  GRU,
  LSTM,
  manualSeed,
  randn,
  Recurrent,
  RNN,
  stack,
  Tensor,
  tensor,
  type RecurrentLayerOptions,
  type RecurrentOptions,
} from '../../../kernel/rnn/index.js';
import { findEngine } from '../../../kernel/rnn/wasm/engine.js';
import { RandomStream } from '../../../kernel/rnn/random.js';
import { relativeError } from './relativeError.js';
import { holdsForAll } from './holdsForAll.js';
import { float32Limits } from './rounding.js';
import { testCells } from './testCells.js';

const worst = (a: Tensor, b: Tensor): number => {
  assert.deepEqual(a.shape, b.shape);
  return Math.max(0, ...[...a.data].map((value, i) => Math.abs(value - b.data[i]!)));
};

/** Sequence b of `[T, B, F]` by itself, its first time steps only. */
const alone = (x: Tensor, b: number, length: number): Tensor =>
  x.slice(0, 0, length).slice(1, b, b + 1);

const flip = (x: Tensor): Tensor =>
  stack(Array.from({ length: x.shape[0]! }, (_, t) => x.select(0, x.shape[0]! - 1 - t)));

/** Copies a module's parameters of one direction into a module of one direction. */
function onlyDirection(from: LSTM, suffix: '' | '_reverse', options: RecurrentLayerOptions): LSTM {
  const single = new LSTM(options);
  for (const [name, parameter] of single.namedParameters())
    parameter.data.set(from[`${name}${suffix}` as 'weight_ih_l0']!.data);
  return single;
}

/** The layer in float64, each of its numbers as `change` gives it. */
function copyOf(
  layer: Recurrent,
  options: RecurrentOptions,
  change: (value: number) => number,
): Recurrent {
  const copy = new Recurrent({ ...options, dtype: 'float64' });
  for (const [field, { data }] of layer.namedParameters())
    copy[field as 'weight_l0']!.data.set(Array.from(data, change));
  return copy;
}

/** Output, final states, and the gradients of all that went in. */
function resultsOf(layer: Recurrent, numbers: Tensor, lengths: readonly number[]): Tensor[] {
  const x = numbers.to(layer.dtype);
  x.requiresGrad = true;
  const { output, state } = layer.forward(x, undefined, { lengths });
  const states = Object.values(state);
  states.reduce((sum, one) => sum.add(one.sum()), output.mul(output).sum()).backward();
  return [output, ...states, x.grad!, ...layer.parameters().map(({ grad }) => grad!)];
}

describe('directions', () => {
  const sizes = { inputSize: 3, hiddenSize: 4, dtype: 'float64' } as const;

  it('the reverse direction is the layer on the flipped sequence, and its final state is at the first time step', () => {
    manualSeed(1);
    const both = new LSTM({ ...sizes, bidirectional: true });
    const x = randn([5, 2, 3], { dtype: 'float64' });
    const { output, state } = both.forward(x);
    const [ahead, back] = (['', '_reverse'] as const).map((suffix) =>
      onlyDirection(both, suffix, sizes),
    ) as [LSTM, LSTM];
    const [forward, reverse] = [ahead.forward(x), back.forward(flip(x))];
    assert.ok(worst(output, cat([forward.output, flip(reverse.output)], -1)) < 1e-14);
    assert.ok(worst(state.h, cat([forward.state.h, reverse.state.h])) < 1e-14);
    assert.ok(worst(state.c, cat([forward.state.c, reverse.state.c])) < 1e-14);
    assert.ok(worst(state.h.select(0, 1), output.select(0, 0).slice(1, 4, 8)) < 1e-14);
  });

  it('parameters and shapes are those of PyTorch', () => {
    const lstm = new LSTM({ ...sizes, bidirectional: true, numLayers: 2, projSize: 2 });
    const shapes = Object.fromEntries([...lstm.namedParameters()].map(([n, p]) => [n, p.shape]));
    assert.deepEqual(shapes['weight_ih_l1_reverse'], [16, 4]);
    assert.deepEqual(shapes['weight_hr_l0_reverse'], [2, 4]);
    assert.deepEqual(Object.keys(shapes).slice(0, 7), [
      'weight_ih_l0',
      'weight_hh_l0',
      'bias_ih_l0',
      'bias_hh_l0',
      'weight_hr_l0',
      'weight_ih_l0_reverse',
      'weight_hh_l0_reverse',
    ]);
    const { output, state } = lstm.forward(randn([5, 2, 3], { dtype: 'float64' }));
    assert.deepEqual(
      [output.shape, state.h.shape, state.c.shape],
      [
        [5, 2, 4],
        [4, 2, 2],
        [4, 2, 4],
      ],
    );
  });
});

describe('lengths', () => {
  // What memory held before must not matter: not even NaN, which 0 does not make go away.
  const engine = findEngine()!;
  const allocate = engine.allocate.bind(engine);
  before(() => {
    engine.allocate = (length) => allocate(length).fill(NaN);
  });
  after(() => {
    engine.allocate = allocate;
  });

  for (const bidirectional of [false, true])
    for (const dtype of ['float64', 'float32'] as const)
      it(`${dtype}${bidirectional ? ', both directions' : ''}: each sequence gives what it gives alone, in any order of lengths`, () => {
        manualSeed(2);
        const tolerance = dtype === 'float64' ? 1e-13 : 2e-6;
        const layer = new LSTM({ inputSize: 3, hiddenSize: 5, numLayers: 2, bidirectional, dtype });
        const lengths = [2, 6, 1, 6, 4];
        const x = randn([6, 5, 3], { dtype });
        const padded = x.clone();
        lengths.forEach((length, b) => {
          for (let t = length; t < 6; t++)
            padded.data.fill(NaN, (t * 5 + b) * 3, (t * 5 + b + 1) * 3);
        });
        padded.requiresGrad = true;
        const { output, state } = layer.forward(padded, undefined, { lengths });
        const weights = randn(output.shape, { dtype });
        output.mul(weights).sum().add(state.c.sum()).backward();
        const together = layer.parameters().map(({ grad }) => grad!);
        layer.zeroGrad();
        lengths.forEach((length, b) => {
          const own = layer.forward(alone(x, b, length));
          assert.ok(worst(alone(output, b, length), own.output) < tolerance, 'output');
          assert.ok(worst(state.h.slice(1, b, b + 1), own.state.h) < tolerance, 'h');
          assert.ok(worst(state.c.slice(1, b, b + 1), own.state.c) < tolerance, 'c');
          own.output
            .mul(alone(weights, b, length))
            .sum()
            .add(own.state.c.sum())
            .backward();
          for (let t = length; t < 6; t++)
            for (const [values, width] of [
              [output.data, output.shape[2]!],
              [padded.grad!.data, 3],
            ] as const)
              assert.ok(
                values.slice((t * 5 + b) * width, (t * 5 + b + 1) * width).every((v) => v === 0),
              );
        });
        layer.parameters().forEach((parameter, k) => {
          assert.ok(worst(together[k]!, parameter.grad!) < 20 * tolerance, 'gradient');
        });
      });

  it('gradients agree with central differences, through states and both directions', () => {
    manualSeed(3);
    const layer = new GRU({ inputSize: 2, hiddenSize: 3, bidirectional: true, dtype: 'float64' });
    const x = randn([4, 3, 2], { dtype: 'float64', requiresGrad: true });
    const h = randn([2, 3, 3], { dtype: 'float64', requiresGrad: true });
    const weights = randn([4, 3, 6], { dtype: 'float64' });
    gradcheck(() => {
      const result = layer.forward(x, { h }, { lengths: [3, 1, 4] });
      return result.output.mul(weights).sum().add(result.state.h.mul(result.state.h).sum());
    }, [x, h, ...layer.parameters()]);
  });

  const ragged = fc.record({
    inputSize: fc.integer({ min: 1, max: 6 }),
    hiddenSize: fc.integer({ min: 3, max: 19 }),
    numLayers: fc.integer({ min: 1, max: 2 }),
    bidirectional: fc.boolean(),
    batchFirst: fc.boolean(),
    lengths: fc.array(fc.integer({ min: 1, max: 7 }), { minLength: 1, maxLength: 11 }),
    seed: fc.nat(),
  });
  for (const [name, cell] of Object.entries(testCells))
    it(`${name}: fused agrees with stepped, whatever the lengths, directions and layers`, () => {
      holdsForAll(
        ragged,
        ({ lengths, seed, ...drawn }) => {
          manualSeed(seed);
          // Its state of the input's size does not stack.
          const options = { ...drawn, numLayers: name === 'delayed' ? 1 : drawn.numLayers, cell };
          const stream = new RandomStream(seed, 'ragged');
          const [T, B] = [7, lengths.length];
          const shape = [...(options.batchFirst ? [B, T] : [T, B]), options.inputSize];
          const numbers = Float64Array.from({ length: T * B * options.inputSize }, () =>
            Math.fround(stream.normal()),
          );
          const fused = new Recurrent(options);
          const inFloat64 = (round: (value: number) => number): Tensor[] =>
            resultsOf(
              copyOf(fused, options, round),
              new Tensor(numbers.map(round), shape),
              lengths,
            );
          const expected = inFloat64((value) => value);
          const limits = float32Limits(expected, inFloat64, stream);
          const results = resultsOf(fused, new Tensor(numbers, shape), lengths);
          expected.forEach((array, k) => {
            const error = relativeError(array, results[k]!);
            assert.ok(error < limits[k]!, `array ${k}: ${error}, at most ${limits[k]}`);
          });
        },
        12,
      );
    });
});

describe('layers refuse', () => {
  const rnn = new RNN({ inputSize: 2, hiddenSize: 3 });
  const x = randn([4, 2, 2]);
  const cases: [string, RegExp, () => unknown][] = [
    [
      'too few lengths',
      /got 1 lengths, expected one for each of 2/,
      () => rnn.forward(x, undefined, { lengths: [4] }),
    ],
    [
      'a length of 0',
      /length of sequence 1 is 0, expected a whole number from 1 to T = 4/,
      () => rnn.forward(x, undefined, { lengths: [4, 0] }),
    ],
    [
      'a length beyond T',
      /is 5, expected/,
      () => rnn.forward(x, undefined, { lengths: tensor([5, 1], { dtype: 'int32' }) }),
    ],
    [
      'projection and peepholes together',
      /projSize or peepholes, got both/,
      () => new LSTM({ inputSize: 1, hiddenSize: 4, projSize: 2, peepholes: true }),
    ],
    [
      'a projection that is not smaller',
      /projSize must be less than hiddenSize = 4/,
      () => new LSTM({ inputSize: 1, hiddenSize: 4, projSize: 4 }),
    ],
    [
      'a state that changes size from layer to layer',
      /state 'p' has size 3 in layer 1, expected 2 as in layer 0/,
      () =>
        new Recurrent({ cell: testCells['delayed']!, inputSize: 2, hiddenSize: 3, numLayers: 2 }),
    ],
    [
      'a parameter shared between layers',
      /weight_hh_l1 was replaced by weight_hh_l0/,
      () => {
        const two = new RNN({ inputSize: 3, hiddenSize: 3, numLayers: 2 });
        Object.assign(two, { weight_hh_l1: two.weight_hh_l0 });
        two.forward(randn([2, 1, 3]));
      },
    ],
  ];
  for (const [what, message, act] of cases)
    it(what, () => {
      assert.throws(act, message);
    });
});
