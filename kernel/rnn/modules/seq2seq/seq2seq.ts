import { isAllowed } from '../../decode/allowed.js';
import { samplingOptions } from '../../decode/sampler.js';
import type { Batch } from '../../data/batch.js';
import { OptionError, ShapeError } from '../../errors.js';
import { cat } from '../../factories.js';
import { showShape } from '../../ndarray.js';
import { checkOptions, is, optional } from '../../options.js';
import { randomStream } from '../../random.js';
import { noGrad, Tensor } from '../../tensor.js';
import type { Tokenizer } from '../../train/generate.js';
import { raggedLengths } from '../../train/model.js';
import { BahdanauAttention, LuongAttention } from '../attention.js';
import { Module } from '../module.js';
import { createBridge, type BridgeKind } from './bridge.js';
import { Decoder, type DecoderOptions, type DecoderState } from './decoder.js';
import { Encoder, type EncoderOptions } from './encoder.js';
import {
  sampleSequences,
  searchSequence,
  type GeneratedSequence,
  type GenerateSequencesOptions,
} from './generateSequences.js';
import { Lexicon } from './lexicon.js';

/** Options of `Seq2Seq`. */
export interface Seq2SeqOptions {
  /** Reads the source. */
  encoder: EncoderOptions;
  /** Says the target. */
  decoder: DecoderOptions;
  /** What the decoder looks at the source with; without it all it knows is the encoder's last state. */
  attention?: BahdanauAttention | LuongAttention;
  /** What single symbols mean, for the decoder to say where its attention looks: a head start where there is little to learn from. */
  lexicon?: Lexicon;
  /** Whether the decoder reads what it gave out at the last step, with `LuongAttention`. Default false. */
  inputFeeding?: boolean;
  /** How the decoder's first state comes from the encoder's last. Default: `'copy'` where they fit, else `'linear'`. */
  bridge?: BridgeKind;
  /** The symbol that the decoder reads first. */
  startIndex: number;
  /** The symbol that ends a target; without it a target is as long as `maxLength` says. */
  endIndex?: number;
  /**
   * How likely the decoder is, while `fit` trains, to read the target's last symbol rather than its own: a number, or a
   * function of the number of steps done, see `scheduledSampling`. `evaluate` lets it read the target. Default 1.
   */
  teacherForcing?: number | ((stepsDone: number) => number);
  /** How it says a symbol that it reads itself while `fit` trains. Default `'greedy'`. */
  sampling?: 'greedy' | 'sample';
}

/** What `Seq2Seq.forward` is told beside source and target. */
export interface Seq2SeqForwardOptions {
  /** Valid time steps of each source, in any order; the rest is neither read nor attended to. Default: all. */
  lengths?: ArrayLike<number> | Tensor;
  /**
   * Probability, for each sequence and time step, that the decoder reads the target's last symbol rather than the one
   * that it said itself. 1: teacher forcing; 0: it hears itself only. See `scheduledSampling`. Default 1.
   */
  teacherForcing?: number;
  /** How it says a symbol that it reads itself: the likeliest one, or one drawn by its probability. Default `'greedy'`. */
  sampling?: 'greedy' | 'sample';
}

/** How `Seq2Seq.translate` reads and writes text. */
export interface TranslateOptions extends Omit<GenerateSequencesOptions, 'lengths'> {
  /** Encodes the text. */
  from: Tokenizer;
  /** Decodes what the model says. */
  to: Tokenizer;
}

/** A `GeneratedSequence` as text. */
export interface Translation extends GeneratedSequence {
  readonly text: string;
  /** The symbols of source and target, for the axes of a picture of `attention`. */
  readonly source: readonly string[];
  readonly target: readonly string[];
}

