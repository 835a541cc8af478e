import { OptionError } from '../errors.js';
import { createNdArray } from '../ndarray.js';
import { checkOptions, is, optional } from '../options.js';
import { Tensor } from '../tensor.js';
import type { Batch } from './batch.js';

/** A word, or a tokenizer's index of one. */
export type Word = string | number;

/** A text and its translation, as words. */
export interface WordPair<W extends Word> {
  source: ArrayLike<W>;
  target: ArrayLike<W>;
}

/** Options of `IbmModel1`. */
export interface IbmModel1Options {
  /** Rounds of expectation and maximisation. Default 8. */
  iterations?: number;
}

/** Stands before every source, for target words that no word of it explains. */
const nothing = 0;
/** Probabilities that differ by less of themselves are alike. */
const rounding = 1e-9;

/**
 * A lexicon learnt from translated texts alone: which word means which, from what occurs together.
 *
 * Each target word f is taken to come from one word of the source e (or from none), each place alike:
 *
 *     p(f | e₁ … e_S) = 1/(S + 1) · Σ_s t(f | e_s),   s = 0 … S, e₀ nothing
 *
 * Expectation-maximisation raises the likelihood of all pairs round by round, from uniform t to its one maximum:
 * t(f | e) ∝ Σ over pairs, places with e and places with f of t(f | e) / Σ_s t(f | e_s).
 *
 * It knows neither order nor neighbours, so `translate` is word for word: the baseline that a translation model has to beat.
 *
 * Source: P. F. Brown, S. A. Della Pietra, V. J. Della Pietra, R. L. Mercer, "The mathematics of statistical machine
 * translation: parameter estimation", Computational Linguistics 19(2), 1993, Model 1, https://aclanthology.org/J93-2003
 *
 * @example
 * const lexicon = new IbmModel1([
 *   { source: ['the', 'house'], target: ['das', 'Haus'] },
 *   { source: ['the', 'book'], target: ['das', 'Buch'] },
 * ]);
 * lexicon.translate(['house']); // ['Haus']
 */
export class IbmModel1<W extends Word = string> {
  readonly #sources = new Map<W, number>();
  readonly #targets = new Map<W, number>();
  readonly #targetWords: W[] = [];
  /** t(f | e) of the words that occurred together, by e; the first row is that of nothing. */
  #table: Map<number, number>[] = [];

