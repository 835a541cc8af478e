/** Whether the bytes at a place are these characters, each up to `\xff`: how file formats are told apart. */
export function startsWith(bytes: Uint8Array, signature: string, at = 0): boolean {
  for (let i = 0; i < signature.length; i++)
    if (bytes[at + i] !== signature.charCodeAt(i)) return false;
  return true;
}