/**
 * Encoder and decoder: reads a source and says a target, symbol by symbol, with attention or without.
 *
 * Source symbols `[S, B]` (int32; or vectors `[S, B, F]`), target `[T, B]`: what shall be said, with the end symbol; the
 * decoder reads `startIndex` and then the target one step late. Logits are `[T, B, V]`, so that the loss is
 * `crossEntropy(output, target)`; targets below 0 (`ignoredTarget`) are padding.
 *
 * The encoder runs fused over the source, the decoder over the whole target where it reads it (`teacherForcing: 1`) and
 * nothing that it reads depends on the step before (no `BahdanauAttention`, no `inputFeeding`).
 *
 * Sources: I. Sutskever, O. Vinyals, Q. V. Le, NeurIPS 2014; D. Bahdanau et al., ICLR 2015; M.-T. Luong et al., EMNLP 2015.
 *
 * @example
 * const model = new Seq2Seq({
 *   encoder: {
 *     embedding: new Embedding({ numEmbeddings: 40, embeddingDim: 32 }),
 *     rnn: new GRU({ inputSize: 32, hiddenSize: 64, bidirectional: true }),
 *   },
 *   decoder: {
 *     embedding: new Embedding({ numEmbeddings: 50, embeddingDim: 32 }),
 *     rnn: new GRU({ inputSize: 32, hiddenSize: 64 }),
 *   },
 *   attention: new LuongAttention({ querySize: 64, keySize: 128 }),
 *   startIndex: 1,
 *   endIndex: 2,
 * });
 * const data = bucketBatches(pairs, { batchSize: 32 }); // { input: source, target: what shall be said, with its end }
 * await fit({ model, data, loss: crossEntropy, optimizer, epochs: 20 });
 * const [said] = model.generate(source, { lengths, beamWidth: 4 });
 */
export class Seq2Seq extends Module {
  readonly encoder: Encoder;
  readonly decoder: Decoder;
  readonly startIndex: number;
  readonly endIndex: number | undefined;
  /** As the options of these names; may be changed at any time. */
  teacherForcing: number | ((stepsDone: number) => number);
  sampling: 'greedy' | 'sample';

  /** @throws OptionError for sizes that do not fit together: it names both */
  constructor(options: Seq2SeqOptions) {
    super();
    checkOptions('Seq2Seq', options, {
      encoder: is.object,
      decoder: is.object,
      attention: optional((one) =>
        one instanceof BahdanauAttention || one instanceof LuongAttention
          ? undefined
          : 'a BahdanauAttention or a LuongAttention',
      ),
      lexicon: optional((one) => (one instanceof Lexicon ? undefined : 'a Lexicon')),
      inputFeeding: optional(is.boolean),
      bridge: optional(is.oneOf('copy', 'linear', 'zeros')),
      startIndex: isIndex,
      endIndex: optional(isIndex),
      teacherForcing: optional((one) =>
        typeof one === 'function' || !is.probability(one)
          ? undefined
          : 'a number from 0 to 1, or a function of the number of steps done',
      ),
      sampling: optional(is.oneOf('greedy', 'sample')),
    });
    const { encoder, attention, lexicon, inputFeeding = false, startIndex, endIndex } = options;
    const keySize = encoder.rnn.outputSize;
    const decoder = new Decoder(options.decoder, { keySize, attention, lexicon, inputFeeding });
    checkLexicon(options, decoder.numEmbeddings);
    this.encoder = new Encoder(encoder, createBridge(encoder.rnn, decoder.rnn, options.bridge));
    this.decoder = decoder;
    this.startIndex = startIndex;
    this.endIndex = endIndex;
    this.teacherForcing = options.teacherForcing ?? 1;
    this.sampling = options.sampling ?? 'greedy';
    for (const [name, index] of Object.entries({ startIndex, endIndex }))
      if (index !== undefined && index >= decoder.numEmbeddings)
        throw new OptionError(
          `Seq2Seq: ${name} is ${index}, expected a symbol below numEmbeddings = ${decoder.numEmbeddings} of the decoder`,
        );
  }

  /** Reads a source: the state that the decoder begins with. */
  encode(source: Tensor, { lengths }: Pick<Seq2SeqForwardOptions, 'lengths'> = {}): DecoderState {
    const { output, state } = this.encoder.forward(source, { ...(lengths && { lengths }) });
    if (!this.decoder.attention) return { rnn: state };
    return this.decoder.remember({
      rnn: state,
      keys: output,
      ...(lengths && { lengths: toTensor(lengths) }),
      ...(this.decoder.lexicon && { lexicon: this.decoder.lexicon.lookUp(source) }),
    });
  }

