import { OptionError, ShapeError } from '../../errors.js';
import { createNdArray, showShape, type NumberArray } from '../../ndarray.js';
import { checkOptions, is, optional } from '../../options.js';
import { record, Tensor } from '../../tensor.js';
import { Embedding } from '../embedding.js';
import { Module } from '../module.js';

/** Options of `Lexicon`. */
export interface LexiconOptions {
  /** t(f | e): how likely each source symbol e is to become each target symbol f, `[sources, targets]`. */
  probabilities: Tensor;
  /** ε, the chance of a symbol that the lexicon does not expect. Default 0.001. */
  smoothing?: number;
}

/** What a lexicon expects of the symbols of a batch of sources; made by `lookUp`. */
export class LexiconRows {
  constructor(
    /** Number of symbols of a source, padding included. */
    readonly length: number,
    /** Of symbol s of source b, at b · length + s: what it may become, and how likely. */
    readonly rows: readonly { readonly targets: Int32Array; readonly p: NumberArray }[],
  ) {}
}

/**
 * What a `Seq2Seq` is told of single words: where its attention α looks, the symbols that the lexicon expects there get a head
 * start,
 *
 *     logits_f + ln(Σ_s α_s · t(f | e_s) + ε)
 *
 * A rare word is then said at once, and attention learns soon where to look; what is left to learn is order, form and what
 * stands between. The table is the parameter `table.weight`. It is frozen and gets no gradient.
 *
 * Source: P. Arthur, G. Neubig, S. Nakamura, "Incorporating discrete translation lexicons into neural machine translation",
 * EMNLP 2016, section 4.2, the bias method, https://aclanthology.org/D16-1162
 *
 * @example
 * const model1 = new IbmModel1<number>(pairs);
 * const lexicon = new Lexicon({ probabilities: model1.toTensor({ sources: 1500, targets: 1500 }) });
 * const model = new Seq2Seq({ encoder, decoder, attention, lexicon, startIndex, endIndex });
 */
export class Lexicon extends Module {
  /** Number of source symbols, and of target symbols. */
  readonly sources: number;
  readonly targets: number;
  readonly smoothing: number;
  readonly table: Embedding;

  /** @throws ShapeError unless probabilities are a matrix, OptionError for one out of range */
  constructor(options: LexiconOptions) {
    super();
    checkOptions('Lexicon', options, {
      probabilities: (one) => (one instanceof Tensor ? undefined : 'a Tensor'),
      smoothing: optional(is.positive),
    });
    const { probabilities, smoothing = 0.001 } = options;
    const { shape, dtype, data } = probabilities;
    if (shape.length !== 2 || probabilities.size === 0 || dtype === 'int32')
      throw new ShapeError(
        `Lexicon: probabilities are ${dtype} ${showShape(shape)}, expected floating-point numbers [sources, targets]`,
      );
    const wrong = data.findIndex((p) => !(p >= 0 && p <= 1));
    if (wrong >= 0)
      throw new OptionError(
        `Lexicon: probabilities must be from 0 to 1, got ${data[wrong]} for source ${Math.floor(wrong / shape[1]!)} and target ${wrong % shape[1]!}`,
      );
    [this.sources, this.targets] = shape as [number, number];
    this.smoothing = smoothing;
    this.table = new Embedding({ numEmbeddings: this.sources, embeddingDim: this.targets, dtype });
    this.table.weight.data.set(data);
    this.freeze();
  }

  /** What is expected of the symbols of sources, int32 `[S, B]`. */
  lookUp({ data, shape }: Tensor): LexiconRows {
    const [length, batchSize] = shape as [number, number];
    const known = new Map<number, LexiconRows['rows'][number]>();
    const rowOf = (source: number) => {
      const row = known.get(source) ?? this.#row(source);
      known.set(source, row);
      return row;
    };
    const rows = Array.from({ length: batchSize * length }, (_, i) =>
      rowOf(data[(i % length) * batchSize + Math.floor(i / length)]!),
    );
    return new LexiconRows(length, rows);
  }

  #row(source: number): LexiconRows['rows'][number] {
    const p = this.table.weight.data.subarray(source * this.targets, (source + 1) * this.targets);
    const targets: number[] = [];
    p.forEach((value, f) => value > 0 && targets.push(f));
    return { targets: Int32Array.from(targets), p: p.filter((value) => value > 0) };
  }

  /**
   * Adds to logits `[T, B, targets]` what the lexicon expects where attention `[T, B, S]` looks.
   * @param rows what `lookUp` gave for the B sources of S symbols
   */
  override forward(logits: Tensor, attention: Tensor, rows: LexiconRows): Tensor {
    const [timeSteps, batchSize] = attention.shape as [number, number];
    const { targets, smoothing } = this;
    const expected = new Float64Array(targets);
    /** Leaves Σ_s α_s · t(f | e_s) + ε of a place in `expected`. */
    const expect = (place: number): void => {
      expected.fill(smoothing);
      eachSymbol(rows, attention, place, batchSize, (a, row) => {
        if (a > 0)
          for (let k = 0; k < row.p.length; k++) expected[row.targets[k]!]! += a * row.p[k]!;
      });
    };
    const out = createNdArray(logits.dtype, logits.shape);
    const unexpected = Math.log(smoothing);
    for (let place = 0; place < timeSteps * batchSize; place++) {
      expect(place);
      for (let f = 0, i = place * targets; f < targets; f++, i++)
        out.data[i] =
          logits.data[i]! + (expected[f] === smoothing ? unexpected : Math.log(expected[f]!));
    }
    const [result] = record('lexicon', [logits, attention], [out], ([adjoint], [toLogits, toA]) => {
      if (!adjoint) return;
      const { data } = adjoint;
      if (toLogits) for (let i = 0; i < data.length; i++) toLogits.data[i]! += data[i]!;
      if (!toA) return;
      for (let place = 0; place < timeSteps * batchSize; place++) {
        expect(place);
        for (let f = 0, i = place * targets; f < targets; f++, i++)
          expected[f] = data[i]! / expected[f]!;
        eachSymbol(rows, attention, place, batchSize, (_a, row, i) => {
          let sum = 0;
          for (let k = 0; k < row.p.length; k++) sum += expected[row.targets[k]!]! * row.p[k]!;
          toA.data[i]! += sum;
        });
      }
    });
    return result!;
  }
}

/** The source symbols of a place in `[T, B]`: the attention paid to each, its row, and where in `[T, B, S]` it is. */
function eachSymbol(
  { length, rows }: LexiconRows,
  attention: Tensor,
  place: number,
  batchSize: number,
  visit: (attention: number, row: LexiconRows['rows'][number], i: number) => void,
): void {
  const own = (place % batchSize) * length;
  for (let s = 0, i = place * length; s < length; s++, i++)
    visit(attention.data[i]!, rows[own + s]!, i);
}
