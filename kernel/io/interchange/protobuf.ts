/**
 * Messages in the wire format of Protocol Buffers, written and read.
 * Source: https://protobuf.dev/programming-guides/encoding/
 */
import { FileFormatError } from '../fileFormatError.js';

/** One field, encoded. A message is its fields, one after the other. */
export type Field = Uint8Array;

const wireTypes = { varint: 0, fixed64: 1, lengthDelimited: 2, fixed32: 5 } as const;

/** Negative numbers take ten bytes, in two's complement of 64 bits. */
function varint(value: number): number[] {
  if (!Number.isSafeInteger(value))
    throw new RangeError(`protobuf: expected a whole number, got ${value}`);
  const bytes: number[] = [];
  let rest = BigInt.asUintN(64, BigInt(value));
  for (; rest > 0x7fn; rest >>= 7n) bytes.push(Number(rest & 0x7fn) | 0x80);
  return [...bytes, Number(rest)];
}

const tag = (field: number, wireType: number): number[] => varint(field * 8 + wireType);

/** int64, int32, enum. */
export const integer = (field: number, value: number): Field =>
  Uint8Array.from([...tag(field, wireTypes.varint), ...varint(value)]);

export const float = (field: number, value: number): Field =>
  join([
    Uint8Array.from(tag(field, wireTypes.fixed32)),
    new Uint8Array(Float32Array.of(value).buffer),
  ]);

export const bytes = (field: number, value: Uint8Array): Field =>
  join([
    Uint8Array.from([...tag(field, wireTypes.lengthDelimited), ...varint(value.length)]),
    value,
  ]);

export const string = (field: number, value: string): Field =>
  bytes(field, new TextEncoder().encode(value));

export const message = (field: number, fields: readonly Field[]): Field =>
  bytes(field, join(fields));

export function join(parts: readonly Uint8Array[]): Uint8Array {
  const all = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  let offset = 0;
  for (const part of parts) {
    all.set(part, offset);
    offset += part.length;
  }
  return all;
}

/** A field's value as it lies in the bytes: a varint as a number of 64 bits with its sign, anything else as bytes. */
type Raw = bigint | Uint8Array;

/** A message that was taken apart: values by field number, asked for with the type that its schema gives them. */
export class Message {
  private readonly fields = new Map<number, Raw[]>();

  /** @throws FileFormatError if the bytes are no message */
  constructor(
    private readonly owner: string,
    content: Uint8Array,
  ) {
    const cursor = new Cursor(owner, content);
    while (!cursor.atEnd) {
      const key = cursor.varint();
      const field = Number(key >> 3n);
      const values = this.fields.get(field) ?? [];
      values.push(cursor.value(Number(key & 7n)));
      this.fields.set(field, values);
    }
  }

  /** The last value, as the wire format wants it; 0 where the field is not set. */
  integer(field: number): number {
    return this.integers(field).at(-1) ?? 0;
  }

  /** Values one by one, or packed into one run of bytes. */
  integers(field: number): number[] {
    return this.all(field).flatMap((value) => {
      if (typeof value === 'bigint') return [this.safe(value)];
      const cursor = new Cursor(this.owner, value);
      const numbers: number[] = [];
      while (!cursor.atEnd) numbers.push(this.safe(BigInt.asIntN(64, cursor.varint())));
      return numbers;
    });
  }

  float(field: number): number {
    return this.floats(field).at(-1) ?? 0;
  }

  floats(field: number): number[] {
    return this.numbers(field, 4, (view, at) => view.getFloat32(at, true));
  }

  doubles(field: number): number[] {
    return this.numbers(field, 8, (view, at) => view.getFloat64(at, true));
  }

  bytes(field: number): Uint8Array | undefined {
    return this.runs(field).at(-1);
  }

  string(field: number): string {
    return this.strings(field).at(-1) ?? '';
  }

  strings(field: number): string[] {
    return this.runs(field).map((run) => new TextDecoder().decode(run));
  }

  message(field: number): Message | undefined {
    return this.messages(field).at(-1);
  }

  messages(field: number): Message[] {
    return this.runs(field).map((run) => new Message(this.owner, run));
  }

  has(field: number): boolean {
    return this.fields.has(field);
  }

  private all(field: number): Raw[] {
    return this.fields.get(field) ?? [];
  }

  private runs(field: number): Uint8Array[] {
    return this.all(field).map((value) => {
      if (typeof value === 'bigint')
        throw new FileFormatError(
          `${this.owner}: field ${field} holds a number, expected a run of bytes`,
        );
      return value;
    });
  }

  private numbers(field: number, width: number, read: (view: DataView, at: number) => number) {
    return this.runs(field).flatMap((run) => {
      if (run.length % width !== 0)
        throw new FileFormatError(
          `${this.owner}: field ${field} holds ${run.length} bytes, expected a multiple of ${width}`,
        );
      const view = new DataView(run.buffer, run.byteOffset, run.byteLength);
      return Array.from({ length: run.length / width }, (_, k) => read(view, k * width));
    });
  }

  /** Numbers beyond 2⁵³ are limits such as "to the end", and stay limits. */
  private safe(value: bigint): number {
    const limit = BigInt(Number.MAX_SAFE_INTEGER);
    if (value > limit) return Number.MAX_SAFE_INTEGER;
    return value < -limit ? -Number.MAX_SAFE_INTEGER : Number(value);
  }
}

class Cursor {
  private at = 0;

  constructor(
    private readonly owner: string,
    private readonly content: Uint8Array,
  ) {}

  get atEnd(): boolean {
    return this.at >= this.content.length;
  }

  varint(): bigint {
    let value = 0n;
    for (let shift = 0n; shift < 70n; shift += 7n) {
      const byte = this.take(1)[0]!;
      value |= BigInt(byte & 0x7f) << shift;
      if (byte < 0x80) return value;
    }
    throw new FileFormatError(
      `${this.owner}: a number at byte ${this.at} has more than ten bytes, expected a Protocol Buffers message`,
    );
  }

  value(wireType: number): Raw {
    switch (wireType) {
      case wireTypes.varint:
        return BigInt.asIntN(64, this.varint());
      case wireTypes.fixed64:
        return this.take(8);
      case wireTypes.lengthDelimited:
        return this.take(Number(this.varint()));
      case wireTypes.fixed32:
        return this.take(4);
      default:
        throw new FileFormatError(
          `${this.owner}: wire type ${wireType} before byte ${this.at} is unknown, expected a Protocol Buffers message`,
        );
    }
  }

  private take(length: number): Uint8Array {
    const { at, content } = this;
    if (length > content.length - at)
      throw new FileFormatError(
        `${this.owner}: the file ends at byte ${content.length}, expected ${length} more after byte ${at}`,
      );
    this.at += length;
    return content.subarray(at, this.at);
  }
}
