import { OptionError } from '../../errors.js';
import { cat, zeros } from '../../factories.js';
import { checkOptions, is, optional } from '../../options.js';
import type { Tensor } from '../../tensor.js';
import {
  AttentionMemory,
  BahdanauAttention,
  LuongAttention,
  type AttentionResult,
} from '../attention.js';
import { Embedding } from '../embedding.js';
import { Linear } from '../linear.js';
import { Module } from '../module.js';
import { Recurrent } from '../recurrent.js';
import type { RecurrentForwardOptions, RecurrentState } from '../recurrentOptions.js';
import type { VariationalMasks } from '../variationalDropout.js';
import type { Lexicon, LexiconRows } from './lexicon.js';

/** The decoder of a `Seq2Seq`: says the target symbol after symbol. */
export interface DecoderOptions {
  /** The vectors of the symbols that it has said. */
  embedding: Embedding;
  /**
   * Goes on from symbol to symbol: one direction, time first. It reads the embedding, with `BahdanauAttention` the
   * context beside it, with input feeding what the last step gave out.
   */
  rnn: Recurrent;
  /** Number of features of what it gives out at each step before the choice of a symbol. Default: those of `rnn`. */
  readoutSize?: number;
  /** Whether the weights of the choice are those of the embedding (`readoutSize` is then embeddingDim). Default false. */
  tied?: boolean;
}

/** Where a decoder stands, and what it attends to. */
export interface DecoderState {
  readonly rnn: RecurrentState;
  /** The encoder's output `[S, B, keySize]`. */
  readonly keys?: Tensor;
  /** Valid time steps of each source, int32 `[B]`. */
  readonly lengths?: Tensor;
  /** What the last step gave out, `[1, B, readoutSize]`, with input feeding. */
  readonly feed?: Tensor;
  /** What was computed of the keys alone; computed again where left out. */
  readonly memory?: AttentionMemory;
  /** With a `Lexicon`: what it expects of the source's symbols. */
  readonly lexicon?: LexiconRows;
}

/** What a decoder needs beyond its own options. */
export interface DecoderPlan {
  readonly keySize: number;
  readonly attention: BahdanauAttention | LuongAttention | undefined;
  readonly lexicon: Lexicon | undefined;
  readonly inputFeeding: boolean;
}

/**
 * Says symbols, one for each that it is given, attending to a source.
 *
 * Without attention, or with `LuongAttention` and no input feeding, its recurrent layer runs over a whole target at
 * once; with `BahdanauAttention` or input feeding what it reads depends on the step before, and it goes step by step.
 *
 *     Luong       h_t = rnn(y_t),  context of h_t;     with input feeding h_t = rnn([y_t; r_{t−1}])
 *     Bahdanau    context of h_{t−1},  h_t = rnn([y_t; context])
 *     readout     r_t = tanh(W·[context; h_t] + b),  logits = V·r_t + c
 *
 * Without attention r_t = h_t, unless `readoutSize` asks for tanh(W·h_t + b). A `Lexicon` adds to the logits.
 */
export class Decoder extends Module {
  readonly embedding: Embedding;
  readonly rnn: Recurrent;
  readonly attention: BahdanauAttention | LuongAttention | undefined;
  readonly lexicon: Lexicon | undefined;
  readonly readout: Linear | undefined;
  readonly head: Linear;
  readonly inputFeeding: boolean;
  readonly readoutSize: number;
  /** Number of symbols to choose from. */
  readonly numEmbeddings: number;

  constructor(options: DecoderOptions, { keySize, attention, lexicon, inputFeeding }: DecoderPlan) {
    super();
    checkOptions('Seq2Seq: decoder', options, {
      embedding: (one) => (one instanceof Embedding ? undefined : 'an Embedding'),
      rnn: (one) => (one instanceof Recurrent ? undefined : 'an RNN, LSTM, GRU or Recurrent'),
      readoutSize: optional(is.positiveInteger),
      tied: optional(is.boolean),
    });
    const { embedding, rnn, tied = false } = options;
    const [numEmbeddings, embeddingDim] = embedding.weight.shape as [number, number];
    this.embedding = embedding;
    this.rnn = rnn;
    this.attention = attention;
    this.lexicon = lexicon;
    this.inputFeeding = inputFeeding;
    this.numEmbeddings = numEmbeddings;
    this.readoutSize = options.readoutSize ?? (tied ? embeddingDim : rnn.outputSize);
    this.#check(keySize, embeddingDim, tied);
    const { dtype } = rnn;
    const combined = rnn.outputSize + (attention ? keySize : 0);
    if (attention || this.readoutSize !== rnn.outputSize)
      this.readout = new Linear({ inFeatures: combined, outFeatures: this.readoutSize, dtype });
    this.head = new Linear({ inFeatures: this.readoutSize, outFeatures: numEmbeddings, dtype });
    if (tied) this.head.weight = embedding.weight;
  }

