import assert from 'node:assert/strict';
import {
  BahdanauAttention,
  Bidirectional,
  createModel,
  Embedding,
  exportOnnx,
  GRU,
  GRUCell,
  importOnnx,
  InterchangeError,
  loadKerasWeights,
  loadSafetensors,
  LSTM,
  LSTMCell,
  LuongAttention,
  manualSeed,
  minGruCell,
  Module,
  randint,
  randn,
  Recurrent,
  RecurrentCell,
  RecurrentStack,
  Residual,
  RNN,
  RNNCell,
  saveSafetensors,
  Seq2Seq,
  tensor,
  Tensor,
  toKerasWeights,
  type DecoderState,
  type ModelConfig,
} from '../../../kernel/unroll.js';
import { assertClose, runOnnx } from './runOnnx.js';

const sizes = { inputSize: 3, hiddenSize: 4 };
const integers = (values: readonly number[]): Tensor => tensor([...values], { dtype: 'int32' });

describe('exportOnnx of regularised layers, cells, stacks and Seq2Seq', function () {
  this.timeout(60_000);
  beforeEach(() => manualSeed(3));

  for (const learnInitialState of [false, true])
    for (const [name, create] of Object.entries({
      'LSTM with variational dropout': (o: object) =>
        new LSTM({ ...sizes, ...o, variationalDropout: 0.4 }),
      'LSTM with zoneout': (o: object) => new LSTM({ ...sizes, ...o, zoneout: { h: 0.1, c: 0.5 } }),
      'GRU with both': (o: object) =>
        new GRU({ ...sizes, ...o, zoneout: 0.3, variationalDropout: 0.4 }),
      'RNN without bias': (o: object) => new RNN({ ...sizes, ...o, bias: false }),
    }))
      it(`${name}, learnt initial state ${learnInitialState}: ragged lengths, two layers and directions, other sizes than the example`, async () => {
        const layer: Recurrent = create({
          numLayers: 2,
          bidirectional: true,
          learnInitialState,
        });
        for (const parameter of layer.parameters()) parameter.data.set(randn(parameter.shape).data);
        const bytes = exportOnnx(layer, [randn([3, 2, 3]), undefined, { lengths: [3, 2] }], {
          state: false,
        });
        const [input, lengths] = [randn([7, 4, 3]), integers([2, 7, 1, 5])];
        const results = await runOnnx(bytes, { input, lengths });
        assertClose(
          results['output'],
          layer.eval().forward(input, undefined, { lengths }).output,
          name,
        );
      });

  for (const [name, create] of Object.entries({
    RNNCell: () => new RNNCell(sizes),
    LSTMCell: () => new LSTMCell(sizes),
    'LSTMCell with projection': () => new LSTMCell({ ...sizes, projSize: 2 }),
    GRUCell: () => new GRUCell({ ...sizes, bias: false }),
    'RecurrentCell over minGRU': () => new RecurrentCell({ ...sizes, cell: minGruCell }),
  }))
    it(`${name}: one step, with its states; operators are imported again`, async () => {
      const cell = create() as RecurrentCell;
      const bytes = exportOnnx(cell, randn([2, 3]));
      const input = randn([5, 3]);
      const state = Object.fromEntries(
        cell.program.states.map(({ name: key, size }) => [key, randn([5, size])]),
      );
      const feeds = Object.entries(state).map(([key, value]) => [`${key}_0`, value] as const);
      const results = await runOnnx(bytes, { input, ...Object.fromEntries(feeds) });
      const expected = cell.forward(input, state);
      assertClose(results['output'], expected.output, 'output');
      for (const [key, value] of Object.entries(expected.state))
        assertClose(results[`${key}_n`], value, key);
      if (name.includes(' ')) {
        assert.throws(() => importOnnx(bytes), /Scan/);
        return;
      }
      const again = importOnnx(bytes).run({ input, ...Object.fromEntries(feeds) });
      assertClose(again['output'], expected.output, 'imported');
    });

  it('Bidirectional, Residual and RecurrentStack, ragged; imported again', async () => {
    const stack = new RecurrentStack([
      new Bidirectional({
        forwardLayer: new LSTM(sizes),
        reverseLayer: new GRU(sizes),
        merge: 'sum',
      }),
      new Residual(new GRU({ inputSize: 4, hiddenSize: 4, learnInitialState: true })),
    ]);
    const bytes = exportOnnx(stack, [randn([3, 2, 3]), undefined, { lengths: [3, 1] }], {
      state: false,
    });
    const [input, lengths] = [randn([6, 3, 3]), integers([6, 2, 4])];
    const expected = stack.eval().forward(input, undefined, { lengths });
    const results = await runOnnx(bytes, { input, lengths });
    assertClose(results['output'], expected.output, 'output');
    const again = importOnnx(bytes).run({ input, lengths });
    assertClose(again['output'], expected.output, 'imported');
  });

  for (const [name, create] of Object.entries({
    Luong: () => new LuongAttention({ querySize: 3, keySize: 4 }),
    Bahdanau: () => new BahdanauAttention({ querySize: 3, keySize: 4, hiddenSize: 5 }),
  }))
    it(`${name} attention with ragged lengths`, async () => {
      class Attending extends Module {
        readonly attention = create();
        override forward(query: Tensor, keys: Tensor, { lengths }: { lengths: Tensor }) {
          const { context, weights } = this.attention.forward(query, keys, { lengths });
          return { output: context, weights };
        }
      }
      const model = new Attending();
      const bytes = exportOnnx(model, [randn([2, 2, 3]), randn([3, 2, 4]), { lengths: [3, 2] }], {
        dynamicAxes: { input_1: ['keys', 'batch', null] },
      });
      const [query, keys, lengths] = [randn([4, 3, 3]), randn([6, 3, 4]), integers([2, 6, 1])];
      const results = await runOnnx(bytes, { input: query, input_1: keys, lengths });
      const expected = model.forward(query, keys, { lengths });
      assertClose(results['output'], expected.output, 'context');
      assertClose(results['weights'], expected.weights, 'weights');
    });

  const createSeq2Seq = (kind: 'none' | 'luong' | 'feeding' | 'bahdanau'): Seq2Seq => {
    const attention =
      kind === 'bahdanau'
        ? new BahdanauAttention({ querySize: 4, keySize: 8, hiddenSize: 5 })
        : new LuongAttention({ querySize: 4, keySize: 8 });
    const extra = { none: 0, luong: 0, feeding: 4, bahdanau: 8 }[kind];
    return new Seq2Seq({
      encoder: {
        embedding: new Embedding({ numEmbeddings: 9, embeddingDim: 3 }),
        rnn: new GRU({ ...sizes, bidirectional: true }),
      },
      decoder: {
        embedding: new Embedding({ numEmbeddings: 7, embeddingDim: 3 }),
        rnn: new LSTM({ inputSize: 3 + extra, hiddenSize: 4, zoneout: 0.1 }),
      },
      ...(kind !== 'none' && { attention }),
      inputFeeding: kind === 'feeding',
      startIndex: 1,
    });
  };

  for (const kind of ['none', 'luong', 'feeding', 'bahdanau'] as const)
    it(`Seq2Seq, ${kind}: encoder and decoder are two graphs that say what the model says, ragged`, async () => {
      const model = createSeq2Seq(kind).eval();
      const encoderBytes = exportOnnx(model.encoder, [randint(0, 9, [3, 2]), { lengths: [3, 2] }]);
      const plain = ({ rnn, keys, lengths, feed }: DecoderState) => ({
        rnn,
        ...(keys && { keys }),
        ...(lengths && { lengths }),
        ...(feed && { feed }),
      });
      const [source, lengths] = [randint(0, 9, [5, 3]), integers([2, 5, 4])];
      const initial = model.encode(source, { lengths });
      const example = model.encode(randint(0, 9, [3, 2]), { lengths: [3, 2] });
      const first = model.decoder.forward(integers([1, 1]).reshape([1, 2]), example);
      const decoderBytes = exportOnnx(
        model.decoder,
        [integers([1, 1]).reshape([1, 2]), plain(first.state)],
        {
          dynamicAxes: {
            input: [null, 'batch'],
            ...(kind !== 'none' && { keys_0: ['source', 'batch', null] }),
          },
        },
      );
      const encoded = await runOnnx(encoderBytes, { input: source, lengths_0: lengths });
      if (initial.keys) assertClose(encoded['output'], initial.keys, 'keys');
      const asTensor = ({ data, shape }: { data: Float32Array; shape: readonly number[] }) =>
        new Tensor(data, shape);
      let state: Record<string, Tensor> = {
        'rnn.h_0': asTensor(encoded['h_n']!),
        'rnn.c_0': asTensor(encoded['c_n']!),
        ...(initial.keys && { keys_0: asTensor(encoded['output']!), lengths_0: lengths }),
        ...(kind === 'feeding' && { feed_0: new Tensor(new Float32Array(12), [1, 3, 4]) }),
      };
      let own = initial;
      for (const symbols of [
        [1, 1, 1],
        [3, 4, 5],
        [0, 2, 6],
      ]) {
        const input = integers(symbols).reshape([1, 3]);
        const results = await runOnnx(decoderBytes, { input, ...state });
        const expected = model.decoder.forward(input, own);
        assertClose(results['output'], expected.output, 'logits');
        if (expected.attention) assertClose(results['attention'], expected.attention, 'attention');
        own = expected.state;
        const next = ['rnn.h', 'rnn.c', ...(kind === 'feeding' ? ['feed'] : [])];
        state = {
          ...state,
          ...Object.fromEntries(next.map((key) => [`${key}_0`, asTensor(results[`${key}_n`]!)])),
        };
      }
    });

  it('refuses a Seq2Seq as one graph, and says what to export', () => {
    assert.throws(
      () => exportOnnx(createSeq2Seq('luong'), [randint(0, 9, [3, 2]), randint(0, 7, [2, 2])]),
      { name: 'InterchangeError', message: /export model\.encoder with .* and model\.decoder/ },
    );
  });
});

