import {
  Linear,
  Module,
  oneHot,
  type Recurrent,
  type RecurrentState,
  type Tensor,
} from '../../kernel/rnn/index.js';

export interface SequenceModelOptions {
  recurrent: Recurrent;
  /** Size of the recurrent layer's output. */
  hiddenSize: number;
  outFeatures: number;
  /** Number of symbols where the input is of indices, which are read as one-hot vectors. */
  symbols?: number;
  /** Whether only the last time step is read. Default false. */
  last?: boolean;
}

/** A recurrent layer and a linear head, at every time step `[T, B, outFeatures]` or at the last one `[B, outFeatures]`. */
export class SequenceModel extends Module {
  readonly recurrent: Recurrent;
  readonly head: Linear;
  readonly #options: SequenceModelOptions;

  constructor(options: SequenceModelOptions) {
    super();
    this.#options = options;
    this.recurrent = options.recurrent;
    this.head = new Linear({ inFeatures: options.hiddenSize, outFeatures: options.outFeatures });
  }

  override forward(
    input: Tensor,
    state?: RecurrentState,
  ): { output: Tensor; state: RecurrentState } {
    const { symbols, last = false } = this.#options;
    const x = symbols === undefined ? input : oneHot(input, symbols);
    const result = this.recurrent.forward(x, state);
    const [timeSteps, batchSize] = input.shape as [number, number];
    const seen = last
      ? result.output.slice(0, timeSteps - 1, timeSteps).reshape([batchSize, -1])
      : result.output;
    return { output: this.head.forward(seen), state: result.state };
  }
}
