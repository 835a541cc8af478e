import assert from 'node:assert/strict';
import {
  Conv1d,
  createModel,
  Embedding,
  GRU,
  InterchangeError,
  LayerNorm,
  Linear,
  loadCheckpoint,
  loadKerasWeights,
  loadSafetensors,
  LSTM,
  manualSeed,
  minGruCell,
  Module,
  randn,
  Recurrent,
  RNN,
  saveCheckpoint,
  saveSafetensors,
  StateDictError,
  tensor,
  toKerasWeights,
  type ModelConfig,
  type Tensor,
} from '../../../kernel/unroll.js';
import { assertClose } from './runOnnx.js';

const sigmoid = (x: number): number => 1 / (1 + Math.exp(-x));

/** x·kernel, column by column. */
const product = (x: readonly number[], { data, shape }: Tensor): number[] =>
  Array.from({ length: shape[1]! }, (_, j) =>
    x.reduce((sum, one, i) => sum + one * data[i * shape[1]! + j]!, 0),
  );

type Step = (x: number[], state: number[][], weights: Record<string, Tensor>) => number[][];

/** Keras' own equations, gates in Keras' order: a second implementation. */
const kerasSteps: Record<string, Step> = {
  lstm: (x, [h, c], { kernel, recurrent_kernel: recurrent, bias }) => {
    const size = h!.length;
    const fromState = product(h!, recurrent!);
    const z = product(x, kernel!).map((one, k) => one + fromState[k]! + bias!.data[k]!);
    const [i, f, g, o] = [0, 1, 2, 3].map((k) => z.slice(k * size, (k + 1) * size));
    const cell = c!.map((one, k) => sigmoid(f![k]!) * one + sigmoid(i![k]!) * Math.tanh(g![k]!));
    return [cell.map((one, k) => sigmoid(o![k]!) * Math.tanh(one)), cell];
  },
  gruAfter: (x, [h], { kernel, recurrent_kernel: recurrent, bias }) => {
    const size = h!.length;
    const fromInput = product(x, kernel!).map((one, k) => one + bias!.data[k]!);
    const inner = product(h!, recurrent!).map((one, k) => one + bias!.data[3 * size + k]!);
    return [
      h!.map((one, k) => {
        const z = sigmoid(fromInput[k]! + inner[k]!);
        const r = sigmoid(fromInput[size + k]! + inner[size + k]!);
        const candidate = Math.tanh(fromInput[2 * size + k]! + r * inner[2 * size + k]!);
        return z * one + (1 - z) * candidate;
      }),
    ];
  },
  gruBefore: (x, [h], { kernel, recurrent_kernel: recurrent, bias }) => {
    const size = h!.length;
    const fromInput = product(x, kernel!).map((one, k) => one + bias!.data[k]!);
    const inner = product(h!, recurrent!);
    const r = h!.map((_, k) => sigmoid(fromInput[size + k]! + inner[size + k]!));
    const gated = product(
      h!.map((one, k) => one * r[k]!),
      recurrent!,
    );
    return [
      h!.map((one, k) => {
        const z = sigmoid(fromInput[k]! + inner[k]!);
        return z * one + (1 - z) * Math.tanh(fromInput[2 * size + k]! + gated[2 * size + k]!);
      }),
    ];
  },
  rnn: (x, [h], { kernel, recurrent_kernel: recurrent, bias }) => {
    const fromState = product(h!, recurrent!);
    return [product(x, kernel!).map((one, k) => Math.tanh(one + fromState[k]! + bias!.data[k]!))];
  },
};

const options = { inputSize: 3, hiddenSize: 4 };
const layers = {
  lstm: () => new LSTM(options),
  gruAfter: () => new GRU(options),
  gruBefore: () => new GRU({ ...options, resetAfter: false }),
  rnn: () => new RNN(options),
};

class Everything extends Module {
  embedding = new Embedding({ numEmbeddings: 5, embeddingDim: 3 });
  norm = new LayerNorm({ normalizedShape: 3 });
  conv = new Conv1d({ inChannels: 2, outChannels: 4, kernelSize: 3 });
  lstm = new LSTM({ ...options, numLayers: 2, bidirectional: true });
  gru = new GRU(options);
  head = new Linear({ inFeatures: 4, outFeatures: 2 });
  override forward(): void {
    throw new Error('not called');
  }
}