describe('names of the new layers', () => {
  it('safetensors: cells load into PyTorch’s names and back, Seq2Seq as a whole', () => {
    const cell = new LSTMCell(sizes);
    const again = new LSTMCell(sizes);
    const loaded = loadSafetensors(saveSafetensors(cell));
    assert.deepEqual(Object.keys(loaded).sort(), ['bias_hh', 'bias_ih', 'weight_hh', 'weight_ih']);
    again.loadStateDict(loaded);
    const x = randn([2, 3]);
    assert.deepEqual(again.forward(x).output.data, cell.forward(x).output.data);
    assert.throws(
      () => saveSafetensors(new GRUCell({ ...sizes, resetAfter: false })),
      /resetAfter: false, which PyTorch does not have/,
    );
    assert.throws(
      () => saveSafetensors(new GRU({ ...sizes, resetAfter: false, zoneout: 0.1 })),
      /resetAfter: false, which PyTorch does not have/,
    );
  });

  it('Keras: cells have the arrays of its layers; zoneout and learnt states are refused by name', () => {
    for (const [one, two] of [
      [new GRUCell(sizes), new GRUCell(sizes)],
      [new LSTMCell({ ...sizes, bias: false }), new LSTMCell({ ...sizes, bias: false })],
    ] as const) {
      const arrays = toKerasWeights(one);
      assert.deepEqual(arrays['kernel']!.shape, [3, one.weight_ih!.shape[0]!]);
      loadKerasWeights(two, arrays);
      assert.deepEqual(two.weight_ih!.data, one.weight_ih!.data);
    }
    const refused: [Module, RegExp][] = [
      [new LSTM({ ...sizes, zoneout: 0.1 }), /has zoneout, which Keras does not have/],
      [
        new LSTM({ ...sizes, learnInitialState: true }),
        /'initial_h_l0' is of no layer that Keras has/,
      ],
    ];
    for (const [module, message] of refused)
      assert.throws(() => toKerasWeights(module), { name: InterchangeError.name, message });
  });
});