  /** @throws OptionError for no pair, or one without words on a side */
  constructor(pairs: readonly WordPair<W>[], options: IbmModel1Options = {}) {
    checkOptions('IbmModel1', options, { iterations: optional(is.positiveInteger) });
    if (pairs.length === 0)
      throw new OptionError('IbmModel1: expected at least one pair, got none');
    const numbered = pairs.map(({ source, target }, k) => {
      if (source.length === 0 || target.length === 0)
        throw new OptionError(
          `IbmModel1: pair ${k} has ${source.length} source words and ${target.length} target words, expected one or more of each`,
        );
      return {
        source: [nothing, ...Array.from(source, (word) => 1 + numberOf(this.#sources, word))],
        target: Array.from(target, (word) => numberOf(this.#targets, word)),
      };
    });
    this.#targetWords.push(...this.#targets.keys());
    for (let round = 0; round < (options.iterations ?? 8); round++) this.#improve(numbered);
  }

  /** t(target | source): how likely a source word is to become a target word; 0 where they never occurred together. */
  probability(target: W, source: W): number {
    return this.#rowOf(source)?.get(this.#targets.get(target) ?? -1) ?? 0;
  }

  /**
   * Word for word, each the likeliest one. Words that it never saw stay as they are, and so do those that nothing is likelier
   * for: what always stands together, as brackets do, cannot be told apart.
   */
  translate(source: ArrayLike<W>): W[] {
    return Array.from(source, (word) => {
      const row = this.#rowOf(word);
      if (!row) return word;
      let best = this.#targets.get(word) ?? -1;
      let most = (row.get(best) ?? 0) * (1 + rounding);
      for (const [f, p] of row) if (p > most) [best, most] = [f, p];
      return this.#targetWords[best]!;
    });
  }

  /**
   * Where each target word comes from, as far as the lexicon can tell: p(s | f) = t(f | e_s) / Σ t(f | e), `[T, S]`. What
   * is missing to 1 comes from nothing.
   */
  align(source: ArrayLike<W>, target: ArrayLike<W>): Tensor {
    const result = createNdArray('float32', [target.length, source.length]);
    const rows = Array.from(source, (word) => this.#rowOf(word));
    Array.from(target).forEach((word, t) => {
      const f = this.#targets.get(word) ?? -1;
      const values = rows.map((row) => row?.get(f) ?? 0);
      const sum = values.reduce((a, b) => a + b, this.#table[nothing]!.get(f) ?? 0);
      if (sum > 0)
        result.data.set(
          values.map((value) => value / sum),
          t * source.length,
        );
    });
    return new Tensor(result.data, result.shape);
  }

  /** `align` for a padded batch of pairs as `padBatch` makes them: `[T, B, S]`, 0 at padding. */
  alignBatch(this: IbmModel1<number>, { input, target, lengths }: Batch): Tensor {
    const [steps, batchSize] = target.shape as [number, number];
    const width = input.shape[0]!;
    const result = createNdArray('float32', [steps, batchSize, width]);
    for (let b = 0; b < batchSize; b++) {
      const column = ({ data }: Tensor, length: number): Int32Array =>
        Int32Array.from({ length }, (_, t) => data[t * batchSize + b]!);
      const source = column(input, lengths?.[b] ?? width);
      const { data } = this.align(source, column(target, steps));
      for (let t = 0; t < steps; t++)
        result.data.set(
          data.subarray(t * source.length, (t + 1) * source.length),
          (t * batchSize + b) * width,
        );
    }
    return new Tensor(result.data, result.shape);
  }

  /**
   * t(f | e) of a tokenizer's indices as a matrix `[sources, targets]`, 0 for those that never occurred together.
   * @param vocabularies how many symbols either side has
   * @throws OptionError where one that was learnt is not below its number
   */
  toTensor(
    this: IbmModel1<number>,
    { sources, targets }: { sources: number; targets: number },
  ): Tensor {
    checkOptions(
      'IbmModel1.toTensor',
      { sources, targets },
      { sources: is.positiveInteger, targets: is.positiveInteger },
    );
    const result = createNdArray('float32', [sources, targets]);
    for (const [words, size, side] of [
      [this.#sources, sources, 'sources'],
      [this.#targets, targets, 'targets'],
    ] as const)
      for (const word of words.keys())
        if (!(word < size))
          throw new OptionError(
            `IbmModel1.toTensor: ${side} is ${size}, but it knows symbol ${word}`,
          );
    for (const [e, row] of this.#sources)
      for (const [f, p] of this.#table[1 + row]!)
        result.data[e * targets + this.#targetWords[f]!] = p;
    return new Tensor(result.data, result.shape);
  }

  #rowOf(source: W): ReadonlyMap<number, number> | undefined {
    const e = this.#sources.get(source);
    return e === undefined ? undefined : this.#table[1 + e];
  }

  /** One round: counts expected under the table of now become the next table. */
  #improve(pairs: readonly { source: readonly number[]; target: readonly number[] }[]): void {
    const next = Array.from({ length: 1 + this.#sources.size }, () => new Map<number, number>());
    const isFirst = this.#table.length === 0;
    for (const { source, target } of pairs)
      for (const f of target) {
        const shares = source.map((e) => (isFirst ? 1 : this.#table[e]!.get(f)!));
        const sum = shares.reduce((a, b) => a + b);
        // Where all have fallen to 0 in rounding, there is nothing to share out.
        if (sum > 0)
          source.forEach((e, s) => next[e]!.set(f, (next[e]!.get(f) ?? 0) + shares[s]! / sum));
      }
    for (const row of next) {
      let total = 0;
      for (const count of row.values()) total += count;
      for (const [f, count] of row) row.set(f, count / total);
    }
    this.#table = next;
  }
}

function numberOf<W>(numbers: Map<W, number>, word: W): number {
  const known = numbers.get(word);
  if (known !== undefined) return known;
  numbers.set(word, numbers.size);
  return numbers.size - 1;
}
