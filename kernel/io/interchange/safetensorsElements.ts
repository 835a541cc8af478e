import type { NumberArray } from '../../rnn/ndarray.js';
import { InterchangeError } from './interchangeError.js';

/** How elements of a type are read. */
export interface ElementReader {
  /** Bytes of an element. */
  readonly width: number;
  readonly read: (buffer: ArrayBuffer, name: string) => NumberArray;
}

const small = (width: number, view: (buffer: ArrayBuffer) => ArrayLike<number>): ElementReader => ({
  width,
  read: (buffer) => Int32Array.from(view(buffer)),
});

/** Whole numbers that may not fit. */
const large = (
  width: number,
  view: (buffer: ArrayBuffer) => ArrayLike<number | bigint>,
): ElementReader => ({
  width,
  read: (buffer, name) =>
    Int32Array.from(view(buffer) as ArrayLike<number>, (value: number | bigint) => {
      const number = Number(value);
      if (number !== (number | 0))
        throw new InterchangeError(
          `safetensors: '${name}' holds ${value}, expected whole numbers of 32 bits`,
        );
      return number;
    }),
});

/** Sign, five bits of exponent, ten of fraction. Source: IEEE 754-2008, binary16 */
function fromHalf(bits: number): number {
  const sign = bits & 0x8000 ? -1 : 1;
  const exponent = (bits >> 10) & 0x1f;
  const fraction = bits & 0x3ff;
  if (exponent === 0) return sign * fraction * 2 ** -24;
  if (exponent === 0x1f) return fraction ? NaN : sign * Infinity;
  return sign * (1 + fraction / 1024) * 2 ** (exponent - 15);
}

/** The upper half of a float32. */
const fromBrain = (buffer: ArrayBuffer): Float32Array =>
  new Float32Array(Uint32Array.from(new Uint16Array(buffer), (bits) => bits << 16).buffer);

export const elementReaders: Readonly<Record<string, ElementReader>> = {
  F32: { width: 4, read: (buffer) => new Float32Array(buffer) },
  F64: { width: 8, read: (buffer) => new Float64Array(buffer) },
  I32: { width: 4, read: (buffer) => new Int32Array(buffer) },
  F16: { width: 2, read: (buffer) => Float32Array.from(new Uint16Array(buffer), fromHalf) },
  BF16: { width: 2, read: fromBrain },
  I64: large(8, (buffer) => new BigInt64Array(buffer)),
  U64: large(8, (buffer) => new BigUint64Array(buffer)),
  U32: large(4, (buffer) => new Uint32Array(buffer)),
  I16: small(2, (buffer) => new Int16Array(buffer)),
  U16: small(2, (buffer) => new Uint16Array(buffer)),
  I8: small(1, (buffer) => new Int8Array(buffer)),
  U8: small(1, (buffer) => new Uint8Array(buffer)),
  BOOL: small(1, (buffer) => new Uint8Array(buffer)),
};
