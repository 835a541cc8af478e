import {
  crossEntropy,
  GRU,
  Linear,
  LSTM,
  manualSeed,
  Module,
  randint,
  randn,
  Recurrent,
  RNN,
  type Tensor,
} from '../../../kernel/rnn/index.js';
import { coupledLstm } from '../rnn/coupledLstm.js';

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
  'coupled LSTM': (options) =>
    new Recurrent({ cell: coupledLstm, inputSize: 3, hiddenSize: 4, ...options }),
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