  /**
   * @returns logits `[T, B, V]`, and where attention was paid: `[T, B, S]`
   * @throws ShapeError if the target has another batch than the source, OptionError for an option out of range
   */
  override forward(
    source: Tensor,
    target: Tensor,
    options: Seq2SeqForwardOptions = {},
  ): { output: Tensor; state: DecoderState; attention?: Tensor } {
    checkOptions('Seq2Seq.forward', options, {
      lengths: () => undefined,
      teacherForcing: optional(is.probability),
      sampling: optional(is.oneOf('greedy', 'sample')),
    });
    if (target.shape.length !== 2 || target.shape[1] !== source.shape[1])
      throw new ShapeError(
        `Seq2Seq.forward: target is ${showShape(target.shape)}, expected [T, B] with B = ${source.shape[1]!} as the source ${showShape(source.shape)}`,
      );
    const { teacherForcing = 1 } = options;
    const state = this.encode(source, options);
    const heard = this.shifted(target);
    return teacherForcing === 1
      ? this.decoder.forward(heard, state)
      : this.forwardSampled(heard, state, teacherForcing, options.sampling ?? 'greedy');
  }

  /**
   * The logits of a batch and the attention paid, which is what `fit` and `evaluate` ask for: its input is the source and its target what shall
   * be said. In evaluation mode the decoder reads the target, in training mode as `teacherForcing` has it.
   *
   * @param call `step`: the step of training under way, from 1
   * @throws OptionError for a batch that continues another: every target begins anew
   */
  forwardBatch(
    batch: Batch,
    _state?: unknown,
    { step = 1 }: { step?: number } = {},
  ): { output: Tensor; attention?: Tensor } {
    const { input, target, continues = false } = batch;
    if (continues !== false)
      throw new OptionError(
        'Seq2Seq.forwardBatch: expected a batch of whole sequences, got one that continues another',
      );
    const { training, teacherForcing, sampling } = this;
    const scheduled =
      typeof teacherForcing === 'function' ? teacherForcing(step - 1) : teacherForcing;
    const lengths = raggedLengths(input, batch.lengths);
    const options = { ...(lengths && { lengths }), sampling };
    const { output, attention } = this.forward(input, target, {
      ...options,
      teacherForcing: training ? scheduled : 1,
    });
    return { output, ...(attention && { attention }) };
  }

  /** What the decoder reads: the start symbol, and the target one step late. */
  private shifted({ data, shape }: Tensor): Tensor {
    const batchSize = shape[1]!;
    const heard = new Int32Array(data.length).fill(this.startIndex);
    const filler = this.endIndex ?? this.startIndex;
    for (let i = batchSize; i < heard.length; i++) {
      const symbol = data[i - batchSize]!;
      // Nobody counts what follows padding.
      heard[i] = symbol < 0 ? filler : symbol;
    }
    return new Tensor(heard, shape);
  }

  private forwardSampled(
    heard: Tensor,
    initial: DecoderState,
    teacherForcing: number,
    sampling: 'greedy' | 'sample',
  ) {
    const [timeSteps, batchSize] = heard.shape as [number, number];
    const stream = randomStream('teacherForcing');
    const masks = this.decoder.rnn.drawMasks(batchSize);
    const outputs: Tensor[] = [];
    const weights: Tensor[] = [];
    let state = initial;
    for (let t = 0; t < timeSteps; t++) {
      const input = heard.data.slice(t * batchSize, (t + 1) * batchSize);
      if (t > 0) {
        const own = say(outputs[t - 1]!, sampling);
        for (let b = 0; b < batchSize; b++)
          if (stream.uniform() >= teacherForcing) input[b] = own[b]!;
      }
      const result = this.decoder.forward(new Tensor(input, [1, batchSize]), state, { masks });
      ({ state } = result);
      outputs.push(result.output);
      if (result.attention) weights.push(result.attention);
    }
    return {
      output: cat(outputs),
      state,
      ...(weights.length > 0 && { attention: cat(weights) }),
    };
  }

