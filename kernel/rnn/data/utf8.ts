/**
 * UTF-8, with lone surrogates encoded like any other code point, so that every JavaScript string comes back as it was.
 * Source: https://www.rfc-editor.org/rfc/rfc3629, https://wtf-8.codeberg.page
 */
export function encodeUtf8(text: string): number[] {
  const bytes: number[] = [];
  for (const character of text) {
    const code = character.codePointAt(0)!;
    if (code < 0x80) bytes.push(code);
    else if (code < 0x800) bytes.push(0xc0 | (code >> 6), continuation(code));
    else if (code < 0x10000)
      bytes.push(0xe0 | (code >> 12), continuation(code >> 6), continuation(code));
    else
      bytes.push(
        0xf0 | (code >> 18),
        continuation(code >> 12),
        continuation(code >> 6),
        continuation(code),
      );
  }
  return bytes;
}

const continuation = (bits: number): number => 0x80 | (bits & 0x3f);

/** By leading byte: length of the sequence, bits of the leading byte, smallest code point that needs this length. */
const sequences = [
  { from: 0x00, to: 0x7f, length: 1, smallest: 0 },
  { from: 0xc2, to: 0xdf, length: 2, smallest: 0x80 },
  { from: 0xe0, to: 0xef, length: 3, smallest: 0x800 },
  { from: 0xf0, to: 0xf4, length: 4, smallest: 0x10000 },
];

/** Bytes → text, as they come; bytes that are no UTF-8 become U+FFFD. */
export class Utf8Decoder {
  #waiting: number[] = [];

  /** The text that these bytes complete. */
  push(bytes: ArrayLike<number>): string {
    const all = this.#waiting;
    for (let i = 0; i < bytes.length; i++) all.push(bytes[i]!);
    let text = '';
    let at = 0;
    while (at < all.length) {
      const { length, code } = readCodePoint(all, at);
      if (code === undefined) break;
      text += String.fromCodePoint(code);
      at += length;
    }
    this.#waiting = all.slice(at);
    return text;
  }

  /** U+FFFD where bytes of an unfinished character are left. */
  end(): string {
    const rest = this.#waiting.length > 0 ? '\uFFFD' : '';
    this.#waiting = [];
    return rest;
  }
}

/** The code point at a place; undefined where bytes are missing that may still come. */
function readCodePoint(
  bytes: readonly number[],
  at: number,
): { length: number; code: number | undefined } {
  const lead = bytes[at]!;
  const sequence = sequences.find(({ from, to }) => lead >= from && lead <= to);
  if (!sequence) return { length: 1, code: 0xfffd };
  const { length, smallest } = sequence;
  let code = length === 1 ? lead : lead & (0x7f >> length);
  for (let k = 1; k < length; k++) {
    const byte = bytes[at + k];
    if (byte === undefined) return { length, code: undefined };
    if ((byte & 0xc0) !== 0x80) return { length: k, code: 0xfffd };
    code = (code << 6) | (byte & 0x3f);
  }
  return { length, code: code < smallest || code > 0x10ffff ? 0xfffd : code };
}
