import assert from 'node:assert/strict';
import fc from 'fast-check';
import {
  Bidirectional,
  Embedding,
  gradcheck,
  GRU,
  Linear,
  LSTM,
  LuongAttention,
  manualSeed,
  randint,
  randn,
  RecurrentStack,
  Residual,
  RNN,
  Seq2Seq,
  Sequential,
  Tensor,
  type SequenceLayer,
} from '../../../kernel/rnn/index.js';
import { holdsForAll } from '../rnn/holdsForAll.js';

const f64 = { dtype: 'float64' } as const;
const lengths = [3, 5, 1];

const worst = (a: Tensor, b: Tensor): number => {
  assert.deepEqual(a.shape, b.shape);
  return Math.max(0, ...[...a.data].map((value, i) => Math.abs(value - b.data[i]!)));
};

describe('Bidirectional', () => {
  it('side by side is the layer with bidirectional: true, with lengths', () => {
    manualSeed(1);
    const sizes = { inputSize: 3, hiddenSize: 4, ...f64 };
    const both = new LSTM({ ...sizes, bidirectional: true });
    const pair = new Bidirectional({
      forwardLayer: new LSTM(sizes),
      reverseLayer: new LSTM(sizes),
    });
    const values = both.stateDict();
    pair.loadStateDict(
      Object.fromEntries(
        Object.entries(values).map(([name, value]) => [
          name.endsWith('_reverse')
            ? `reverseLayer.${name.replace('_reverse', '')}`
            : `forwardLayer.${name}`,
          value,
        ]),
      ),
    );
    const x = randn([5, 3, 3], f64);
    const [one, two] = [both.forward(x, undefined, { lengths }), pair.forward(x, {}, { lengths })];
    assert.ok(worst(one.output, two.output) < 1e-14);
    const { forward, reverse } = two.state as Record<string, { c: Tensor }>;
    assert.ok(worst(one.state.c.slice(0, 0, 1), forward!.c) < 1e-14);
    assert.ok(worst(one.state.c.slice(0, 1, 2), reverse!.c) < 1e-14);
    assert.equal(pair.outputSize, 8);
  });

  it('a stack of layers goes all the way from each end, each sequence from its own', () => {
    manualSeed(2);
    const layer = new GRU({ inputSize: 3, hiddenSize: 4, numLayers: 2, ...f64 });
    const x = randn([5, 1, 3], f64);
    const flip = (one: Tensor, length: number): Tensor =>
      new Tensor(
        Float64Array.from(
          { length: length * one.shape[2]! },
          (_, i) =>
            one.data[
              (length - 1 - Math.floor(i / one.shape[2]!)) * one.shape[2]! + (i % one.shape[2]!)
            ]!,
        ),
        [length, 1, one.shape[2]!],
      );
    const turned = layer.forward(x, undefined, { reverse: true, lengths: [4] });
    const plain = layer.forward(flip(x, 4));
    assert.ok(worst(turned.output.slice(0, 0, 4), flip(plain.output, 4)) < 1e-14);
    assert.ok(worst(turned.state.h, plain.state.h) < 1e-14);
  });

  for (const merge of ['sum', 'average', 'product'] as const)
    it(`merges by ${merge}`, () => {
      manualSeed(3);
      const sizes = { inputSize: 3, hiddenSize: 4, ...f64 };
      const [ahead, back] = [new GRU(sizes), new RNN(sizes)];
      const pair = new Bidirectional({ forwardLayer: ahead, reverseLayer: back, merge });
      const x = randn([5, 3, 3], { ...f64, requiresGrad: true });
      const a = ahead.forward(x).output;
      const b = back.forward(x, undefined, { reverse: true }).output;
      const expected = { sum: a.add(b), average: a.add(b).div(2), product: a.mul(b) }[merge];
      assert.ok(worst(pair.forward(x).output, expected) < 1e-14);
      gradcheck(() => pair.forward(x, {}, { lengths }).output, [x, ...pair.parameters()]);
    });

  it('says which layers do not go together', () => {
    const gru = (hiddenSize: number, batchFirst = false) =>
      new GRU({ inputSize: 3, hiddenSize, batchFirst });
    const make = (forwardLayer: SequenceLayer, reverseLayer: SequenceLayer) => () =>
      new Bidirectional({ forwardLayer, reverseLayer, merge: 'sum' });
    assert.throws(make(gru(4), gru(5)), {
      name: 'OptionError',
      message: 'Bidirectional: merge "sum" needs outputs of one size, got 4 and 5',
    });
    assert.throws(make(gru(4), gru(4, true)), /both layers or neither with batchFirst/);
    const one = gru(4);
    assert.throws(make(one, one), /expected two layers, got the same one twice/);
    assert.throws(
      make(gru(4), new Linear({ inFeatures: 3, outFeatures: 4 }) as never),
      /reverseLayer must be a recurrent layer/,
    );
  });
});