describe('weights in the layout of Keras', () => {
  beforeEach(() => manualSeed(11));

  for (const [name, create] of Object.entries(layers))
    it(`of ${name} mean the same in Keras' equations, both ways`, () => {
      const [layer, other] = [create(), create()];
      const weights = toKerasWeights(layer);
      const input = randn([5, 1, 3]);
      let state =
        name === 'lstm'
          ? [
              [0, 0, 0, 0],
              [0, 0, 0, 0],
            ]
          : [[0, 0, 0, 0]];
      for (let t = 0; t < 5; t++)
        state = kerasSteps[name]!([...input.data.subarray(3 * t, 3 * t + 3)], state, weights);
      const { h } = (layer as Recurrent).forward(input).state as { h: Tensor };
      assertClose({ shape: [1, 1, 4], data: state[0]! }, h, 'h');
      loadKerasWeights(other, weights);
      assertClose((other as Recurrent).forward(input).state['h'], h, 'h');
    });

  it('have the names and shapes of Keras, and come back from a file', () => {
    const [model, other] = [new Everything(), new Everything()];
    const file = saveSafetensors(toKerasWeights(model));
    const weights = loadSafetensors(file);
    const shapes = Object.fromEntries(
      Object.entries(weights).map(([name, { shape }]) => [name, shape.join('×')]),
    );
    assert.deepEqual(shapes, {
      'embedding.embeddings': '5×3',
      'norm.gamma': '3',
      'norm.beta': '3',
      'conv.kernel': '3×2×4',
      'conv.bias': '4',
      'lstm.0.forward_layer.kernel': '3×16',
      'lstm.0.forward_layer.recurrent_kernel': '4×16',
      'lstm.0.forward_layer.bias': '16',
      'lstm.0.backward_layer.kernel': '3×16',
      'lstm.0.backward_layer.recurrent_kernel': '4×16',
      'lstm.0.backward_layer.bias': '16',
      'lstm.1.forward_layer.kernel': '8×16',
      'lstm.1.forward_layer.recurrent_kernel': '4×16',
      'lstm.1.forward_layer.bias': '16',
      'lstm.1.backward_layer.kernel': '8×16',
      'lstm.1.backward_layer.recurrent_kernel': '4×16',
      'lstm.1.backward_layer.bias': '16',
      'gru.kernel': '3×12',
      'gru.recurrent_kernel': '4×12',
      'gru.bias': '2×12',
      'head.kernel': '4×2',
      'head.bias': '2',
    });
    loadKerasWeights(other, weights);
    const [ours, theirs] = [model.stateDict(), other.stateDict()];
    for (const name of Object.keys(ours).filter((one) => !/lstm\.bias/.test(one)))
      assert.deepEqual(theirs[name], ours[name], name);
    assert.deepEqual(toKerasWeights(other), toKerasWeights(model));
  });

  it('of a GRU of the other kind are refused, by shape and by flag', () => {
    const after = new GRU(options);
    const before = new GRU({ ...options, resetAfter: false });
    const refusal = (message: RegExp) => (error: unknown) =>
      error instanceof InterchangeError && message.test(error.message);
    assert.throws(
      () => loadKerasWeights(after, toKerasWeights(before)),
      refusal(/reset_after=False/),
    );
    assert.throws(
      () => loadKerasWeights(before, toKerasWeights(after)),
      refusal(/reset_after=True/),
    );
    const bare = new GRU({ ...options, bias: false });
    const weights = toKerasWeights(bare);
    assert.throws(() => loadKerasWeights(bare, weights), refusal(/say \{ resetAfter \}/));
    assert.throws(
      () => loadKerasWeights(bare, weights, { resetAfter: false }),
      refusal(/reset_after=False/),
    );
    loadKerasWeights(bare, weights, { resetAfter: true });
  });

  it('of other cells are refused, and of other shapes change nothing', () => {
    const other = new Recurrent({ ...options, cell: minGruCell });
    assert.throws(() => toKerasWeights(other), /cell minGRU, which Keras does not have/);
    const model = new Linear({ inFeatures: 3, outFeatures: 2 });
    const before = model.stateDict();
    assert.throws(
      () => loadKerasWeights(model, { kernel: tensor([[1, 2, 3]]), gamma: tensor([1]) }),
      (error) =>
        error instanceof StateDictError &&
        /kernel is \[1, 3\], expected \[3, 2\]; bias is missing; gamma is not/.test(error.message),
    );
    assert.deepEqual(model.stateDict(), before);
  });
});

describe('createModel', () => {
  const config = {
    kind: 'Sequential',
    stages: [
      { kind: 'Embedding', numEmbeddings: 5, embeddingDim: 3 },
      { kind: 'LSTM', inputSize: 3, hiddenSize: 4, bidirectional: true },
      'tanh',
      { kind: 'Linear', inFeatures: 8, outFeatures: 2 },
    ],
  } satisfies ModelConfig;

  it('makes the model that a checkpoint describes', () => {
    const model = createModel(config);
    const saved = loadCheckpoint(saveCheckpoint({ config, model }));
    const again = createModel(saved['config'] as typeof config);
    again.loadStateDict(saved['model'] as Record<string, Tensor>);
    const tokens = tensor(
      [
        [1, 2],
        [3, 4],
      ],
      { dtype: 'int32' },
    );
    assert.deepEqual(again.forward(tokens).toNested(), model.forward(tokens).toNested());
  });

  it('names kinds, functions and options that are not there', () => {
    const wrong = (value: unknown) => () => createModel(value as typeof config);
    assert.throws(wrong({ kind: 'Lstm' }), /kind is "Lstm", expected Linear, /);
    assert.throws(wrong({ kind: 'Sequential', stages: ['gelu'] }), /'gelu' is no function/);
    assert.throws(wrong({ kind: 'Linear', inFeatures: 3 }), /outFeatures/);
    assert.throws(wrong({ kind: 'Sequential' }), /stages must be a list/);
  });
});
