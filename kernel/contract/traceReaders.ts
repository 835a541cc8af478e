/** The pieces of `parseTrace.ts`: readers that are made for the sizes of one trace. */
import { decodeFloats } from './floatText.js';
import {
  describe,
  listOf,
  oneOf,
  PayloadError,
  readCount,
  readMembers,
  readNumber,
  readShape,
  readText,
  type Reader,
} from './readValue.js';
import { mathChildren, type FloatArray, type TraceMath } from './trace.js';

/** What a trace may hold at most. */
export const traceLimits = {
  timeSteps: 100_000,
  batchSize: 1_000_000,
  /** Numbers in all arrays together: 64 MB. */
  numbers: 16_000_000,
  layers: 64,
  stages: 512,
  parameters: 1_024,
  nodes: 1_024,
  edges: 4_096,
  states: 16,
  units: 65_536,
  rows: 4_096,
  texts: 256,
  /** Longest text of a formula, and how deep its elements may be nested. */
  mathDepth: 64,
  mathElements: 20_000,
} as const;

/** Readers that know the sizes of the trace they read. */
export interface TraceReaders {
  readonly timeSteps: number;
  readonly steps: number;
  readonly sequences: number;
  readonly boundaries: number;
  /** An array of exactly this shape. */
  floats(shape: readonly number[]): Reader<FloatArray>;
  math: Reader<TraceMath>;
}

export type Fields<T> = { [K in keyof T]-?: Reader<T[K]> };

/** A fresh object with the members that are there. */
export function objectOf<T extends object>(fields: Fields<T>): Reader<T> {
  return (value, member) => {
    const members = readMembers(value, member);
    const result: Partial<T> = {};
    for (const key of Object.keys(fields) as (keyof T & string)[]) {
      const read = fields[key](members.get(key), member === '' ? key : `${member}.${key}`);
      if (read !== undefined) result[key] = read;
    }
    return result as T;
  };
}

/** Whole numbers, each larger than the one before and below `end`. */
export const ascendingBelow =
  (end: number, most: number): Reader<number[]> =>
  (value, member) => {
    const list = listOf(readCount, most)(value, member);
    list.forEach((entry, index) => {
      if (entry >= end || (index > 0 && entry <= list[index - 1]!))
        throw new PayloadError(`${member}[${index}]`, `ascending numbers below ${end}`, `${entry}`);
    });
    return list;
  };

export const indexBelow =
  (end: number): Reader<number> =>
  (value, member) => {
    const index = readCount(value, member);
    if (index >= end) throw new PayloadError(member, `an index below ${end}`, `${index}`);
    return index;
  };

export const numberOrNull: Reader<number | null> = (value, member) =>
  value === null ? null : readNumber(value, member);

export const flag: Reader<boolean> = (value, member) => {
  if (typeof value !== 'boolean') throw new PayloadError(member, 'true or false', describe(value));
  return value;
};

export function createReaders(
  timeSteps: number,
  steps: number,
  sequences: number,
  boundaries: number,
): TraceReaders {
  let numbers = 0;
  return {
    timeSteps,
    steps,
    sequences,
    boundaries,
    math: readMath,
    floats: (shape) => (value, member) => {
      const members = readMembers(value, member);
      const given = readShape(members.get('shape'), `${member}.shape`);
      if (given.length !== shape.length || shape.some((n, axis) => n !== given[axis]))
        throw new PayloadError(
          `${member}.shape`,
          `[${shape.join(', ')}]`,
          `[${given.slice(0, 8).join(', ')}]`,
        );
      const count = shape.reduce((product, n) => product * n, 1);
      numbers += count;
      if (numbers > traceLimits.numbers)
        throw new PayloadError(
          member,
          `at most ${traceLimits.numbers} numbers in all arrays together`,
          `${numbers}`,
        );
      const text = members.get('float32');
      return { shape: given, data: decodeFloats(text, count, `${member}.float32`) };
    },
  };
}

const leafTags = ['mi', 'mn', 'mo', 'mtext'] as const;
const branchTags = ['mrow', 'msub', 'msup', 'mover', 'mfrac', 'msqrt'] as const;
const isLeafTag = oneOf([...leafTags, ...branchTags]);

function readMath(value: unknown, member: string): TraceMath {
  let elements = 0;
  const read = (element: unknown, where: string, depth: number): TraceMath => {
    if (depth > traceLimits.mathDepth || ++elements > traceLimits.mathElements)
      throw new PayloadError(
        where,
        `a formula at most ${traceLimits.mathDepth} deep, of at most ${traceLimits.mathElements} elements`,
        'more',
      );
    const members = readMembers(element, where);
    const tag = isLeafTag(members.get('tag'), `${where}.tag`);
    if (tag === 'mi' || tag === 'mn' || tag === 'mo' || tag === 'mtext')
      return { tag, text: readText(members.get('text'), `${where}.text`) };
    const children = listOf((child, at) => read(child, at, depth + 1), traceLimits.mathElements)(
      members.get('children'),
      `${where}.children`,
    );
    const expected = mathChildren[tag];
    if (expected !== undefined && children.length !== expected)
      throw new PayloadError(`${where}.children`, `${expected} elements`, `${children.length}`);
    return { tag, children };
  };
  return read(value, member, 0);
}