describe('Residual', () => {
  it('adds its input to what the layer gives, and hands state and options on', () => {
    manualSeed(4);
    const lstm = new LSTM({ inputSize: 4, hiddenSize: 4, ...f64 });
    const residual = new Residual(lstm);
    const x = randn([5, 3, 4], f64);
    const own = lstm.forward(x, undefined, { lengths });
    const { output, state } = residual.forward(x, undefined, { lengths });
    assert.ok(worst(output, x.add(own.output)) < 1e-15);
    assert.deepEqual(state.c.data, own.state.c.data);
    const next = residual.forward(x, state);
    assert.ok(worst(next.output, x.add(lstm.forward(x, own.state).output)) < 1e-15);
  });

  it('goes around layers that give a tensor, in a Sequential too', () => {
    const linear = new Linear({ inFeatures: 4, outFeatures: 4 });
    const model = new Sequential(
      new Residual(linear),
      new Residual(new GRU({ inputSize: 4, hiddenSize: 4 })),
    );
    const x = randn([2, 3, 4]);
    assert.deepEqual(model.forward(x).shape, [2, 3, 4]);
    assert.deepEqual(new Residual(linear).forward(x).data, x.add(linear.forward(x)).data);
    assert.deepEqual([...model.namedParameters()].map(([name]) => name).slice(0, 3), [
      '0.layer.weight',
      '0.layer.bias',
      '1.layer.weight_ih_l0',
    ]);
  });

  it('refuses a layer that changes the size', () => {
    assert.throws(() => new Residual(new GRU({ inputSize: 3, hiddenSize: 4 })), {
      name: 'OptionError',
      message: 'Residual: GRU gives 4 features of 3, expected as many',
    });
    assert.throws(
      () => new Residual(new Linear({ inFeatures: 4, outFeatures: 2 })).forward(randn([3, 4])),
      /Linear gave \[3, 2\], expected the input's \[3, 4\]/,
    );
  });
});

