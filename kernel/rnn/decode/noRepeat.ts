import { checkOptions, is } from '../options.js';
import type { Allowed } from './allowed.js';

/** Options of `noRepeat`. */
export interface NoRepeatOptions {
  /** n: no n symbols in a row are said twice. */
  size: number;
  /** V, number of symbols to choose from. */
  vocabularySize: number;
}

/**
 * Keeps a search or a sampler from saying the same over and over: for `allowed`, every symbol but those that would make n
 * symbols in a row that stand there already. What came before the first choice does not count.
 *
 * Source: R. Paulus, C. Xiong, R. Socher, "A deep reinforced model for abstractive summarization", ICLR 2018, section 2.5,
 * https://arxiv.org/abs/1705.04304
 *
 * @throws OptionError unless both are positive integers
 * @example
 * model.generate(source, { beamWidth: 4, allowed: noRepeat({ size: 3, vocabularySize: 1500 }) });
 */
export function noRepeat(options: NoRepeatOptions): Exclude<Allowed, ArrayLike<number>> {
  checkOptions('noRepeat', options, {
    size: is.positiveInteger,
    vocabularySize: is.positiveInteger,
  });
  const { size, vocabularySize } = options;
  return (chosen) => {
    const start = chosen.length - size + 1;
    const banned = new Set<number>();
    for (let i = 0; i < start; i++) {
      let k = 0;
      while (k < size - 1 && chosen[i + k] === chosen[start + k]) k++;
      if (k === size - 1) banned.add(chosen[i + k]!);
    }
    if (banned.size === 0) return undefined;
    const others = Array.from({ length: vocabularySize }, (_, index) => index);
    return others.filter((index) => !banned.has(index));
  };
}
