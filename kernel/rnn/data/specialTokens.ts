import { OptionError, VocabularyError } from '../errors.js';

/** For option tables: names of tokens that no text encodes to. */
export const isSpecials = (value: unknown): string | undefined =>
  value === undefined ||
  (Array.isArray(value) &&
    value.every((name) => typeof name === 'string' && name !== '') &&
    new Set(value).size === value.length)
    ? undefined
    : 'an array of different names';

/** A saved tokenizer, from its JSON text or from what that parses to. @throws OptionError if it is of another kind */
export function readSaved<T extends { type: string }>(type: T['type'], saved: string | T): T {
  const value: unknown = typeof saved === 'string' ? JSON.parse(saved) : saved;
  const found = (value as Partial<T> | null)?.type;
  if (found !== type)
    throw new OptionError(
      `${type}.fromJSON: expected a saved ${type}, got ${found === undefined ? 'something else' : found}`,
    );
  return value as T;
}

/** @throws VocabularyError that says which indices there are */
export function refuseIndex(owner: string, index: number, size: number): never {
  throw new VocabularyError(
    `${owner}.decode: index ${index} is out of range, expected 0 to ${size - 1}`,
  );
}
