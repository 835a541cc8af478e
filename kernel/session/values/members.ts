/** What a value holds, one after the other, read without running any code of the user's (`ownData.ts`). */
import { types } from 'node:util';
import { asTensor, isNumbers, memberNames, memoryOf, ownData } from '../ownData.js';

/** Further than this no map or set is counted through. */
const farthest = 1_000_000;

export interface Member {
  /** What a path goes on with. */
  key: string | number;
  /** How it is named to a reader, where that is not the key: a map's own key. */
  named?: unknown;
  value: unknown;
}

/** Whether it holds something that a table can show. */
export function isOpenable(value: unknown): boolean {
  if (typeof value === 'string') return value.length > 40;
  if (typeof value !== 'object' || value === null || types.isProxy(value)) return false;
  if (isNumbers(value) || asTensor(value) || Array.isArray(value)) return true;
  if (types.isMap(value) || types.isSet(value)) return true;
  if (memoryOf(value) || types.isPromise(value) || types.isDate(value) || types.isRegExp(value)) {
    return false;
  }
  return memberNames(value).count > 0;
}

/** How many members there are. */
export function countMembers(value: object): number {
  if (Array.isArray(value)) return value.length;
  if (types.isMap(value)) return sizeOf(mapEntries(value));
  if (types.isSet(value)) return sizeOf(Set.prototype.values.call(value));
  return memberNames(value).first.length;
}

/** The members from one position on. */
export function membersOf(value: object, from: number, count: number): Member[] {
  if (Array.isArray(value)) {
    const length = Math.max(0, Math.min(count, value.length - from));
    return Array.from({ length }, (_, i) => ({
      key: from + i,
      value: ownData(value, from + i),
    }));
  }
  if (types.isMap(value)) {
    const entries = skip(mapEntries(value), from, count);
    return entries.map(([named, held], i) => ({ key: from + i, named, value: held }));
  }
  if (types.isSet(value)) {
    const values = skip<unknown>(Set.prototype.values.call(value), from, count);
    return values.map((held, i) => ({ key: from + i, value: held }));
  }
  const names = memberNames(value).first.slice(from, from + count);
  return names.map((name) => ({ key: name, value: ownData(value, name) }));
}

/** What a path leads to; undefined where it leads nowhere. */
export function follow(
  value: unknown,
  path: readonly (string | number)[],
): { value: unknown } | undefined {
  let found = value;
  for (const step of path) {
    if (typeof found !== 'object' || found === null || types.isProxy(found)) return undefined;
    const member = memberAt(found, step);
    if (!member) return undefined;
    found = member.value;
  }
  return { value: found };
}

function memberAt(holder: object, step: string | number): { value: unknown } | undefined {
  if (typeof step === 'number') return membersOf(holder, step, 1).at(0);
  return Object.hasOwn(holder, step) ? { value: ownData(holder, step) } : undefined;
}

const mapEntries = (value: object) =>
  Map.prototype.entries.call(value) as Iterator<[unknown, unknown]>;

function skip<T>(iterator: Iterator<T>, from: number, count: number): T[] {
  const found: T[] = [];
  for (let at = 0; at < from + count && at < farthest; at++) {
    const step = iterator.next();
    if (step.done === true) break;
    if (at >= from) found.push(step.value);
  }
  return found;
}

function sizeOf(iterator: Iterator<unknown>): number {
  let size = 0;
  while (size < farthest && iterator.next().done !== true) size++;
  return size;
}
