import assert from 'node:assert/strict';
import {
  BahdanauAttention,
  Bidirectional,
  createModel,
  crossEntropy,
  Embedding,
  GRU,
  GRUCell,
  Linear,
  LSTM,
  LSTMCell,
  lstmCell,
  mse,
  tensor,
  LuongAttention,
  randn,
  Recurrent,
  RecurrentStack,
  Residual,
  RNN,
  RNNCell,
  scheduledSampling,
  Seq2Seq,
  type ModelConfig,
  type Tensor,
} from '../../../kernel/unroll.js';

/** Compiled, never run: each line marked here is one that is red in a cell. */
export function wrongOptions(x: Tensor): unknown[] {
  const sizes = { inputSize: 3, hiddenSize: 4 };
  const gru = new GRU(sizes);
  const embedding = new Embedding({ numEmbeddings: 5, embeddingDim: 3 });
  return [
    // @ts-expect-error: no such nonlinearity
    new RNN({ ...sizes, nonlinearity: 'sigmoid' }),
    // @ts-expect-error: hiddenSize is missing
    new LSTM({ inputSize: 3 }),
    // @ts-expect-error: a misspelt option
    new LSTM({ ...sizes, biderectional: true }),
    // @ts-expect-error: resetAfter is a GRU's
    new LSTM({ ...sizes, resetAfter: false }),
    // @ts-expect-error: peepholes are an LSTM's
    new GRU({ ...sizes, peepholes: true }),
    // @ts-expect-error: the element type is float32 or float64
    new GRU({ ...sizes, dtype: 'float16' }),
    // @ts-expect-error: a place that variational dropout does not have
    new GRU({ ...sizes, variationalDropout: { hiden: 0.5 } }),
    // @ts-expect-error: a probability is a number
    new GRU({ ...sizes, zoneout: '0.5' }),
    // @ts-expect-error: a cell is missing
    new Recurrent({ ...sizes }),
    // @ts-expect-error: single steps have no layers
    new LSTMCell({ ...sizes, numLayers: 2 }),
    // @ts-expect-error: no such nonlinearity
    new RNNCell({ ...sizes, nonlinearity: 'Tanh' }),
    // @ts-expect-error: an LSTM's state has c too
    new LSTMCell(sizes).forward(x, { h: x }),
    // @ts-expect-error: a GRU's state has no c
    new GRUCell(sizes).forward(x).state.c,
    // @ts-expect-error: lengths are numbers
    gru.forward(x, undefined, { lengths: ['3'] }),
    // @ts-expect-error: no such option of a call
    gru.forward(x, undefined, { length: [3] }),
    // @ts-expect-error: no such way to merge
    new Bidirectional({ forwardLayer: gru, reverseLayer: gru, merge: 'concat' }),
    new Bidirectional({
      // @ts-expect-error: a linear layer does not go over a sequence
      forwardLayer: new Linear({ inFeatures: 3, outFeatures: 4 }),
      reverseLayer: gru,
    }),
    // @ts-expect-error: layers come as a list
    new RecurrentStack(gru, gru),
    // @ts-expect-error: a function is no layer
    new Residual((one: Tensor) => one),
    // @ts-expect-error: no such score
    new LuongAttention({ querySize: 3, keySize: 3, method: 'additive' }),
    // @ts-expect-error: hiddenSize is missing
    new BahdanauAttention({ querySize: 3, keySize: 3 }),
    // @ts-expect-error: startIndex is missing
    new Seq2Seq({ encoder: { rnn: gru }, decoder: { embedding, rnn: gru } }),
    new Seq2Seq({
      encoder: { rnn: gru },
      decoder: { embedding, rnn: gru },
      startIndex: 1,
      // @ts-expect-error: no such bridge
      bridge: 'mlp',
    }),
    new Seq2Seq({
      encoder: { rnn: gru },
      decoder: { embedding, rnn: gru },
      startIndex: 1,
      // @ts-expect-error: attention is a module
      attention: 'luong',
    }),
    new Seq2Seq({ encoder: { rnn: gru }, decoder: { embedding, rnn: gru }, startIndex: 1 }).forward(
      x,
      x,
      // @ts-expect-error: how it says a symbol is 'greedy' or 'sample'
      { sampling: 'argmax' },
    ),
    // @ts-expect-error: steps is missing
    scheduledSampling({ decay: 'linear' }),
    // @ts-expect-error: k is of the other kinds
    scheduledSampling({ decay: 'linear', steps: 3, k: 2 }),
    // @ts-expect-error: no such kind
    createModel({ kind: 'LSTMM', ...sizes }),
    // @ts-expect-error: an option of another kind
    { kind: 'GRU', ...sizes, peepholes: true } satisfies ModelConfig,
    createModel({
      kind: 'Sequential',
      // @ts-expect-error: attention has no place in a list of stages
      stages: [{ kind: 'LuongAttention', querySize: 1, keySize: 1 }],
    }),
  ];
}

