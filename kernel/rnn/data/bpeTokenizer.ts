import { OptionError } from '../errors.js';
import { checkOptions, is, optional } from '../options.js';
import { isSpecials, readSaved, refuseIndex } from './specialTokens.js';
import { firstMerged, mergePair, pairKey, trainBpe, type Merge } from './trainBpe.js';
import { encodeUtf8, Utf8Decoder } from './utf8.js';

/** Options of `BpeTokenizer`. */
export interface BpeTokenizerOptions {
  /** Tokens in all: 256 bytes, the merges, the special ones. There are fewer where the text does not give as many. */
  vocabularySize: number;
  /** A pair that occurs less often is not merged. Default 2. */
  minFrequency?: number;
  /** Tokens that no text encodes to, for starts, ends and the like; `specials` gives their indices. */
  specials?: readonly string[];
}

/** A `BpeTokenizer` as JSON. */
export interface SavedBpeTokenizer {
  type: 'BpeTokenizer';
  merges: readonly Merge[];
  specials: readonly string[];
}

/**
 * What merges stay within: letters (with a space before them), up to three digits, other characters, white space; at
 * most 64 characters, which bounds the time for a text without spaces. Between them they match everything.
 */
const pieces =
  / ?[\p{L}\p{M}]{1,64}| ?\p{N}{1,3}| ?[^\s\p{L}\p{M}\p{N}]{1,64}|\s{1,64}(?!\S)|\s{1,64}/gu;

/** Most pieces whose tokens are remembered. */
const mostRemembered = 100_000;

/**
 * Byte-pair encoding, trained on a text: tokens are bytes of UTF-8 and frequent sequences of them. Every string can
 * be encoded, also with characters that were not in the training text, and `decode(encode(text))` is the text.
 *
 * Sources: R. Sennrich et al., ACL 2016, https://aclanthology.org/P16-1162; on bytes: A. Radford et al., "Language models
 * are unsupervised multitask learners", 2019
 */
export class BpeTokenizer {
  readonly merges: readonly Merge[];
  /** Index of each special token. */
  readonly specials: Readonly<Record<string, number>>;
  /** The bytes of each token; a special one's are its name's. */
  readonly #bytes: (readonly number[])[];
  /** Merged pair → token; the smaller token was merged first. */
  readonly #mergeOf = new Map<number, number>();
  readonly #remembered = new Map<string, readonly number[]>();

  /**
   * @param source a text, several, or a saved tokenizer
   * @throws OptionError if the vocabulary is smaller than 256 bytes and the special tokens, or the text is empty
   */
  constructor(source: string | Iterable<string>, options: BpeTokenizerOptions);
  constructor(source: SavedBpeTokenizer);
  constructor(
    source: string | Iterable<string> | SavedBpeTokenizer,
    options?: BpeTokenizerOptions,
  ) {
    const saved =
      typeof source === 'object' && 'merges' in source ? source : train(source, options);
    this.merges = saved.merges;
    this.#bytes = Array.from({ length: firstMerged }, (_, byte) => [byte]);
    for (const [a, b] of saved.merges) {
      const [first, second] = [this.#bytes[a], this.#bytes[b]];
      if (!first || !second)
        throw new OptionError(
          `BpeTokenizer: merge ${this.#bytes.length - firstMerged} joins the tokens ${a} and ${b}, expected tokens made before it`,
        );
      this.#mergeOf.set(pairKey(a, b), this.#bytes.length);
      this.#bytes.push([...first, ...second]);
    }
    this.specials = Object.fromEntries(
      saved.specials.map((name, k) => [name, this.#bytes.length + k]),
    );
    for (const name of saved.specials) this.#bytes.push(encodeUtf8(name));
  }

  /** From what `JSON.stringify(tokenizer)` gave, as text or parsed. @throws OptionError if it is something else */
  static fromJSON(saved: string | SavedBpeTokenizer): BpeTokenizer {
    return new BpeTokenizer(readSaved<SavedBpeTokenizer>('BpeTokenizer', saved));
  }

  toJSON(): SavedBpeTokenizer {
    return { type: 'BpeTokenizer', merges: this.merges, specials: Object.keys(this.specials) };
  }

  get vocabularySize(): number {
    return this.#bytes.length;
  }

  encode(text: string): Int32Array {
    let tokens = new Int32Array(Math.max(16, text.length));
    let count = 0;
    for (const piece of text.match(pieces) ?? []) {
      const found = this.#encodePiece(piece);
      if (count + found.length > tokens.length) {
        const larger = new Int32Array(2 * tokens.length + found.length);
        larger.set(tokens);
        tokens = larger;
      }
      for (const token of found) tokens[count++] = token;
    }
    return tokens.slice(0, count);
  }

  /** Bytes that are no UTF-8 become U+FFFD. @throws VocabularyError for an index outside the vocabulary */
  decode(indices: Iterable<number>): string {
    const decoder = this.createDecoder();
    let text = '';
    for (const index of indices) text += decoder.push(index);
    return text + decoder.end();
  }

  /** Decodes token after token; a character whose bytes are in several tokens comes with the last of them. */
  createDecoder(): { push(index: number): string; end(): string } {
    const decoder = new Utf8Decoder();
    return {
      push: (index) =>
        decoder.push(this.#bytes[index] ?? refuseIndex('BpeTokenizer', index, this.vocabularySize)),
      end: () => decoder.end(),
    };
  }

  /** The text of one token, U+FFFD for bytes that are not a whole character. */
  token(index: number): string {
    return this.decode([index]);
  }

  #encodePiece(piece: string): readonly number[] {
    const remembered = this.#remembered.get(piece);
    if (remembered) return remembered;
    const tokens = this.#mergeAll(encodeUtf8(piece));
    if (this.#remembered.size >= mostRemembered) this.#remembered.clear();
    this.#remembered.set(piece, tokens);
    return tokens;
  }

  /** Merges neighbours in the order in which the merges were learnt. */
  #mergeAll(tokens: number[]): number[] {
    for (;;) {
      let earliest = Infinity;
      for (let i = 0; i + 1 < tokens.length; i++) {
        const merged = this.#mergeOf.get(pairKey(tokens[i]!, tokens[i + 1]!));
        if (merged !== undefined && merged < earliest) earliest = merged;
      }
      if (earliest === Infinity) return tokens;
      const [a, b] = this.merges[earliest - firstMerged]!;
      tokens = mergePair(tokens, a, b, earliest);
    }
  }
}

function train(source: string | Iterable<string>, options: unknown): SavedBpeTokenizer {
  checkOptions('BpeTokenizer', options, {
    vocabularySize: is.positiveInteger,
    minFrequency: optional(is.positiveInteger),
    specials: isSpecials,
  });
  const { vocabularySize, minFrequency = 2, specials = [] } = options as BpeTokenizerOptions;
  const mostMerges = vocabularySize - firstMerged - specials.length;
  if (mostMerges < 0)
    throw new OptionError(
      `BpeTokenizer: vocabularySize must be ${firstMerged + specials.length} or more (the bytes and the special tokens), got ${vocabularySize}`,
    );
  const counts = new Map<string, number>();
  for (const text of typeof source === 'string' ? [source] : source)
    for (const piece of text.match(pieces) ?? []) counts.set(piece, (counts.get(piece) ?? 0) + 1);
  if (counts.size === 0)
    throw new OptionError('BpeTokenizer: expected a text with at least one character');
  const words = Array.from(counts, ([piece, count]) => ({ bytes: encodeUtf8(piece), count }));
  return {
    type: 'BpeTokenizer',
    merges: trainBpe(words, mostMerges, minFrequency),
    specials,
  };
}
