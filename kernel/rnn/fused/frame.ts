import type { Layout } from './layout.js';
import type { Plan } from './plan.js';

/**
 * What the compiled sequence of a program is told: a table of 32-bit words in the engine's memory, sizes first, then
 * addresses in bytes. One frame for each part of the batch; the words of weights are the same in all of them.
 */
export class FrameMap {
  /** T, B, T·B. */
  readonly timeSteps = 0;
  readonly batchSize = 1;
  readonly rows = 2;
  /** Int32 positions of the ones, where the input is one-hot; 0 otherwise. */
  readonly oneHot = 3;
  /** Whether the adjoint of the input is wanted. */
  readonly wantsInput = 4;
  /** How many sequences are running at each time step, as int32; 0 where all run to the end. */
  readonly active = 5;
  readonly size: number;
  readonly #rooms = 6;
  readonly #biases: number;
  readonly #products: number;

  constructor({ rooms }: Layout, { preactivations }: Plan) {
    this.#biases = this.#rooms + rooms.length;
    this.#products = this.#biases + biasWords.length * preactivations.length;
    const products = preactivations.reduce((count, { terms }) => count + terms.length, 0);
    this.size = this.#products + productWords.length * products;
  }

  room(index: number): number {
    return this.#rooms + index;
  }

  /** Of the k-th pre-activation. */
  bias(k: number, word: (typeof biasWords)[number]): number {
    return this.#biases + biasWords.length * k + biasWords.indexOf(word);
  }

  /** Of the k-th product, counted through all pre-activations. */
  product(k: number, word: (typeof productWords)[number]): number {
    return this.#products + productWords.length * k + productWords.indexOf(word);
  }
}

/** The sum of a pre-activation's biases, and where the sum of its adjoints is wanted (0: nowhere). */
const biasWords = ['sum', 'adjoint'] as const;

/**
 * A product's weight as it lies, packed for x·Wᵀ and for g·W, transposed for one-hot inputs; where its gradient is
 * added (0: nowhere), or the gradient's transpose for one-hot inputs.
 */
const productWords = [
  'weight',
  'packed',
  'packedBack',
  'transposed',
  'gradient',
  'transposedGradient',
] as const;
