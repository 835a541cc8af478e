import { OptionError } from '../errors.js';
import type { EmbeddingAttributes } from '../ops/gather.js';
import { checkOptions, is, optional } from '../options.js';
import { randomStream } from '../random.js';
import { applyOp, expectTensor, type Parameter, type Tensor } from '../tensor.js';
import { createParameter, floatType, type FloatType } from './linear.js';
import { Module } from './module.js';

/** Options of `Embedding`. */
export interface EmbeddingOptions {
  /** Size of the vocabulary. */
  numEmbeddings: number;
  /** Size of each vector. */
  embeddingDim: number;
  /** The symbol that pads (from the end where negative): its vector starts at zero and is not trained. */
  paddingIdx?: number;
  /** Default `'float32'`. */
  dtype?: FloatType;
}

/**
 * A trainable vector per symbol: indices `[…]` (int32) → vectors `[…, embeddingDim]`.
 * `weight` is `[numEmbeddings, embeddingDim]` and starts as N(0, 1), as PyTorch's `nn.Embedding`; its gradient is the sum over
 * all places where a symbol occurs. `forward` throws a VocabularyError for an index that is not below numEmbeddings.
 */
export class Embedding extends Module {
  /** May be shared with a `Linear` of the same shape: `head.weight = embedding.weight`. */
  weight: Parameter;
  readonly #attributes: EmbeddingAttributes;

  constructor(options: EmbeddingOptions) {
    super();
    checkOptions('Embedding', options, {
      numEmbeddings: is.positiveInteger,
      embeddingDim: is.positiveInteger,
      paddingIdx: optional(is.integer),
      dtype: floatType,
    });
    const { numEmbeddings, embeddingDim, dtype = 'float32' } = options;
    const paddingIdx = resolvePadding(options);
    this.#attributes = paddingIdx === undefined ? {} : { paddingIdx };
    const stream = randomStream('parameters');
    this.weight = createParameter([numEmbeddings, embeddingDim], dtype, (data) => {
      for (let i = 0; i < data.length; i++) data[i] = stream.normal();
      if (paddingIdx === undefined) return;
      for (let j = 0; j < embeddingDim; j++) data[paddingIdx * embeddingDim + j] = 0;
    });
  }

  /** @throws VocabularyError if an index is not below numEmbeddings, DTypeError unless int32 */
  override forward(indices: Tensor): Tensor {
    expectTensor('Embedding.forward', 'indices', indices);
    return applyOp('embedding', [this.weight, indices], this.#attributes);
  }
}

function resolvePadding({ paddingIdx, numEmbeddings }: EmbeddingOptions): number | undefined {
  if (paddingIdx === undefined) return undefined;
  const resolved = paddingIdx < 0 ? paddingIdx + numEmbeddings : paddingIdx;
  if (resolved < 0 || resolved >= numEmbeddings)
    throw new OptionError(
      `Embedding: paddingIdx must be from ${-numEmbeddings} to ${numEmbeddings - 1}, got ${paddingIdx}`,
    );
  return resolved;
}
