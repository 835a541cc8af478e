import { OptionError } from './errors.js';
import { editDistance } from './metrics/editDistance.js';

export type Check = (value: unknown) => string | undefined;

const isPositiveInteger = (value: unknown): boolean =>
  typeof value === 'number' && Number.isInteger(value) && value > 0;

const isDecay = (value: unknown): boolean => typeof value === 'number' && value >= 0 && value < 1;

/** What an option may hold, and how to say so. */
export const is = {
  positiveInteger: (value: unknown) =>
    isPositiveInteger(value) ? undefined : 'a positive integer',
  integer: (value: unknown) => (Number.isInteger(value) ? undefined : 'an integer'),
  boolean: (value: unknown) => (typeof value === 'boolean' ? undefined : 'true or false'),
  positive: (value: unknown) =>
    typeof value === 'number' && value > 0 && Number.isFinite(value)
      ? undefined
      : 'a positive number',
  nonNegative: (value: unknown) =>
    typeof value === 'number' && value >= 0 && Number.isFinite(value)
      ? undefined
      : 'a number that is zero or more',
  probability: (value: unknown) =>
    typeof value === 'number' && value >= 0 && value <= 1 ? undefined : 'a number from 0 to 1',
  /** How much of a running mean is kept at each step. */
  decay: (value: unknown) => (isDecay(value) ? undefined : 'a number from 0 to below 1'),
  decays: (value: unknown) =>
    Array.isArray(value) && value.length === 2 && value.every(isDecay)
      ? undefined
      : 'two numbers from 0 to below 1',
  function: (value: unknown) => (typeof value === 'function' ? undefined : 'a function'),
  object: (value: unknown) =>
    typeof value === 'object' && value !== null ? undefined : 'an object',
  oneOf:
    (...choices: unknown[]) =>
    (value: unknown) =>
      choices.includes(value)
        ? undefined
        : `one of ${choices.map((choice) => JSON.stringify(choice)).join(', ')}`,
} satisfies Record<string, Check | ((...choices: unknown[]) => Check)>;

/** The option may be left out. */
export const optional =
  (check: Check): Check =>
  (value) =>
    value === undefined ? undefined : check(value);

/**
 * Checks an options object against a table of its options.
 * @throws OptionError that names the option, what was expected and what came, also for unknown options.
 */
export function checkOptions(owner: string, options: unknown, table: Record<string, Check>): void {
  if (typeof options !== 'object' || options === null)
    throw new OptionError(`${owner}: expected an options object, got ${show(options)}`);
  for (const name in options)
    if (!(name in table))
      throw new OptionError(
        `${owner}: unknown option '${name}', expected ${Object.keys(table).join(', ')}${didYouMean(name, table)}`,
      );
  for (const name in table) {
    const value = (options as Record<string, unknown>)[name];
    const expected = table[name]!(value);
    if (expected !== undefined)
      throw new OptionError(`${owner}: ${name} must be ${expected}, got ${show(value)}`);
  }
}

/** Two slips of the pen away from a name, it is likely that one. */
const slips = 2;

function didYouMean(given: string, table: object): string {
  const distance = (name: string) => editDistance(given.toLowerCase(), name.toLowerCase());
  const meant = Object.keys(table).find(
    (name) => distance(name) <= Math.min(slips, name.length / 3),
  );
  return meant === undefined ? '' : `; did you mean ${meant}?`;
}

function show(value: unknown): string {
  if (typeof value === 'function') return 'a function';
  return value === undefined ? 'undefined' : JSON.stringify(value);
}
