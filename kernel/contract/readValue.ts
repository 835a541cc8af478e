/** The smallest pieces of `parsePayload.ts`: each checks one value, within bounds, and copies it. */

/** What a payload may hold at most. A drawing of more than this helps nobody and can hang the page. */
export const payloadLimits = {
  textLength: 2_000,
  series: 64,
  points: 100_000,
  baselines: 64,
  marks: 1_000,
  timeSteps: 1_000_000,
  /** Texts under and over the time steps. */
  tokens: 100_000,
  layers: 512,
  nodes: 4_096,
  states: 64,
  /** Operands of a node, layers that one reads, axes of a shape. */
  references: 512,
} as const;

/** A payload that is not what its media type says. */
export class PayloadError extends Error {
  override readonly name = 'PayloadError';
  constructor(
    /** Where in the payload, e.g. `series[0].value[12]`; empty for the payload itself. */
    readonly member: string,
    private readonly expected: string,
    private readonly came: string,
  ) {
    super(`${member === '' ? 'payload' : member}: expected ${expected}, got ${came}`);
  }

  /** The same, for a payload that is the member of another. */
  within(member: string): PayloadError {
    const own = this.member === '' ? member : `${member}.${this.member}`;
    return new PayloadError(own, this.expected, this.came);
  }
}

export type Reader<T> = (value: unknown, member: string) => T;
export type Members = ReadonlyMap<string, unknown>;

/** Own enumerable data members only. */
export function readMembers(value: unknown, member: string): Members {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    throw new PayloadError(member, 'an object', describe(value));
  }
  return new Map<string, unknown>(Object.entries(value));
}

export function readText(value: unknown, member: string): string {
  if (typeof value !== 'string') throw new PayloadError(member, 'a text', describe(value));
  if (value.length > payloadLimits.textLength) {
    throw new PayloadError(
      member,
      `a text of at most ${payloadLimits.textLength} characters`,
      `${value.length}`,
    );
  }
  return value;
}

/** JSON has no infinity, but `1e999` parses to one. */
export function readNumber(value: unknown, member: string): number {
  if (typeof value !== 'number' || !Number.isFinite(value)) {
    throw new PayloadError(member, 'a finite number', describe(value));
  }
  return value;
}

export function readCount(value: unknown, member: string): number {
  if (typeof value !== 'number' || !Number.isSafeInteger(value) || value < 0) {
    throw new PayloadError(member, 'a whole number, 0 or more', describe(value));
  }
  return value;
}

export function readShape(value: unknown, member: string): number[] {
  return listOf(readCount, payloadLimits.references)(value, member);
}

export function listOf<T>(
  read: (value: unknown, member: string, index: number) => T,
  most: number,
): Reader<T[]> {
  return (value, member) => {
    if (!Array.isArray(value)) throw new PayloadError(member, 'a list', describe(value));
    if (value.length > most) {
      throw new PayloadError(member, `at most ${most} entries`, `${value.length}`);
    }
    return Array.from(value, (entry, index) => read(entry, `${member}[${index}]`, index));
  };
}

export function oneOf<const T extends string>(choices: readonly T[]): Reader<T> {
  return (value, member) => {
    const found = choices.find((choice) => choice === value);
    if (found === undefined) {
      throw new PayloadError(member, choices.join(', '), describe(value));
    }
    return found;
  };
}

export function optional<T>(read: Reader<T>): Reader<T | undefined> {
  return (value, member) => (value === undefined ? undefined : read(value, member));
}

export function assignDefined<T extends object, K extends keyof T>(
  target: T,
  member: K,
  value: T[K] | undefined,
): void {
  if (value !== undefined) target[member] = value;
}

export function checkUnique(texts: readonly string[], member: (index: number) => string): void {
  const seen = new Map<string, number>();
  texts.forEach((text, index) => {
    const first = seen.get(text);
    if (first !== undefined) {
      throw new PayloadError(
        member(index),
        'a text used once',
        `${describe(text)} again (first at ${first})`,
      );
    }
    seen.set(text, index);
  });
}

export function checkAscending(column: readonly number[], member: string): void {
  for (let index = 1; index < column.length; index++) {
    if (column[index]! < column[index - 1]!) {
      throw new PayloadError(
        `${member}[${index}]`,
        `at least ${column[index - 1]!}, the entry before it`,
        `${column[index]!}`,
      );
    }
  }
}

/** What came, in a few words; never the whole of it. */
export function describe(value: unknown): string {
  if (value === undefined) return 'nothing';
  if (value === null) return 'null';
  if (Array.isArray(value)) return `a list of ${value.length}`;
  if (typeof value === 'string') {
    return value.length > 40 ? `${JSON.stringify(value.slice(0, 40))}…` : JSON.stringify(value);
  }
  if (typeof value === 'number' || typeof value === 'boolean') return String(value);
  return `a value of type ${typeof value}`;
}
