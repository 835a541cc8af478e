/**
 * `util.inspect` that stays quick and short whatever it is given: nested arrays, objects of a million members,
 * proxies and methods that throw.
 */
import { inspect, type InspectOptions, types } from 'node:util';

const options = { maxArrayLength: 100, maxStringLength: 10_000 } satisfies InspectOptions;
const deepest = 4;
/** Members that are shown, over all levels; where there are more, fewer levels are. */
const mostEntries = 20_000;
const mostProperties = 1000;
const shownProperties = 100;
const maxText = 100_000;

export function inspectBounded(value: unknown): string {
  const text = inspectSafely(value);
  if (text.length <= maxText) return text;
  return `${text.slice(0, maxText)}\n… ${(text.length - maxText).toLocaleString('en')} more characters`;
}

function inspectSafely(value: unknown): string {
  try {
    return inspectWide(value) ?? inspect(value, { ...options, depth: depthFor(value) });
  } catch {
    // Its own idea of how to be printed fails; how it looks from outside does not depend on it.
    return inspect(value, { ...options, depth: 1, customInspect: false, showProxy: true });
  }
}

/** An object of very many members: the first of them. */
function inspectWide(value: unknown): string | undefined {
  if (typeof value !== 'object' || value === null || types.isProxy(value)) return undefined;
  if (Array.isArray(value) || ArrayBuffer.isView(value) || inspect.custom in value)
    return undefined;
  const keys = Object.keys(value);
  if (keys.length <= mostProperties) return undefined;
  const few = Object.create(Object.getPrototypeOf(value) as object | null) as object;
  for (const key of keys.slice(0, shownProperties))
    Object.defineProperty(few, key, Object.getOwnPropertyDescriptor(value, key)!);
  const text = inspect(few, { ...options, depth: Math.min(1, depthFor(few)), compact: false });
  const more = `… ${(keys.length - shownProperties).toLocaleString('en')} more properties`;
  return text.replace(/\n\}$/, `,\n  ${more}\n}`);
}

/** The most levels whose members together are few enough. */
function depthFor(value: unknown): number {
  for (let depth = deepest; depth > 0; depth--)
    if (countEntries(value, depth, mostEntries) < mostEntries) return depth;
  return 0;
}

/** Members over so many levels, counted up to a limit, without running anybody's code. */
function countEntries(value: unknown, depth: number, limit: number): number {
  if (typeof value !== 'object' || value === null || types.isProxy(value)) return 0;
  const members = membersOf(value);
  let count = members.length;
  for (const member of depth > 0 ? members : []) {
    if (count >= limit) return limit;
    count += countEntries(member, depth - 1, limit - count);
  }
  return Math.min(count, limit);
}

function membersOf(value: object): unknown[] {
  if (ArrayBuffer.isView(value)) return [];
  const most = options.maxArrayLength;
  if (Array.isArray(value)) return value.slice(0, most);
  if (types.isMap(value)) return [...take(value.entries(), most)].flat();
  if (types.isSet(value)) return [...take(value.values(), most)];
  const keys = Object.keys(value);
  if (keys.length > mostEntries) return new Array<undefined>(mostEntries).fill(undefined);
  return keys.map((key): unknown => Object.getOwnPropertyDescriptor(value, key)?.value);
}

function* take<T>(values: Iterable<T>, most: number): Iterable<T> {
  let count = 0;
  for (const value of values) {
    if (count++ >= most) return;
    yield value;
  }
}
