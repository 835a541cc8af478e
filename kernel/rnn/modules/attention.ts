import { OptionError, ShapeError } from '../errors.js';
import { createNumbers, showShape, type DType } from '../ndarray.js';
import { checkOptions, is, optional } from '../options.js';
import { Tensor } from '../tensor.js';
import {
  AdditiveScore,
  DotScore,
  GeneralScore,
  LocationScore,
  type AttentionScore,
} from './attentionScores.js';
import { floatType, type FloatType } from './linear.js';
import { Module } from './module.js';

/** What attention is told beside queries and memory. */
export interface AttentionCall {
  /** Valid time steps of each sequence of keys, at least 1; the others get weight 0. Default: all. */
  lengths?: ArrayLike<number> | Tensor;
}

/** What attention gives for a query. */
export interface AttentionResult {
  /** The keys' mean under the weights: `[B, keySize]`, or `[T, B, keySize]` for a sequence of queries. */
  context: Tensor;
  /** How much each key counts, sums to 1: `[B, S]`, or `[T, B, S]` for a sequence of queries. */
  weights: Tensor;
}

/** Keys with what was computed of them alone; made by `remember`. */
export class AttentionMemory {
  constructor(
    /** `[B, S, keySize]` */
    readonly keys: Tensor,
    readonly prepared: Tensor,
    /** Added to scores: `[B, 1, S]`, −∞ at padding. */
    readonly padding: Tensor | undefined,
  ) {}
}

interface AttentionSizes {
  /** Number of features of a query: what the decoder's state is. */
  querySize: number;
  /** Number of features of a key: what the encoder's output is. */
  keySize: number;
  /** Keys are `[B, S, keySize]` and sequences of queries `[B, T, querySize]`. Default false: time first. */
  batchFirst?: boolean;
  /** Default `'float32'`. */
  dtype?: FloatType;
}

const sizeOptions = {
  querySize: is.positiveInteger,
  keySize: is.positiveInteger,
  batchFirst: optional(is.boolean),
  dtype: floatType,
};

/**
 * Attention of queries to keys: weights = softmax(scores) over the S keys, context = Σ_s weights_s·key_s.
 *
 * Queries are `[B, querySize]`, or a sequence of them `[T, B, querySize]`; keys `[S, B, keySize]`, an encoder's output.
 */
abstract class Attention extends Module {
  readonly querySize: number;
  readonly keySize: number;
  readonly batchFirst: boolean;
  readonly score: AttentionScore;

  constructor(sizes: AttentionSizes, score: AttentionScore) {
    super();
    this.querySize = sizes.querySize;
    this.keySize = sizes.keySize;
    this.batchFirst = sizes.batchFirst ?? false;
    this.score = score;
  }

  /**
   * Computes what depends on the keys alone, for a decoder that attends to them at every time step.
   * @throws ShapeError if keys do not fit, OptionError for a length out of range
   */
  remember(keys: Tensor, { lengths }: AttentionCall = {}): AttentionMemory {
    const name = this.constructor.name;
    if (keys.shape.length !== 3 || keys.shape[2] !== this.keySize || keys.size === 0)
      throw new ShapeError(
        `${name}: keys are ${showShape(keys.shape)}, expected ${this.batchFirst ? '[B, S, keySize]' : '[S, B, keySize]'} with keySize = ${this.keySize}`,
      );
    const sequences = this.batchFirst ? keys : keys.transpose(0, 1);
    const [batchSize, steps] = sequences.shape as [number, number];
    const padding = lengths && paddingScores(name, lengths, batchSize, steps, keys.dtype);
    return new AttentionMemory(sequences, this.score.prepare(sequences), padding);
  }

  /**
   * @param keys a tensor, or what `remember` made of it (then without lengths here)
   * @throws ShapeError if shapes do not fit, OptionError for a length out of range
   */
  override forward(
    query: Tensor,
    keys: Tensor | AttentionMemory,
    call: AttentionCall = {},
  ): AttentionResult {
    const memory = keys instanceof AttentionMemory ? keys : this.remember(keys, call);
    const queries = this.toQueries(query, memory.keys.shape[0]!);
    const scores = this.score.forward(queries, memory.prepared);
    const weights = (memory.padding ? scores.add(memory.padding) : scores).softmax();
    const restore = (x: Tensor): Tensor => {
      if (query.shape.length === 2) return x.select(1, 0);
      return this.batchFirst ? x : x.transpose(0, 1);
    };
    return { context: restore(weights.matmul(memory.keys)), weights: restore(weights) };
  }

  /** `[B, T, querySize]` */
  private toQueries(query: Tensor, batchSize: number): Tensor {
    const { shape } = query;
    const isSequence = shape.length === 3;
    const batchAxis = isSequence && !this.batchFirst ? 1 : 0;
    if (
      (shape.length !== 2 && !isSequence) ||
      shape.at(-1) !== this.querySize ||
      shape[batchAxis] !== batchSize
    )
      throw new ShapeError(
        `${this.constructor.name}: query is ${showShape(shape)}, expected [B, querySize] or a sequence of them, with B = ${batchSize} and querySize = ${this.querySize}`,
      );
    if (!isSequence) return query.reshape([batchSize, 1, this.querySize]);
    return this.batchFirst ? query : query.transpose(0, 1);
  }
}

