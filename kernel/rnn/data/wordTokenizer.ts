import { OptionError, VocabularyError } from '../errors.js';
import { checkOptions, is, optional } from '../options.js';
import { isSpecials, readSaved, refuseIndex } from './specialTokens.js';

/** Options of `WordTokenizer`. */
export interface WordTokenizerOptions {
  /** Letter case is ignored. Default false. */
  lowercase?: boolean;
  /** Most tokens, the special ones included: the most frequent words are kept. Default: all. */
  vocabularySize?: number;
  /** Words that occur less often are left out. Default 1. */
  minFrequency?: number;
  /** Stands for every word outside the vocabulary; null: such a word is an error. Default `'<unk>'`. */
  unknown?: string | null;
  /** Tokens that no text encodes to, for starts, ends and the like; `indexOf` gives their indices. */
  specials?: readonly string[];
}

/** A `WordTokenizer` as JSON. */
export interface SavedWordTokenizer {
  type: 'WordTokenizer';
  vocabulary: readonly string[];
  lowercase: boolean;
  unknown: string | null;
}

/** A word (with inner apostrophes and hyphens), a number, or one other character. */
const words = /\p{L}[\p{L}\p{M}\p{N}]*(?:['’-][\p{L}\p{M}\p{N}]+)*|\p{N}+(?:[.,]\p{N}+)*|[^\s]/gu;
const noSpaceBefore = /^[.,;:!?)\]}%’”…]$/u;
const noSpaceAfter = /^[([{“‘]$/u;

/**
 * Words and punctuation marks ↔ indices. White space is not kept: `decode` puts one space between words and none
 * before a full stop. The vocabulary is in order of frequency, special tokens first.
 */
export class WordTokenizer {
  readonly vocabulary: readonly string[];
  readonly unknown: string | null;
  readonly lowercase: boolean;
  readonly #indices: ReadonlyMap<string, number>;

  /**
   * @param source a text, several, or a saved tokenizer
   * @throws OptionError if the text has no word
   */
  constructor(source: string | Iterable<string>, options?: WordTokenizerOptions);
  constructor(source: SavedWordTokenizer);
  constructor(
    source: string | Iterable<string> | SavedWordTokenizer,
    options: WordTokenizerOptions = {},
  ) {
    const saved =
      typeof source === 'object' && 'vocabulary' in source ? source : collect(source, options);
    this.vocabulary = saved.vocabulary;
    this.unknown = saved.unknown;
    this.lowercase = saved.lowercase;
    this.#indices = new Map(saved.vocabulary.map((word, index) => [word, index]));
  }

  /** From what `JSON.stringify(tokenizer)` gave, as text or parsed. @throws OptionError if it is something else */
  static fromJSON(saved: string | SavedWordTokenizer): WordTokenizer {
    return new WordTokenizer(readSaved<SavedWordTokenizer>('WordTokenizer', saved));
  }

  toJSON(): SavedWordTokenizer {
    const { vocabulary, lowercase, unknown } = this;
    return { type: 'WordTokenizer', vocabulary, lowercase, unknown };
  }

  get vocabularySize(): number {
    return this.vocabulary.length;
  }

  /** The index of a word or special token; undefined where it is not in the vocabulary. */
  indexOf(word: string): number | undefined {
    return this.#indices.get(word);
  }

  /** @throws VocabularyError for a word outside the vocabulary, where `unknown` is null */
  encode(text: string): Int32Array {
    const unknown = this.unknown === null ? undefined : this.#indices.get(this.unknown);
    return Int32Array.from(split(text, this.lowercase), (word) => {
      const index = this.#indices.get(word) ?? unknown;
      if (index === undefined)
        throw new VocabularyError(
          `WordTokenizer.encode: ${JSON.stringify(word)} is not in the vocabulary of ${this.vocabularySize} words`,
        );
      return index;
    });
  }

  /** @throws VocabularyError for an index outside the vocabulary */
  decode(indices: Iterable<number>): string {
    const decoder = this.createDecoder();
    let text = '';
    for (const index of indices) text += decoder.push(index);
    return text.replace(/^ /, '');
  }

  /** Decodes word after word, as the continuation of a text: with a space before a word. */
  createDecoder(): { push(index: number): string; end(): string } {
    let before = '';
    return {
      push: (index) => {
        const word =
          this.vocabulary[index] ?? refuseIndex('WordTokenizer', index, this.vocabularySize);
        const isJoined = noSpaceAfter.test(before) || noSpaceBefore.test(word);
        before = word;
        return isJoined ? word : ` ${word}`;
      },
      end: () => '',
    };
  }
}

const split = (text: string, lowercase: boolean): string[] =>
  (lowercase ? text.toLowerCase() : text).match(words) ?? [];

function collect(
  source: string | Iterable<string>,
  options: WordTokenizerOptions,
): SavedWordTokenizer {
  checkOptions('WordTokenizer', options, {
    lowercase: optional(is.boolean),
    vocabularySize: optional(is.positiveInteger),
    minFrequency: optional(is.positiveInteger),
    unknown: (value) =>
      value === undefined || value === null || (typeof value === 'string' && value !== '')
        ? undefined
        : 'a name, or null',
    specials: isSpecials,
  });
  const { lowercase = false, vocabularySize = Infinity, minFrequency = 1 } = options;
  const { unknown = '<unk>', specials = [] } = options;
  const first = [...new Set([...(unknown === null ? [] : [unknown]), ...specials])];
  const counts = new Map<string, number>();
  for (const text of typeof source === 'string' ? [source] : source)
    for (const word of split(text, lowercase)) counts.set(word, (counts.get(word) ?? 0) + 1);
  for (const name of first) counts.delete(name);
  if (counts.size === 0)
    throw new OptionError('WordTokenizer: expected a text with at least one word');
  if (vocabularySize <= first.length)
    throw new OptionError(
      `WordTokenizer: vocabularySize must be more than the ${first.length} special tokens, got ${vocabularySize}`,
    );
  const ranked = [...counts]
    .filter(([, count]) => count >= minFrequency)
    .sort(([a, p], [b, q]) => q - p || (a < b ? -1 : 1))
    .map(([word]) => word);
  const vocabulary = [...first, ...ranked].slice(0, vocabularySize);
  return { type: 'WordTokenizer', vocabulary, lowercase, unknown };
}
