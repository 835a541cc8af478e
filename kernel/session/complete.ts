/** Completion from the live session: names in scope, and the members of what an expression holds. */
import type { CompleteRequest } from '../contract/protocol.js';

interface Completion {
  matches: string[];
  start: number;
  end: number;
}

/** `model.lstm.wei` → the path before the last dot, and what has been typed of the name. */
const path = /(?:([\p{ID_Start}$_][\p{ID_Continue}$.]*)\.)?([\p{ID_Continue}$]*)$/u;

type ValueOf = (path: string) => { value: unknown } | undefined;

/** @param variables The names that cells declared. */
export function complete(
  { code, cursor }: CompleteRequest,
  variables: string[],
  valueOf: ValueOf,
): Completion {
  const [, owner, typed = ''] = path.exec(code.slice(0, cursor)) ?? [];
  const names =
    owner === undefined
      ? new Set([...variables, ...Object.getOwnPropertyNames(globalThis)])
      : memberNames(valueOf(owner)?.value);
  const matches = [...names].filter((name) => name.startsWith(typed) && isIdentifier(name));
  return { matches: matches.sort(), start: cursor - typed.length, end: cursor };
}

function memberNames(value: unknown): Set<string> {
  const names = new Set<string>();
  let holder: unknown = value === null || value === undefined ? null : Object(value);
  while (holder !== null) {
    for (const name of Object.getOwnPropertyNames(holder)) names.add(name);
    holder = Object.getPrototypeOf(holder);
  }
  return names;
}

function isIdentifier(name: string): boolean {
  return /^[\p{ID_Start}$_][\p{ID_Continue}$]*$/u.test(name);
}
