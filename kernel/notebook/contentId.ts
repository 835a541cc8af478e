/**
 * A name made from what a text says, 16 hexadecimal digits: the same text always has the same, so a notebook
 * that runs again gets the same output. Two FNV-1a hashes of 32 bits with different starts; not meant
 * against people who look for two texts of one name.
 * Source: G. Fowler, L. Noll, K.-P. Vo, "The FNV Non-Cryptographic Hash Algorithm", IETF draft.
 */
export function contentId(text: string): string {
  let first = 0x811c9dc5;
  let second = 0x01000193;
  for (let i = 0; i < text.length; i++) {
    const code = text.charCodeAt(i);
    first = Math.imul(first ^ code, 0x01000193);
    second = Math.imul(second ^ code, 0x85ebca6b);
  }
  return [first, second].map((one) => (one >>> 0).toString(16).padStart(8, '0')).join('');
}
