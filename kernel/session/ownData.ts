/**
 * Reading a value without running any code of the user's: no getter, no proxy trap, no method, no
 * `Symbol.hasInstance`. What would need one is not read.
 */
import { types } from 'node:util';

/** A member that is plain data; undefined where there is none, or it is an accessor. */
export function ownData(value: object, name: PropertyKey): unknown {
  if (types.isProxy(value)) return undefined;
  return Object.getOwnPropertyDescriptor(value, name)?.value as unknown;
}

/** The same, also of what it inherits. */
export function data(value: object, name: PropertyKey): unknown {
  for (let holder: object | null = value; holder; holder = prototypeOf(holder)) {
    if (types.isProxy(holder)) return undefined;
    const descriptor = Object.getOwnPropertyDescriptor(holder, name);
    if (descriptor) return descriptor.value as unknown;
  }
  return undefined;
}

function prototypeOf(value: object): object | null {
  return Object.getPrototypeOf(value) as object | null;
}

/** `number`, `Tensor`, `class`, … */
export function typeName(value: unknown): string {
  if (value === null) return 'null';
  if (typeof value === 'function') return functionKind(value);
  if (typeof value !== 'object') return typeof value;
  if (types.isProxy(value)) return 'Proxy';
  const prototype = prototypeOf(value);
  const constructor = prototype === null ? undefined : data(prototype, 'constructor');
  return functionName(constructor) ?? 'Object';
}

function functionKind(value: object): string {
  if (types.isProxy(value)) return 'Proxy';
  const source = Function.prototype.toString.call(value);
  return /^class\b/.test(source) ? 'class' : 'function';
}

export function functionName(value: unknown): string | undefined {
  if (typeof value !== 'function') return undefined;
  const name = ownData(value, 'name');
  return typeof name === 'string' && name !== '' ? name : undefined;
}

export interface MemberNames {
  /** The first of them. */
  first: string[];
  count: number;
}

const maxNames = 200;
/** The engine can only list all names of an object at once, which takes long where they are many. */
const manyNames = 10_000;
const listedBefore = new WeakMap<object, MemberNames>();

/** Names of members. Of an object with very many they are those of the first time it was asked for. */
export function memberNames(value: object): MemberNames {
  const known = listedBefore.get(value);
  if (known) return known;
  const names = Object.keys(value);
  const listed = { first: names.slice(0, maxNames), count: names.length };
  if (names.length > manyNames) listedBefore.set(value, listed);
  return listed;
}

const typedArray = Object.getPrototypeOf(Uint8Array.prototype) as object;

/** One of the engine's own getters, which no class of the user's can replace. */
export function getterOf(holder: object, name: string): (value: unknown) => unknown {
  // eslint-disable-next-line @typescript-eslint/unbound-method -- applied to its value below
  const { get } = Object.getOwnPropertyDescriptor(holder, name)!;
  return (value) => Reflect.apply(get!, value, []) as unknown;
}

const lengthOfTyped = getterOf(typedArray, 'length');

export type Numbers = ArrayLike<number | bigint>;

export function isNumbers(value: unknown): value is Numbers {
  return types.isTypedArray(value);
}

export function lengthOf(numbers: Numbers): number {
  return lengthOfTyped(numbers) as number;
}

export interface Memory {
  buffer: object;
  offset: number;
  bytes: number;
}

type ReadMemory = (value: object) => Memory;

/** What shows a part of a buffer, and what is one. */
const memoryKinds: [is: (value: object) => boolean, read: ReadMemory][] = [
  [types.isTypedArray, viewReader(typedArray)],
  [types.isDataView, viewReader(DataView.prototype)],
  [types.isArrayBuffer, bufferReader(ArrayBuffer.prototype)],
  [types.isSharedArrayBuffer, bufferReader(SharedArrayBuffer.prototype)],
];

function viewReader(holder: object): ReadMemory {
  const [buffer, offset, bytes] = ['buffer', 'byteOffset', 'byteLength'].map((name) =>
    getterOf(holder, name),
  );
  return (value) => ({
    buffer: buffer!(value) as object,
    offset: offset!(value) as number,
    bytes: bytes!(value) as number,
  });
}

function bufferReader(holder: object): ReadMemory {
  const bytes = getterOf(holder, 'byteLength');
  return (value) => ({ buffer: value, offset: 0, bytes: bytes(value) as number });
}

/** The memory that a value is or shows; undefined where it is none. */
export function memoryOf(value: object): Memory | undefined {
  return memoryKinds.find(([is]) => is(value))?.[1](value);
}

/** What has numbers and their shape, as a tensor does. */
export function asTensor(value: object): { numbers: Numbers; shape: number[] } | undefined {
  const numbers = ownData(value, 'data');
  const shape = ownData(value, 'shape');
  if (!isNumbers(numbers) || !Array.isArray(shape) || types.isProxy(shape)) return undefined;
  const sizes = Array.from({ length: Math.min(shape.length, 16) }, (_, i) => ownData(shape, i));
  const isShape = sizes.every((size): size is number => typeof size === 'number');
  return isShape ? { numbers, shape: sizes } : undefined;
}
