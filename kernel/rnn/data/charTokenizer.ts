import { OptionError, VocabularyError } from '../errors.js';
import { checkOptions } from '../options.js';
import { readSaved, refuseIndex } from './specialTokens.js';

/** Options of `CharTokenizer`. */
export interface CharTokenizerOptions {
  /** One character that stands for every character outside the vocabulary; without it such a character is an error. */
  unknown?: string;
}

/** A `CharTokenizer` as JSON. */
export interface SavedCharTokenizer {
  type: 'CharTokenizer';
  vocabulary: readonly string[];
  unknown: string | null;
}

/** Characters (Unicode code points) ↔ indices; the vocabulary is what occurs in a text, in code point order. */
export class CharTokenizer {
  readonly vocabulary: readonly string[];
  readonly #indices: ReadonlyMap<string, number>;
  readonly #unknown: number | undefined;

  /**
   * @param source a text, or a saved tokenizer
   * @throws OptionError if the text is empty
   */
  constructor(source: string, options?: CharTokenizerOptions);
  constructor(source: SavedCharTokenizer);
  constructor(source: string | SavedCharTokenizer, options: CharTokenizerOptions = {}) {
    const { vocabulary, unknown } = typeof source === 'object' ? source : collect(source, options);
    this.vocabulary = vocabulary;
    this.#indices = new Map(vocabulary.map((character, index) => [character, index]));
    this.#unknown = unknown === null ? undefined : this.#indices.get(unknown);
  }

  /** From what `JSON.stringify(tokenizer)` gave, as text or parsed. @throws OptionError if it is something else */
  static fromJSON(saved: string | SavedCharTokenizer): CharTokenizer {
    return new CharTokenizer(readSaved<SavedCharTokenizer>('CharTokenizer', saved));
  }

  toJSON(): SavedCharTokenizer {
    const unknown = this.#unknown === undefined ? null : this.vocabulary[this.#unknown]!;
    return { type: 'CharTokenizer', vocabulary: this.vocabulary, unknown };
  }

  get vocabularySize(): number {
    return this.vocabulary.length;
  }

  /** @throws VocabularyError for a character outside the vocabulary, unless `unknown` was given */
  encode(text: string): Int32Array {
    return Int32Array.from(text, (character) => {
      const index = this.#indices.get(character) ?? this.#unknown;
      if (index === undefined)
        throw new VocabularyError(
          `CharTokenizer.encode: ${JSON.stringify(character)} is not in the vocabulary of ${this.vocabularySize} characters`,
        );
      return index;
    });
  }

  /** @throws VocabularyError for an index outside the vocabulary */
  decode(indices: Iterable<number>): string {
    let text = '';
    for (const index of indices) {
      text += this.vocabulary[index] ?? refuseIndex('CharTokenizer', index, this.vocabularySize);
    }
    return text;
  }
}

function collect(text: string, options: CharTokenizerOptions): SavedCharTokenizer {
  checkOptions('CharTokenizer', options, {
    unknown: (value) =>
      value === undefined || (typeof value === 'string' && Array.from(value).length === 1)
        ? undefined
        : 'one character',
  });
  if (typeof text !== 'string' || text.length === 0)
    throw new OptionError('CharTokenizer: expected a text with at least one character');
  const { unknown = null } = options;
  const characters = new Set(text);
  if (unknown !== null) characters.add(unknown);
  const vocabulary = [...characters].sort((a, b) => a.codePointAt(0)! - b.codePointAt(0)!);
  return { type: 'CharTokenizer', vocabulary, unknown };
}
