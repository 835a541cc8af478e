import { none } from '../ops/rule.js';
import { checkOptions, is } from '../options.js';
import { randomStream } from '../random.js';
import { applyOp, type Parameter, type Tensor } from '../tensor.js';
import { createParameter, floatType, type FloatType } from './linear.js';
import { Module } from './module.js';

export interface EmbeddingOptions {
  /** Size of the vocabulary. */
  numEmbeddings: number;
  /** Size of each vector. */
  embeddingDim: number;
  /** Default `'float32'`. */
  dtype?: FloatType;
}

/**
 * A trainable vector per symbol: indices `[…]` (int32) → vectors `[…, embeddingDim]`.
 * `weight` is `[numEmbeddings, embeddingDim]` and starts as N(0, 1).
 */
export class Embedding extends Module {
  readonly weight: Parameter;

  constructor(options: EmbeddingOptions) {
    super();
    checkOptions('Embedding', options, {
      numEmbeddings: is.positiveInteger,
      embeddingDim: is.positiveInteger,
      dtype: floatType,
    });
    const { numEmbeddings, embeddingDim, dtype = 'float32' } = options;
    const stream = randomStream('parameters');
    this.weight = createParameter([numEmbeddings, embeddingDim], dtype, (data) => {
      for (let i = 0; i < data.length; i++) data[i] = stream.normal();
    });
  }

  /** @throws VocabularyError if an index is not below numEmbeddings, DTypeError unless int32 */
  override forward(indices: Tensor): Tensor {
    return applyOp('embedding', [this.weight, indices], none);
  }
}
