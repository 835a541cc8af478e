import { OptionError, VocabularyError } from '../errors.js';
import { checkOptions } from '../options.js';

export interface CharTokenizerOptions {
  /** One character that stands for every character outside the vocabulary; without it such a character is an error. */
  unknown?: string;
}

/** Characters (Unicode code points) ↔ indices; the vocabulary is what occurs in a text, in code point order. */
export class CharTokenizer {
  readonly vocabulary: readonly string[];
  readonly #indices: ReadonlyMap<string, number>;
  readonly #unknown: number | undefined;

  /** @throws OptionError if the text is empty */
  constructor(text: string, options: CharTokenizerOptions = {}) {
    checkOptions('CharTokenizer', options, {
      unknown: (value) =>
        value === undefined || (typeof value === 'string' && Array.from(value).length === 1)
          ? undefined
          : 'one character',
    });
    if (typeof text !== 'string' || text.length === 0)
      throw new OptionError('CharTokenizer: expected a text with at least one character');
    const characters = new Set(text);
    if (options.unknown !== undefined) characters.add(options.unknown);
    this.vocabulary = [...characters].sort((a, b) => a.codePointAt(0)! - b.codePointAt(0)!);
    this.#indices = new Map(this.vocabulary.map((character, index) => [character, index]));
    this.#unknown = options.unknown === undefined ? undefined : this.#indices.get(options.unknown);
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
      const character = this.vocabulary[index];
      if (character === undefined)
        throw new VocabularyError(
          `CharTokenizer.decode: index ${index} is out of range, expected 0 to ${this.vocabularySize - 1}`,
        );
      text += character;
    }
    return text;
  }
}