/** What is right has its own types, without a cast. */
function rightTypes(): void {
  const lstm = new LSTM({ inputSize: 3, hiddenSize: 4, zoneout: { h: 0.1 } });
  const c: Tensor = lstm.forward(randn([2, 1, 3])).state.c;
  const residual = new Residual(new GRU({ inputSize: 3, hiddenSize: 3 }));
  const size: number = residual.outputSize;
  const stack = new RecurrentStack([residual, lstm]);
  const h: Tensor = residual.forward(randn([2, 1, 3])).state.h;
  const y: Tensor = new Residual(new Linear({ inFeatures: 3, outFeatures: 3 })).forward(randn([3]));
  assert.deepEqual(
    [c.shape, size, stack.outputSize, h.shape, y.shape],
    [[1, 1, 4], 3, 4, [1, 1, 3], [3]],
  );
}

describe('types of options', () => {
  it('give states and outputs of their own', rightTypes);

  it('say at run time what the types say, with the option and what came', () => {
    const sizes = { inputSize: 3, hiddenSize: 4 };
    const cases: [() => unknown, RegExp][] = [
      [
        () => new RNN({ ...sizes, nonlinearity: 'sigmoid' as never }),
        /RNN: nonlinearity must be one of "tanh", "relu", got "sigmoid"/,
      ],
      [
        () => new LSTM({ ...sizes, ...{ biderectional: true } }),
        /LSTM: unknown option 'biderectional', expected inputSize, .*, dtype, projSize, peepholes; did you mean bidirectional\?$/,
      ],
      [
        () => new GRUCell({ ...sizes, ...{ cell: lstmCell } }),
        /GRUCell: unknown option 'cell', expected inputSize, hiddenSize, bias, dtype, resetAfter$/,
      ],
      [() => new LSTM(undefined as never), /LSTM: expected an options object, got undefined/],
      [
        () => new LuongAttention({ querySize: 3, keySize: 3, method: 'additive' as never }),
        /LuongAttention: method must be one of "dot", "general", "concat", "location", got "additive"/,
      ],
      [
        () => new RecurrentStack([() => undefined] as never),
        /RecurrentStack: layer 0 must be a recurrent layer, got function/,
      ],
    ];
    for (const [make, message] of cases) assert.throws(make, { name: 'OptionError', message });
  });

  it('name what came in place of a tensor, and the output that was probably meant', () => {
    const lstm = new LSTM({ inputSize: 3, hiddenSize: 4 });
    const targets = tensor([0, 1], { dtype: 'int32' });
    const result = lstm.forward(randn([2, 1, 3]));
    const cases: [() => unknown, RegExp][] = [
      [
        () => lstm.forward([1, 2] as never),
        /LSTM.forward: input is an array of length 2, expected a tensor$/,
      ],
      [
        () => new LSTMCell({ inputSize: 3, hiddenSize: 4 }).forward(undefined as never),
        /LSTMCell.forward: input is undefined, expected a tensor$/,
      ],
      [
        () => new Linear({ inFeatures: 4, outFeatures: 2 }).forward(result as never),
        /Linear.forward: input is an object of output, state, expected a tensor; did you mean its output\?$/,
      ],
      [
        () => new Embedding({ numEmbeddings: 4, embeddingDim: 2 }).forward(3 as never),
        /Embedding.forward: indices is 3, expected a tensor$/,
      ],
      [
        () => crossEntropy(result as never, targets),
        /crossEntropy: scores is an object of .*its output\?$/,
      ],
      [
        () => mse(randn([2]), [1, 2] as never),
        /mse: target is an array of length 2, expected a tensor$/,
      ],
      [() => randn([2]).add('1' as never), /add: operand 2 is "1", expected a tensor$/],
    ];
    for (const [run, message] of cases) assert.throws(run, { name: 'DTypeError', message });
  });
});
