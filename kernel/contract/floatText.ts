/**
 * Numbers as text: little-endian float32 in base64 (RFC 4648), a third of what decimal digits take.
 * Not-a-number and the infinities survive; what is nearer to zero than 10⁻⁴⁵ becomes zero.
 */
import { describe, PayloadError } from './readValue.js';

/** Row-major numbers as they travel. */
export interface EncodedArray {
  shape: number[];
  /** Base64 of 4 bytes per number. */
  float32: string;
}

/** Row-major numbers as they are drawn. */
export interface FloatArray {
  shape: number[];
  data: Float32Array;
}

const alphabet = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/';
const digits = new Uint8Array(128).fill(255);
for (let i = 0; i < alphabet.length; i++) digits[alphabet.charCodeAt(i)] = i;

/** The number of base64 characters that `count` float32 take. */
export const encodedLength = (count: number): number => Math.ceil((count * 4) / 3) * 4;

export function encodeFloats(numbers: ArrayLike<number>, shape: readonly number[]): EncodedArray {
  const bytes = isLittleEndian ? nativeBytes(numbers) : swappedBytes(numbers);
  return { shape: [...shape], float32: toBase64(bytes) };
}

const isLittleEndian = new Uint8Array(Uint16Array.of(1).buffer)[0] === 1;

function nativeBytes(numbers: ArrayLike<number>): Uint8Array {
  const { buffer, byteOffset, byteLength } =
    numbers instanceof Float32Array ? numbers : Float32Array.from(numbers);
  return new Uint8Array(buffer, byteOffset, byteLength);
}

function swappedBytes(numbers: ArrayLike<number>): Uint8Array {
  const view = new DataView(new ArrayBuffer(numbers.length * 4));
  for (let i = 0; i < numbers.length; i++) view.setFloat32(i * 4, numbers[i]!, true);
  return new Uint8Array(view.buffer);
}

/** The two characters of every 12 bits. */
const pairs = Array.from(
  { length: 4096 },
  (_, bits) => alphabet[bits >> 6]! + alphabet[bits & 63]!,
);
/** Strings are joined in pieces: a character at a time makes a rope of millions. */
const pieceBytes = 3 * 1024;

function toBase64(bytes: Uint8Array): string {
  const parts: string[] = [];
  const rest = bytes.length % 3;
  const whole = bytes.length - rest;
  for (let from = 0; from < whole; from += pieceBytes) {
    let part = '';
    const end = Math.min(whole, from + pieceBytes);
    for (let i = from; i < end; i += 3) {
      const word = (bytes[i]! << 16) | (bytes[i + 1]! << 8) | bytes[i + 2]!;
      part += pairs[word >> 12]! + pairs[word & 4095]!;
    }
    parts.push(part);
  }
  if (rest === 1) parts.push(`${pairs[bytes[whole]! << 4]!}==`);
  if (rest === 2) {
    const word = (bytes[whole]! << 10) | (bytes[whole + 1]! << 2);
    parts.push(`${pairs[word >> 6]!}${alphabet[word & 63]!}=`);
  }
  return parts.join('');
}

/** @throws PayloadError if the text is not the base64 of exactly `count` numbers */
export function decodeFloats(text: unknown, count: number, member: string): Float32Array {
  if (typeof text !== 'string') throw new PayloadError(member, 'base64 text', describe(text));
  if (text.length !== encodedLength(count))
    throw new PayloadError(
      member,
      `${encodedLength(count)} characters, the base64 of ${count} float32`,
      `${text.length} characters`,
    );
  const bytes = new Uint8Array(Math.ceil((count * 4) / 3) * 3);
  for (let i = 0, at = 0; i < text.length; i += 4, at += 3) {
    const word = readWord(text, i, member);
    bytes[at] = word >> 16;
    bytes[at + 1] = word >> 8;
    bytes[at + 2] = word;
  }
  return toFloats(bytes, count);
}

function toFloats(bytes: Uint8Array, count: number): Float32Array {
  if (isLittleEndian) return new Float32Array(bytes.buffer.slice(0, 4 * count));
  const view = new DataView(bytes.buffer);
  return Float32Array.from({ length: count }, (_, i) => view.getFloat32(i * 4, true));
}

/** The 24 bits of four characters. */
function readWord(text: string, i: number, member: string): number {
  const a = valueAt(text, i);
  const b = valueAt(text, i + 1);
  const c = valueAt(text, i + 2);
  const d = valueAt(text, i + 3);
  if ((a | b | c | d) < 64) return (a << 18) | (b << 12) | (c << 6) | d;
  const last = i + 4 === text.length;
  return (
    (digit(text, i, false, member) << 18) |
    (digit(text, i + 1, false, member) << 12) |
    (digit(text, i + 2, last, member) << 6) |
    digit(text, i + 3, last, member)
  );
}

/** 0 to 63, or 255 where it is no character of the alphabet. */
function valueAt(text: string, i: number): number {
  const code = text.charCodeAt(i);
  return code < 128 ? digits[code]! : 255;
}

function digit(text: string, i: number, mayPad: boolean, member: string): number {
  const value = valueAt(text, i);
  if (value !== 255) return value;
  if (mayPad && text[i] === '=') return 0;
  throw new PayloadError(
    member,
    'base64 text',
    `${JSON.stringify(text.slice(i, i + 1))} at character ${i}`,
  );
}
