import assert from 'node:assert/strict';
import {
  BahdanauAttention,
  crossEntropy,
  defineCell,
  Embedding,
  GRU,
  Linear,
  LSTM,
  LuongAttention,
  manualSeed,
  Module,
  randint,
  randn,
  Recurrent,
  RNN,
  Seq2Seq,
  type Check,
  type Tensor,
} from '../../../kernel/rnn/index.js';
import { coupledLstm } from '../rnn/coupledLstm.js';
import { clampedCell } from '../rnn/testCells.js';

/** A recurrent network with a linear layer on top, as most models are. */
export class Tagger extends Module {
  readonly head: Linear;

  constructor(
    readonly net: Recurrent,
    classes = 5,
  ) {
    super();
    this.head = new Linear({ inFeatures: net.hiddenSize, outFeatures: classes, dtype: net.dtype });
  }

  forward(input: Tensor, state?: Record<string, Tensor>) {
    const result = this.net.forward(input, state);
    return { output: this.head.forward(result.output), state: result.state };
  }
}

/** Two layers that read in both directions, with a linear layer on top. */
export class BothWays extends Module {
  readonly net: Recurrent;
  readonly head = new Linear({ inFeatures: 8, outFeatures: 5 });

  constructor(
    type: typeof RNN | typeof LSTM | typeof GRU,
    private readonly lengths: readonly number[] | undefined,
  ) {
    super();
    this.net = new type({ inputSize: 3, hiddenSize: 4, numLayers: 2, bidirectional: true });
  }

  forward(input: Tensor) {
    const options = this.lengths && { lengths: this.lengths };
    return this.head.forward(this.net.forward(input, undefined, options).output);
  }
}

const attentions = {
  no: () => undefined,
  Luong: () => new LuongAttention({ querySize: 4, keySize: 4 }),
  'input-feeding Luong': () => new LuongAttention({ querySize: 4, keySize: 4 }),
  Bahdanau: () => new BahdanauAttention({ querySize: 4, keySize: 4, hiddenSize: 5 }),
};
export type AttentionName = keyof typeof attentions;
export const attentionNames = Object.keys(attentions) as AttentionName[];

/** An encoder and its decoder, two layers each, with a batch of two: sources of `sourceSteps`, targets of `targetSteps`. */
export function translatorAndBatch(
  attention: AttentionName,
  sourceSteps: number,
  targetSteps: number,
) {
  manualSeed(3);
  const seen = attentions[attention]();
  const isStepped = attention !== 'no' && attention !== 'Luong';
  const lstm = (inputSize: number) => new LSTM({ inputSize, hiddenSize: 4, numLayers: 2 });
  const model = new Seq2Seq({
    encoder: { embedding: new Embedding({ numEmbeddings: 7, embeddingDim: 3 }), rnn: lstm(3) },
    decoder: {
      embedding: new Embedding({ numEmbeddings: 6, embeddingDim: 3 }),
      rnn: lstm(isStepped ? 7 : 3),
    },
    ...(seen && { attention: seen }),
    ...(attention === 'input-feeding Luong' && { inputFeeding: true }),
    startIndex: 0,
  });
  const batch = { input: randint(0, 7, [sourceSteps, 2]), target: randint(0, 6, [targetSteps, 2]) };
  return { model, batch };
}

/** Every invariant of a trace holds to its tolerance. */
export function assertHold(checks: readonly Pick<Check, 'name' | 'error' | 'tolerance'>[]): void {
  assert.ok(checks.length > 3);
  for (const { name, error, tolerance } of checks)
    assert.ok((error ?? 0) <= tolerance, `${name}: ${String(error)} > ${tolerance}`);
}

/**
 * Three states in an odd shape: the second hands the first's last value on (a shift register), the third is
 * larger and attends to itself; the output is none of them.
 */
export const registerCell = defineCell({
  name: 'Register',
  parameters: ({ inputSize, hiddenSize }) => ({
    weight_ih: [hiddenSize, inputSize],
    weight_hh: [hiddenSize, hiddenSize],
    weight_kh: [2 * hiddenSize, hiddenSize],
    bias: [hiddenSize],
  }),
  states: ({ hiddenSize }) => ({ h: hiddenSize, before: hiddenSize, wide: 2 * hiddenSize }),
  step({ x, h, before, wide }, { weight_ih, weight_hh, weight_kh, bias }) {
    const mixed = h.add(before.mul(0.5));
    const next = x
      .linear(weight_ih, bias)
      .add(mixed.linear(weight_hh.mul(0.9)))
      .tanh()
      .as('h');
    const attended = wide.softmax().mul(next.linear(weight_kh)).as('wide');
    const [left, right] = attended.chunk(2);
    return { h: next, before: h, wide: attended, output: left!.add(right!.mul(next)) };
  },
});

type Layers = { numLayers?: number; dtype?: 'float32' | 'float64' };

/** Every kind of cell: three inputs, four units. */
export const cells: Record<string, (options?: Layers) => Recurrent> = {
  RNN: (options) => new RNN({ inputSize: 3, hiddenSize: 4, ...options }),
  'RNN relu': (options) =>
    new RNN({
      inputSize: 3,
      hiddenSize: 4,
      nonlinearity: 'relu',
      ...options,
    }),
  LSTM: (options) => new LSTM({ inputSize: 3, hiddenSize: 4, ...options }),
  'GRU reset after': (options) => new GRU({ inputSize: 3, hiddenSize: 4, ...options }),
  'GRU reset before': (options) =>
    new GRU({ inputSize: 3, hiddenSize: 4, resetAfter: false, ...options }),
  register: (options) =>
    new Recurrent({ cell: registerCell, inputSize: 3, hiddenSize: 4, ...options }),
  'coupled LSTM': (options) =>
    new Recurrent({ cell: coupledLstm, inputSize: 3, hiddenSize: 4, ...options }),
  'clamped gates': (options) =>
    new Recurrent({ cell: clampedCell, inputSize: 3, hiddenSize: 4, ...options }),
};

export const meanLoss = (output: Tensor, target: Tensor): Tensor => crossEntropy(output, target);

/** A model of one of `cells` and a batch of seven steps and two sequences for it. */
export function taggerAndBatch(cell: string, options: Layers = {}) {
  manualSeed(11);
  const model = new Tagger(cells[cell]!(options));
  return {
    model,
    input: randn([7, 2, 3], { dtype: options.dtype ?? 'float32' }),
    target: randint(0, 5, [7, 2]),
  };
}

/** ‖a − b‖ / ‖b‖ */
export function distance(a: ArrayLike<number>, b: ArrayLike<number>): number {
  let difference = 0;
  let size = 0;
  for (let i = 0; i < b.length; i++) {
    difference += (a[i]! - b[i]!) ** 2;
    size += b[i]! ** 2;
  }
  return Math.sqrt(difference / size);
}