describe('createModel of the new layers', () => {
  const gru = { kind: 'GRU', inputSize: 3, hiddenSize: 4 } as const;
  const configs = {
    RNNCell: { kind: 'RNNCell', ...sizes, nonlinearity: 'relu' },
    LSTMCell: { kind: 'LSTMCell', ...sizes, peepholes: true },
    GRUCell: { kind: 'GRUCell', ...sizes },
    'regularised LSTM': {
      kind: 'LSTM',
      ...sizes,
      zoneout: { c: 0.5 },
      variationalDropout: { hidden: 0.2 },
      learnInitialState: true,
    },
    Bidirectional: { kind: 'Bidirectional', forwardLayer: gru, reverseLayer: gru, merge: 'sum' },
    Residual: { kind: 'Residual', layer: { kind: 'Linear', inFeatures: 3, outFeatures: 3 } },
    RecurrentStack: {
      kind: 'RecurrentStack',
      layers: [gru, { kind: 'Residual', layer: { ...gru, inputSize: 4 } }],
      dropout: 0.1,
    },
    BahdanauAttention: { kind: 'BahdanauAttention', querySize: 3, keySize: 4, hiddenSize: 2 },
    LuongAttention: { kind: 'LuongAttention', querySize: 3, keySize: 4, method: 'concat' },
    Seq2Seq: {
      kind: 'Seq2Seq',
      encoder: { embedding: { kind: 'Embedding', numEmbeddings: 9, embeddingDim: 3 }, rnn: gru },
      decoder: { embedding: { kind: 'Embedding', numEmbeddings: 7, embeddingDim: 3 }, rnn: gru },
      attention: { kind: 'LuongAttention', querySize: 4, keySize: 4 },
      lexicon: { sources: 9, targets: 7 },
      startIndex: 1,
      endIndex: 2,
    },
    Sequential: {
      kind: 'Sequential',
      stages: [{ kind: 'Residual', layer: { ...gru, inputSize: 4 } }, 'tanh'],
    },
  } satisfies Record<string, ModelConfig>;

  for (const [name, config] of Object.entries(configs))
    it(`${name}: from JSON, with weights that go into another of its kind`, () => {
      const [one, two] = [config, JSON.parse(JSON.stringify(config)) as typeof config].map(
        (given) => createModel(given as never),
      ) as unknown as [Module, Module];
      assert.ok(one.parameters().length > 0);
      two.loadStateDict(loadSafetensors(saveSafetensors(one)));
      assert.deepEqual(
        [...two.namedParameters()].map(([key]) => key),
        [...one.namedParameters()].map(([key]) => key),
      );
    });

  it('gives the class, with its own types', () => {
    const model: Seq2Seq = createModel(configs.Seq2Seq);
    const { output } = model.forward(randint(0, 9, [4, 2]), randint(0, 7, [3, 2]));
    assert.deepEqual(output.shape, [3, 2, 7]);
    const { state } = createModel(configs.LSTMCell).forward(randn([2, 3]));
    assert.deepEqual(state.c.shape, [2, 4]);
  });

  it('says what is wrong inside', () => {
    assert.throws(
      () => createModel({ kind: 'RecurrentStack', layers: [{ ...gru, hidenSize: 3 } as never] }),
      /GRU: unknown option 'hidenSize'/,
    );
    assert.throws(
      () =>
        createModel({ kind: 'Bidirectional', forwardLayer: 'tanh' as never, reverseLayer: gru }),
      /Bidirectional: forwardLayer is "tanh", expected a layer/,
    );
    assert.throws(
      () => createModel({ kind: 'RecurrentStack', layers: 'GRU' as never }),
      /layers must be a list/,
    );
  });
});