function paddingScores(
  owner: string,
  lengths: ArrayLike<number> | Tensor,
  batchSize: number,
  steps: number,
  dtype: DType,
): Tensor {
  const list = Array.from(lengths instanceof Tensor ? lengths.data : lengths);
  if (list.length !== batchSize)
    throw new ShapeError(`${owner}: got ${list.length} lengths, expected ${batchSize}`);
  const scores = createNumbers(dtype, batchSize * steps);
  list.forEach((length, b) => {
    if (!Number.isInteger(length) || length < 1 || length > steps)
      throw new OptionError(
        `${owner}: lengths must hold integers from 1 to ${steps}, got ${length} for sequence ${b}`,
      );
    scores.fill(-Infinity, b * steps + length, (b + 1) * steps);
  });
  const padding = new Tensor(scores, [batchSize, 1, steps]);
  lengthsOfPadding.set(padding, Int32Array.from(list));
  return padding;
}

const lengthsOfPadding = new WeakMap<Tensor, Int32Array>();

/** The lengths that a tensor of padding scores was made from, for who writes the model down. */
export const lengthsBehind = (padding: Tensor): Int32Array | undefined =>
  lengthsOfPadding.get(padding);

/** Options of `BahdanauAttention`. */
export interface BahdanauAttentionOptions extends AttentionSizes {
  /** Number of features in which queries and keys meet. */
  hiddenSize: number;
}

/**
 * Additive attention: score(q, k) = vᵀ tanh(W·q + U·k).
 *
 * Queries `[B, querySize]` or `[T, B, querySize]`, keys `[S, B, keySize]` → context and weights; parameters
 * `score.query.weight` W, `score.key.weight` U, `score.energy.weight` vᵀ.
 * Source: D. Bahdanau, K. Cho, Y. Bengio, "Neural machine translation by jointly learning to align and translate",
 * ICLR 2015, appendix A.1.2.
 */
export class BahdanauAttention extends Attention {
  constructor(options: BahdanauAttentionOptions) {
    checkOptions('BahdanauAttention', options, {
      ...sizeOptions,
      hiddenSize: is.positiveInteger,
    });
    const { querySize, keySize, hiddenSize, dtype = 'float32' } = options;
    super(options, new AdditiveScore(querySize, keySize, hiddenSize, dtype));
  }
}

/** Options of `LuongAttention`. */
export interface LuongAttentionOptions extends AttentionSizes {
  /** Default `'general'`. */
  method?: 'dot' | 'general' | 'concat' | 'location';
  /** For `'concat'`: number of features in which queries and keys meet. Default querySize. */
  hiddenSize?: number;
  /** For `'location'`: the most keys there may be. */
  maxLength?: number;
}

/**
 * Multiplicative attention and its relatives, by `method`:
 *
 *     dot       q·k                    general   qᵀ·W·k
 *     concat    vᵀ tanh(W·[q; k])      location  (W·q)_s, the keys only counted
 *
 * Queries `[B, querySize]` or `[T, B, querySize]`, keys `[S, B, keySize]` → context and weights.
 * Source: M.-T. Luong, H. Pham, C. D. Manning, "Effective approaches to attention-based neural machine translation",
 * EMNLP 2015, section 3.1.
 */
export class LuongAttention extends Attention {
  constructor(options: LuongAttentionOptions) {
    checkOptions('LuongAttention', options, {
      ...sizeOptions,
      method: optional(is.oneOf('dot', 'general', 'concat', 'location')),
      hiddenSize: optional(is.positiveInteger),
      maxLength: optional(is.positiveInteger),
    });
    super(options, luongScores[options.method ?? 'general'](options));
  }
}

type LuongMethod = NonNullable<LuongAttentionOptions['method']>;

const luongScores: Record<LuongMethod, (options: LuongAttentionOptions) => AttentionScore> = {
  dot: ({ querySize, keySize }) => {
    if (querySize !== keySize)
      throw new OptionError(
        `LuongAttention: method "dot" needs querySize and keySize to be equal, got ${querySize} and ${keySize}`,
      );
    return new DotScore();
  },
  general: ({ querySize, keySize, dtype = 'float32' }) =>
    new GeneralScore(querySize, keySize, dtype),
  concat: ({ querySize, keySize, hiddenSize = querySize, dtype = 'float32' }) =>
    new AdditiveScore(querySize, keySize, hiddenSize, dtype),
  location: ({ querySize, maxLength, dtype = 'float32' }) => {
    if (maxLength === undefined)
      throw new OptionError('LuongAttention: method "location" needs maxLength');
    return new LocationScore(querySize, maxLength, dtype);
  },
};