  #check(keySize: number, embeddingDim: number, tied: boolean): void {
    const { rnn, attention, inputFeeding } = this;
    if (rnn.bidirectional || rnn.batchFirst)
      throw new OptionError(
        `Seq2Seq: decoder.rnn is ${rnn.bidirectional ? 'bidirectional' : 'batchFirst'}, expected one direction and time first`,
      );
    if (inputFeeding && !(attention instanceof LuongAttention))
      throw new OptionError(
        `Seq2Seq: inputFeeding needs a LuongAttention, got ${attention ? attention.constructor.name : 'no attention'}`,
      );
    if (tied && this.readoutSize !== embeddingDim)
      throw new OptionError(
        `Seq2Seq: tied needs readoutSize = embeddingDim = ${embeddingDim}, got ${this.readoutSize}`,
      );
    const [extra, what] =
      attention instanceof BahdanauAttention
        ? [keySize, 'keySize']
        : inputFeeding
          ? [this.readoutSize, 'readoutSize']
          : [0, ''];
    if (rnn.inputSize !== embeddingDim + extra)
      throw new OptionError(
        `Seq2Seq: decoder.rnn has inputSize ${rnn.inputSize}, expected embeddingDim${what && ` + ${what}`} = ${what ? `${embeddingDim} + ${extra} = ` : ''}${embeddingDim + extra}`,
      );
    if (!attention) return;
    const querySize =
      attention instanceof BahdanauAttention ? rnn.programs[0]!.states[0]!.size : rnn.outputSize;
    if (attention.keySize !== keySize || attention.querySize !== querySize || attention.batchFirst)
      throw new OptionError(
        `Seq2Seq: attention has querySize ${attention.querySize} and keySize ${attention.keySize}${attention.batchFirst ? ', batch first' : ''}, expected those of the decoder and the encoder, ${querySize} and ${keySize}, time first`,
      );
  }

  /** Whether what a step reads depends on the step before. */
  get isStepped(): boolean {
    return this.inputFeeding || this.attention instanceof BahdanauAttention;
  }

  /** The same state with what depends on the keys alone computed once. */
  remember(state: DecoderState): DecoderState {
    const { attention } = this;
    if (!attention || state.memory) return state;
    if (!state.keys)
      throw new OptionError('Seq2Seq: the decoder attends to a source, expected state.keys');
    const call = state.lengths ? { lengths: state.lengths } : {};
    return { ...state, memory: attention.remember(state.keys, call) };
  }

  /**
   * @param input the symbols that were said last, int32 `[T, B]`
   * @returns logits `[T, B, numEmbeddings]` of the next ones, and where attention was paid: `[T, B, S]`
   */
  override forward(
    input: Tensor,
    state: DecoderState,
    call: RecurrentForwardOptions = {},
  ): { output: Tensor; state: DecoderState; attention?: Tensor } {
    if (call.lengths !== undefined || call.reverse)
      throw new OptionError(
        'Decoder.forward: a target is said from its start to its end, expected no lengths or reverse; mask its loss',
      );
    const known = this.remember(state);
    const vectors = this.embedding.forward(input);
    const { readouts, rnn, weights } = this.isStepped
      ? this.#stepByStep(vectors, known, call.masks)
      : this.#together(vectors, known, call.masks);
    const timeSteps = readouts.shape[0]!;
    const logits = this.head.forward(readouts);
    return {
      output:
        this.lexicon && known.lexicon
          ? this.lexicon.forward(logits, weights!, known.lexicon)
          : logits,
      state: {
        ...known,
        rnn,
        ...(this.inputFeeding && { feed: readouts.slice(0, timeSteps - 1, timeSteps) }),
      },
      ...(weights && { attention: weights }),
    };
  }

  #together(vectors: Tensor, state: DecoderState, masks: VariationalMasks | undefined) {
    const { output, state: rnn } = this.rnn.forward(vectors, state.rnn, {
      ...(masks && { masks }),
    });
    const attended = state.memory && this.attention?.forward(output, state.memory);
    return { readouts: this.#readOut(output, attended), rnn, weights: attended?.weights };
  }

  #stepByStep(vectors: Tensor, state: DecoderState, given: VariationalMasks | undefined) {
    const [timeSteps, batchSize] = vectors.shape as [number, number];
    const masks = given ?? this.rnn.drawMasks(batchSize);
    const readouts: Tensor[] = [];
    const weights: Tensor[] = [];
    let { rnn } = state;
    let feed = state.feed ?? this.#noFeed(vectors);
    for (let t = 0; t < timeSteps; t++) {
      const before = this.inputFeeding ? undefined : this.#attend(this.#hidden(rnn), state);
      const beside = before ? before.context : feed;
      const x = cat([vectors.slice(0, t, t + 1), beside], -1);
      const result = this.rnn.forward(x, rnn, { masks });
      ({ state: rnn } = result);
      const attended = before ?? this.#attend(result.output, state);
      feed = this.#readOut(result.output, attended);
      readouts.push(feed);
      weights.push(attended.weights);
    }
    return { readouts: cat(readouts), rnn, weights: cat(weights) };
  }

  #attend(query: Tensor, { memory }: DecoderState): AttentionResult {
    return this.attention!.forward(query, memory!);
  }

  /** The top layer's hidden state, `[1, B, size]`. */
  #hidden(state: RecurrentState): Tensor {
    const { numLayers, programs } = this.rnn;
    const hidden = state[programs[0]!.states[0]!.name]!;
    return numLayers === 1 ? hidden : hidden.slice(0, numLayers - 1, numLayers);
  }

  #noFeed(vectors: Tensor): Tensor {
    return zeros([1, vectors.shape[1]!, this.readoutSize], { dtype: this.rnn.dtype });
  }

  #readOut(output: Tensor, attended: AttentionResult | undefined): Tensor {
    if (!this.readout) return output;
    const read = attended ? cat([attended.context, output], -1) : output;
    return this.readout.forward(read).tanh();
  }
}
