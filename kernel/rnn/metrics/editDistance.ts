import { OptionError } from '../errors.js';

/** A text, compared by characters (Unicode code points), or a sequence of symbols. */
export type Symbols = string | ArrayLike<string | number>;

const toSymbols = (value: Symbols): ArrayLike<string | number> =>
  typeof value === 'string' ? Array.from(value) : value;

/**
 * Levenshtein distance: the least number of substitutions, insertions and deletions that turn one into the other.
 * Time O(|a|·|b|), memory O(|b|).
 */
export function editDistance(a: Symbols, b: Symbols): number {
  const [from, to] = [toSymbols(a), toSymbols(b)];
  const row = Int32Array.from({ length: to.length + 1 }, (_, j) => j);
  for (let i = 0; i < from.length; i++) {
    let diagonal = row[0]!;
    row[0] = i + 1;
    for (let j = 0; j < to.length; j++) {
      const substituted = diagonal + (from[i] === to[j] ? 0 : 1);
      diagonal = row[j + 1]!;
      row[j + 1] = Math.min(substituted, diagonal + 1, row[j]! + 1);
    }
  }
  return row[to.length]!;
}

/**
 * Edits per word of the reference: Σ editDistance / Σ words, over all pairs. Texts are split at white space. Above 1
 * where much is inserted.
 *
 * @param hypotheses a text (or its words), or several
 * @param references as many, in the same order
 * @throws OptionError for different numbers of both, or references without a word
 */
export function wordErrorRate(
  hypotheses: string | readonly Symbols[],
  references: string | readonly Symbols[],
): number {
  return errorRate('wordErrorRate', hypotheses, references, (text) =>
    typeof text === 'string' ? text.split(/\s+/).filter(Boolean) : text,
  );
}

/**
 * Edits per character of the reference, as `wordErrorRate`; spaces count.
 * @throws OptionError for different numbers of both, or references without a character
 */
export function characterErrorRate(
  hypotheses: string | readonly Symbols[],
  references: string | readonly Symbols[],
): number {
  return errorRate('characterErrorRate', hypotheses, references, toSymbols);
}

function errorRate(
  owner: string,
  hypotheses: string | readonly Symbols[],
  references: string | readonly Symbols[],
  split: (text: Symbols) => ArrayLike<string | number>,
): number {
  const toList = (value: string | readonly Symbols[]) =>
    typeof value === 'string' ? [value] : value;
  const [given, wanted] = [toList(hypotheses), toList(references)];
  if (given.length !== wanted.length)
    throw new OptionError(
      `${owner}: got ${given.length} hypotheses, expected ${wanted.length} as there are references`,
    );
  let edits = 0;
  let length = 0;
  wanted.forEach((reference, k) => {
    const symbols = split(reference);
    edits += editDistance(split(given[k]!), symbols);
    length += symbols.length;
  });
  if (length === 0) throw new OptionError(`${owner}: expected references that are not empty`);
  return edits / length;
}
