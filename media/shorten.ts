/** At most `most` characters, the last of them `…` where some were left out. */
export function shorten(text: string, most: number): string {
  if (text.length <= most) return text;
  // By code points, so that no half of a surrogate pair is left over.
  const characters = Array.from(text);
  if (characters.length <= most) return text;
  return `${characters.slice(0, Math.max(1, most - 1)).join('')}…`;
}
