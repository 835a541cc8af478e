/**
 * Writes messages in the wire format of Protocol Buffers.
 * Source: https://protobuf.dev/programming-guides/encoding/
 */

/** One field, encoded. A message is its fields, one after the other. */
export type Field = Uint8Array;

const wireTypes = { varint: 0, lengthDelimited: 2 } as const;

function varint(value: number): number[] {
  if (!Number.isSafeInteger(value) || value < 0)
    throw new RangeError(`varint: expected a whole number of at least 0, got ${value}`);
  const bytes: number[] = [];
  for (; value > 0x7f; value = Math.floor(value / 128)) bytes.push((value % 128) | 0x80);
  return [...bytes, value];
}

const tag = (field: number, wireType: number): number[] => varint(field * 8 + wireType);

/** int64, int32, enum. */
export const integer = (field: number, value: number): Field =>
  Uint8Array.from([...tag(field, wireTypes.varint), ...varint(value)]);

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