describe('RecurrentStack', () => {
  const create = (dtype: 'float32' | 'float64', batchFirst = false) => {
    const sizes = { inputSize: 4, hiddenSize: 4, dtype, batchFirst };
    return new RecurrentStack([
      new Bidirectional({
        forwardLayer: new LSTM({ ...sizes, inputSize: 3 }),
        reverseLayer: new GRU({ ...sizes, inputSize: 3 }),
        merge: 'average',
      }),
      new Residual(new LSTM({ ...sizes, zoneout: 0.2 })),
      new Residual(new GRU({ ...sizes, variationalDropout: 0.2 })),
    ]);
  };

  it('gradients agree with central differences, with lengths in any order', () => {
    manualSeed(5);
    const stack = create('float64');
    const x = randn([4, 3, 3], { ...f64, requiresGrad: true });
    gradcheck(() => {
      manualSeed(6);
      return stack.forward(x, undefined, { lengths: [2, 4, 1] }).output;
    }, [x, ...stack.parameters().filter(({ size }) => size <= 16)]);
  });

  it('fused in float32 agrees with float64; batch first with time first', () => {
    holdsForAll(
      fc.record({
        timeSteps: fc.integer({ min: 1, max: 9 }),
        batchSize: fc.integer({ min: 1, max: 6 }),
        seed: fc.nat(),
      }),
      ({ timeSteps, batchSize, seed }) => {
        const outputs = [create('float64'), create('float32'), create('float64', true)].map(
          (stack) => {
            manualSeed(seed);
            for (const parameter of stack.parameters())
              parameter.data.set(randn(parameter.shape).mul(0.3).data);
            const x = randn([timeSteps, batchSize, 3]).to(stack.parameters()[0]!.dtype);
            manualSeed(seed + 1);
            const { output } = stack.batchFirst
              ? stack.forward(x.transpose(0, 1))
              : stack.forward(x);
            return stack.batchFirst ? output.transpose(0, 1) : output;
          },
        );
        assert.ok(worst(outputs[0]!, outputs[1]!.to('float64')) < 1e-5);
        assert.ok(worst(outputs[0]!, outputs[2]!) < 1e-13);
      },
    );
  });

  it('goes on from its states', () => {
    manualSeed(7);
    const stack = new RecurrentStack([
      new GRU({ inputSize: 3, hiddenSize: 4, ...f64 }),
      new Residual(new LSTM({ inputSize: 4, hiddenSize: 4, ...f64 })),
    ]);
    const x = randn([6, 2, 3], f64);
    const whole = stack.forward(x);
    const first = stack.forward(x.slice(0, 0, 2));
    const second = stack.forward(x.slice(0, 2, 6), first.state);
    assert.ok(worst(second.output, whole.output.slice(0, 2, 6)) < 1e-14);
    assert.throws(() => stack.forward(x, [undefined]), /got states of 1 layers, expected 2/);
    assert.throws(() => new RecurrentStack([]), /expected a list of layers/);
  });

  it('reads the source of a Seq2Seq', () => {
    const embedding = new Embedding({ numEmbeddings: 7, embeddingDim: 3 });
    const model = new Seq2Seq({
      encoder: { embedding, rnn: create('float32') },
      decoder: { embedding, rnn: new GRU({ inputSize: 3, hiddenSize: 5 }) },
      attention: new LuongAttention({ querySize: 5, keySize: 4 }),
      bridge: 'zeros',
      startIndex: 0,
    });
    const { output } = model.forward(randint(0, 7, [4, 2]), randint(0, 7, [3, 2]), {
      lengths: [4, 2],
    });
    assert.deepEqual(output.shape, [3, 2, 7]);
  });
});

describe('summary', () => {
  it('lists what stacks, pairs and Seq2Seq are made of, with shapes, parameters and FLOPs', () => {
    const embedding = () => new Embedding({ numEmbeddings: 7, embeddingDim: 3 });
    const sizes = { inputSize: 3, hiddenSize: 4 };
    const model = new Seq2Seq({
      encoder: {
        embedding: embedding(),
        rnn: new Bidirectional({ forwardLayer: new GRU(sizes), reverseLayer: new GRU(sizes) }),
      },
      decoder: { embedding: embedding(), rnn: new GRU(sizes) },
      attention: new LuongAttention({ querySize: 4, keySize: 8 }),
      bridge: 'zeros',
      startIndex: 0,
    });
    const table = String(model.summary(randint(0, 7, [5, 2]), randint(0, 7, [6, 2])));
    const row = (name: string): string[] =>
      table
        .split('\n')
        .find((line) => line.startsWith(name))!
        .split(/ {2,}/);
    assert.deepEqual(row('encoder.rnn.forwardLayer').slice(0, 4), [
      'encoder.rnn.forwardLayer',
      'GRU',
      '[5, 2, 4]',
      '108',
    ]);
    assert.deepEqual(row('decoder.rnn').slice(1, 3), ['GRU', '[6, 2, 4]']);
    assert.deepEqual(row('decoder.head').slice(1, 3), ['Linear', '[6, 2, 7]']);
    assert.ok(Number(row('decoder.rnn')[4]!.replaceAll(' ', '')) > 6 * 2 * 2 * 12 * 7);
  });
});