  /**
   * Says a target for each source, in evaluation mode: greedy, sampled, or by beam search.
   * @throws OptionError for an option out of range
   */
  generate(source: Tensor, options: GenerateSequencesOptions = {}): GeneratedSequence[] {
    checkOptions('Seq2Seq.generate', options, {
      lengths: () => undefined,
      maxLength: optional((one) =>
        typeof one === 'function' || !is.positiveInteger(one)
          ? undefined
          : 'a positive integer, or a function of the source’s length',
      ),
      beamWidth: optional(is.positiveInteger),
      lengthPenalty: optional(is.nonNegative),
      allowed: optional(isAllowed),
      ...samplingOptions,
    });
    const wasTraining = this.training;
    this.eval();
    try {
      return noGrad(() => this.say(source, options));
    } finally {
      this.train(wasTraining);
    }
  }

  private say(source: Tensor, options: GenerateSequencesOptions): GeneratedSequence[] {
    const [timeSteps, batchSize] = source.shape as [number, number];
    const lengths = options.lengths
      ? [...toTensor(options.lengths).data]
      : Array<number>(batchSize).fill(timeSteps);
    if ((options.beamWidth ?? 1) === 1)
      return sampleSequences(this.decoder, this.encode(source, options), lengths, this, options);
    return lengths.map((length, b) => {
      const alone = source.slice(0, 0, length).slice(1, b, b + 1);
      return searchSequence(this.decoder, this.encode(alone), length, this, options);
    });
  }

  /**
   * Says the target of one text.
   *
   * @example
   * const { text, source, target, attention } = model.translate('guten tag', { from: german, to: english });
   */
  translate(text: string, { from, to, ...options }: TranslateOptions): Translation {
    const encoded = Int32Array.from(from.encode(text));
    if (encoded.length === 0)
      throw new OptionError(
        'Seq2Seq.translate: the text encodes to no symbol, expected one at least',
      );
    const [said] = this.generate(new Tensor(encoded, [encoded.length, 1]), options);
    const { indices, ended } = said!;
    const symbols =
      ended && this.endIndex !== undefined ? [...indices, this.endIndex] : [...indices];
    return {
      ...said!,
      text: to.decode(indices),
      source: [...encoded].map((index) => from.decode([index])),
      target: symbols.map((index) => (index === this.endIndex ? '∎' : to.decode([index]))),
    };
  }
}

function checkLexicon({ lexicon, attention, encoder }: Seq2SeqOptions, targets: number): void {
  if (!lexicon) return;
  if (!attention || !encoder.embedding)
    throw new OptionError(
      `Seq2Seq: lexicon needs ${attention ? 'an encoder.embedding, for it knows symbols' : 'attention, for it says what stands where attention looks'}`,
    );
  const sources = encoder.embedding.weight.shape[0]!;
  if (lexicon.sources !== sources || lexicon.targets !== targets)
    throw new OptionError(
      `Seq2Seq: lexicon has ${lexicon.sources} sources and ${lexicon.targets} targets, expected those of encoder and decoder, ${sources} and ${targets}`,
    );
}

const isIndex = (value: unknown): string | undefined =>
  Number.isInteger(value) && (value as number) >= 0 ? undefined : 'a symbol, 0 or more';

const toTensor = (lengths: ArrayLike<number> | Tensor): Tensor =>
  lengths instanceof Tensor ? lengths : new Tensor(Int32Array.from(lengths), [lengths.length]);

/** A symbol for each row of logits `[1, B, V]`. */
function say(logits: Tensor, sampling: 'greedy' | 'sample'): ArrayLike<number> {
  if (sampling === 'greedy') return logits.argmax().data;
  const [, batchSize, width] = logits.shape as [number, number, number];
  const stream = randomStream('scheduledSampling');
  const { data } = logits.detach().softmax();
  return Array.from({ length: batchSize }, (_, b) => {
    let rest = stream.uniform();
    for (let i = 0; i < width; i++) {
      rest -= data[b * width + i]!;
      if (rest < 0) return i;
    }
    // What rounding left over.
    return width - 1;
  });
}
