import { OptionError } from '../errors.js';

/**
 * Which indices may come next, each once: the same ones at every step, or a function of what was chosen so far.
 * `undefined` from the function: any.
 */
export type Allowed =
  ArrayLike<number> | ((chosen: readonly number[]) => ArrayLike<number> | undefined);

const isIndexList = (value: unknown): boolean => Array.isArray(value) || ArrayBuffer.isView(value);

/** For option tables: a list of indices or a function. */
export const isAllowed = (value: unknown): string | undefined =>
  typeof value === 'function' || isIndexList(value)
    ? undefined
    : 'an array of indices, or a function that gives one';

/**
 * The indices that may follow `chosen`; undefined: any.
 * @throws OptionError if there is none, or one is outside 0 … width − 1
 */
export function allowedAfter(
  owner: string,
  allowed: Allowed | undefined,
  chosen: readonly number[],
  width: number,
): ArrayLike<number> | undefined {
  const indices = typeof allowed === 'function' ? allowed(chosen) : allowed;
  if (indices === undefined) return undefined;
  if (!isIndexList(indices))
    throw new OptionError(`${owner}: allowed must give an array of indices, or undefined for any`);
  if (indices.length === 0)
    throw new OptionError(`${owner}: allowed gives no index after ${chosen.length} steps`);
  for (let i = 0; i < indices.length; i++) {
    const index = indices[i]!;
    if (!Number.isInteger(index) || index < 0 || index >= width)
      throw new OptionError(
        `${owner}: allowed gives the index ${index}, expected 0 to ${width - 1}`,
      );
  }
  return indices;
}
