import { checkOptions, is, optional } from '../options.js';

/** Options of `nearDuplicates`. */
export interface NearDuplicatesOptions {
  /** Texts that share this much of their words are near-duplicates. Default 0.7. */
  threshold?: number;
  /** What a text is made of. Default: its words in lower case, without numbers and punctuation. */
  words?: (text: string) => Iterable<string>;
}

const wordsOf = (text: string): Iterable<string> => text.toLowerCase().match(/\p{L}+/gu) ?? [];

/**
 * Numbers for texts, the same for those that say nearly the same thing: A and B with |A ∩ B| / |A ∪ B| ≥ threshold as sets
 * of words (Jaccard), and whatever is linked by such pairs. Texts without a word are alike.
 *
 * For splits without leakage: a model that saw "file '{0}' not found" has seen half of "folder '{0}' not found".
 *
 * @returns the group of each text, numbered in order of appearance
 * @example
 * const group = nearDuplicates(samples.map(({ text }) => text));
 * splitSamples(samples.map((sample, i) => ({ ...sample, group: group[i] })), { groupBy: ({ group }) => group });
 */
export function nearDuplicates(
  texts: readonly string[],
  options: NearDuplicatesOptions = {},
): Int32Array {
  checkOptions('nearDuplicates', options, {
    threshold: optional(is.probability),
    words: optional(is.function),
  });
  const { threshold = 0.7, words = wordsOf } = options;
  const sets = texts.map((text) => new Set(words(text)));
  const parent = Int32Array.from(texts, (_, i) => i);
  const rootOf = (i: number): number => {
    while (parent[i] !== i) i = parent[i] = parent[parent[i]!]!;
    return i;
  };
  /** Earlier texts by their words; those without any under one that no text has. */
  const having = new Map<string | undefined, number[]>();
  sets.forEach((set, i) => {
    const common = new Map<number, number>();
    const keys = set.size > 0 ? set : [undefined];
    for (const word of keys) {
      const earlier = having.get(word);
      for (const j of earlier ?? []) common.set(j, (common.get(j) ?? 0) + 1);
      if (earlier) earlier.push(i);
      else having.set(word, [i]);
    }
    for (const [j, count] of common)
      if (count >= threshold * (Math.max(1, set.size) + Math.max(1, sets[j]!.size) - count))
        parent[rootOf(i)] = rootOf(j);
  });
  const numbers = new Map<number, number>();
  return Int32Array.from(texts, (_, i) => {
    const root = rootOf(i);
    if (!numbers.has(root)) numbers.set(root, numbers.size);
    return numbers.get(root)!;
  });
}
