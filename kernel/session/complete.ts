/** Completion from the live session: names in scope, and the members of what an expression holds. */
import type { CompleteRequest } from '../contract/protocol.js';
import type { Evaluator } from './evaluator.js';

interface Completion {
  matches: string[];
  start: number;
  end: number;
}

/** `model.lstm.wei` → the path before the last dot, and what has been typed of the name. */
const path = /(?:([\p{ID_Start}$_][\p{ID_Continue}$.]*)\.)?([\p{ID_Continue}$]*)$/u;

export function complete(evaluator: Evaluator, { code, cursor }: CompleteRequest): Completion {
  const [, owner, typed = ''] = path.exec(code.slice(0, cursor)) ?? [];
  const names = owner === undefined ? scopeNames(evaluator) : memberNames(evaluator, owner);
  const matches = [...names].filter((name) => name.startsWith(typed) && isIdentifier(name));
  return { matches: matches.sort(), start: cursor - typed.length, end: cursor };
}

function scopeNames(evaluator: Evaluator): Set<string> {
  const own = evaluator.names().filter((name) => !name.startsWith('__'));
  return new Set([...own, ...Object.getOwnPropertyNames(globalThis)]);
}

function memberNames(evaluator: Evaluator, owner: string): Set<string> {
  const names = new Set<string>();
  const found = evaluator.valueOf(owner);
  let holder: unknown = found && found.value !== null ? Object(found.value) : null;
  while (holder !== null && holder !== undefined) {
    for (const name of Object.getOwnPropertyNames(holder)) names.add(name);
    holder = Object.getPrototypeOf(holder);
  }
  return names;
}

function isIdentifier(name: string): boolean {
  return /^[\p{ID_Start}$_][\p{ID_Continue}$]*$/u.test(name);
}
