/**
 * How much memory the numbers and texts take that a value holds. Looks through objects, arrays and maps, at
 * so many values at most, and never through the numbers themselves.
 */
import { types } from 'node:util';
import { asTensor, type Memory, memberNames, memoryOf, ownData } from './ownData.js';

const maxLookedAt = 2000;
const maxItems = 200;
const bytesPerSlot = 8;
const bytesPerCharacter = 2;

export interface HeldBytes {
  bytes: number;
  /** There is more than was looked at. */
  isPartial: boolean;
}

/** Views of one buffer may show different parts of it (the engine's memory), or the same. */
class CountedMemory {
  readonly #parts = new Map<object, Set<string>>();

  /** @returns The bytes that were not counted before. */
  add({ buffer, offset, bytes }: Memory): number {
    const parts = this.#parts.get(buffer) ?? new Set();
    this.#parts.set(buffer, parts);
    const part = `${String(offset)}+${String(bytes)}`;
    if (parts.has(part)) return 0;
    parts.add(part);
    return bytes;
  }
}

interface Content {
  items: unknown[];
  /** Whether there are others. */
  hasMore: boolean;
}

/** @returns Undefined where it holds none. */
export function heldBytes(value: unknown): HeldBytes | undefined {
  const seen = new Set<object>();
  const counted = new CountedMemory();
  const waiting: unknown[] = [value];
  let bytes = 0;
  let isPartial = false;
  while (waiting.length > 0 && seen.size <= maxLookedAt) {
    const next = waiting.pop();
    if (typeof next === 'string') bytes += next.length * bytesPerCharacter;
    if (typeof next !== 'object' || next === null || types.isProxy(next) || seen.has(next))
      continue;
    seen.add(next);
    const memory = memoryOf(next);
    if (memory) {
      bytes += counted.add(memory);
      continue;
    }
    if (Array.isArray(next)) bytes += next.length * bytesPerSlot;
    const { items, hasMore } = contentOf(next);
    waiting.push(...items);
    isPartial ||= hasMore;
  }
  return bytes === 0 ? undefined : { bytes, isPartial: isPartial || waiting.length > 0 };
}

function contentOf(value: object): Content {
  // Its numbers; what it was computed from is not its own.
  if (asTensor(value)) return { items: [ownData(value, 'data')], hasMore: false };
  if (types.isMap(value)) {
    const { items, hasMore } = firstOf(Map.prototype.entries.call(value));
    return { items: items.flat(), hasMore };
  }
  if (types.isSet(value)) return firstOf(Set.prototype.values.call(value));
  if (!Array.isArray(value)) {
    const { first, count } = memberNames(value);
    const items = first.map((name) => ownData(value, name));
    return { items, hasMore: count > items.length };
  }
  const items = firstIndices(value).map((index) => ownData(value, index));
  // A long array whose first items are numbers has nothing else in it.
  const isNumeric = items.every((item) => typeof item === 'number');
  return { items: isNumeric ? [] : items, hasMore: !isNumeric && value.length > items.length };
}

function firstIndices({ length }: unknown[]): number[] {
  return Array.from({ length: Math.min(length, maxItems) }, (_, index) => index);
}

function firstOf(iterator: Iterator<unknown>): Content {
  const items: unknown[] = [];
  for (let step = iterator.next(); step.done !== true; step = iterator.next()) {
    if (items.length === maxItems) return { items, hasMore: true };
    items.push(step.value);
  }
  return { items, hasMore: false };
}
