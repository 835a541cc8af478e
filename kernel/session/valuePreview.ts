/** A value in one bounded line, without running any code of the user's (`ownData.ts`). */
import { types } from 'node:util';
import {
  asTensor,
  data,
  functionName,
  getterOf,
  isNumbers,
  lengthOf,
  memberNames,
  memoryOf,
  type Numbers,
  typeName,
} from './ownData.js';

const maxPreview = 120;
const maxItems = 6;
const maxDepth = 1;

export function previewOf(value: unknown): string {
  const text = show(value, 0).replace(/\s+/g, ' ');
  return text.length > maxPreview ? `${text.slice(0, maxPreview - 1)}…` : text;
}

function show(value: unknown, depth: number): string {
  if (typeof value === 'string') return showText(value);
  if (typeof value === 'bigint') return `${String(value)}n`;
  if (typeof value === 'function') return showFunction(value);
  if (typeof value !== 'object' || value === null)
    return Object.is(value, -0) ? '-0' : String(value);
  return showObject(value, depth);
}

function showText(text: string): string {
  const shown = text.slice(0, maxPreview);
  return `'${shown}${text.length > shown.length ? '…' : ''}'`;
}

function showFunction(value: object): string {
  const kind = typeName(value);
  const name = functionName(value);
  if (kind === 'Proxy') return kind;
  return name === undefined ? `[${kind}]` : `[${kind} ${name}]`;
}

function showObject(value: object, depth: number): string {
  if (types.isProxy(value)) return 'Proxy';
  const name = typeName(value);
  const tensor = asTensor(value);
  if (tensor) {
    const { numbers, shape } = tensor;
    const dtype = typeName(numbers).replace('Array', '').toLowerCase();
    return `${name} ${dtype} [${shape.join(', ')}] ${listNumbers(numbers)}`;
  }
  if (isNumbers(value)) return `${name}(${String(lengthOf(value))}) ${listNumbers(value)}`;
  if (types.isDate(value)) return showDate(value);
  if (types.isRegExp(value)) return `/${String(sourceOf(value))}/`;
  if (memoryOf(value) || types.isPromise(value)) return name;
  if (types.isNativeError(value)) return showError(value, name);
  if (depth > maxDepth) return Array.isArray(value) ? `Array(${String(value.length)})` : name;
  if (Array.isArray(value)) return showArray(value, depth);
  if (types.isMap(value)) return showMap(value, name, depth);
  if (types.isSet(value)) return showSet(value, name, depth);
  return showMembers(value, name, depth);
}

function showDate(value: Date): string {
  const time = Date.prototype.getTime.call(value);
  return Number.isNaN(time) ? 'Invalid Date' : new Date(time).toISOString();
}

function showError(value: object, name: string): string {
  const message = data(value, 'message');
  return typeof message === 'string' && message !== '' ? `${name}: ${message.slice(0, 200)}` : name;
}

/** The first few numbers, with the digits that a reader can use. */
function listNumbers(numbers: Numbers): string {
  const length = lengthOf(numbers);
  const shown = Array.from({ length: Math.min(length, maxItems) }, (_, i) => {
    const one = numbers[i]!;
    return typeof one === 'number' ? String(Number(one.toPrecision(5))) : `${String(one)}n`;
  });
  return list('[', shown, length, ']');
}

function showArray(value: unknown[], depth: number): string {
  const shown = Array.from({ length: Math.min(value.length, maxItems) }, (_, i) => {
    const descriptor = Object.getOwnPropertyDescriptor(value, i);
    return descriptor ? showDescribed(descriptor, depth) : '<empty>';
  });
  return list('[', shown, value.length, ']');
}

function showMap(value: ReadonlyMap<unknown, unknown>, name: string, depth: number): string {
  const shown: string[] = [];
  const entries = Map.prototype.entries.call(value) as MapIterator<[unknown, unknown]>;
  for (let next = nextOf(entries); next && shown.length < maxItems; next = nextOf(entries)) {
    const [key, held] = next.value;
    shown.push(`${show(key, depth + 1)} => ${show(held, depth + 1)}`);
  }
  const size = sizeOfMap(value) as number;
  return `${name}(${String(size)}) ${list('{', shown, size, '}')}`;
}

function showSet(value: ReadonlySet<unknown>, name: string, depth: number): string {
  const shown: string[] = [];
  const values = Set.prototype.values.call(value) as SetIterator<unknown>;
  for (let next = nextOf(values); next && shown.length < maxItems; next = nextOf(values)) {
    shown.push(show(next.value, depth + 1));
  }
  const size = sizeOfSet(value) as number;
  return `${name}(${String(size)}) ${list('{', shown, size, '}')}`;
}

const sourceOf = getterOf(RegExp.prototype, 'source');
const sizeOfMap = getterOf(Map.prototype, 'size');
const sizeOfSet = getterOf(Set.prototype, 'size');

function nextOf<T>(iterator: Iterator<T>): { value: T } | undefined {
  const step = iterator.next();
  return step.done === true ? undefined : step;
}

function showMembers(value: object, name: string, depth: number): string {
  const { first, count } = memberNames(value);
  const shown = first.slice(0, maxItems).map((member) => {
    const descriptor = Object.getOwnPropertyDescriptor(value, member);
    return `${member}: ${descriptor ? showDescribed(descriptor, depth) : '<gone>'}`;
  });
  const prefix = name === 'Object' ? '' : `${name} `;
  return prefix + list('{', shown, count, '}');
}

function showDescribed(descriptor: PropertyDescriptor, depth: number): string {
  return 'value' in descriptor ? show(descriptor.value, depth + 1) : '<getter>';
}

function list(open: string, shown: string[], length: number, close: string): string {
  const more = length - shown.length;
  const items = more > 0 ? [...shown, `… ${String(more)} more`] : shown;
  if (items.length === 0) return open + close;
  return open === '[' ? `[${items.join(', ')}]` : `{ ${items.join(', ')} }`;
}
