const symbols: Record<string, string> = {
  ' ': '␣',
  '\n': '⏎',
  '\t': '⇥',
  '\r': '␍',
  '\u00a0': '⍽',
  '\u007f': '␡',
};

/**
 * A token as it can be read and told apart: white space, control and invisible formatting characters
 * become symbols, an empty token becomes `∅`. Formatting characters would otherwise also let a token
 * reverse or hide the text around it.
 */
export function toVisibleText(text: string): string {
  if (text === '') return '∅';
  return text.replace(/[\s\p{C}\p{Z}]/gu, toSymbol);
}

function toSymbol(character: string): string {
  const code = character.codePointAt(0)!;
  // Unicode has a picture for every ASCII control character, in the same order.
  if (code < 0x20) return symbols[character] ?? String.fromCodePoint(0x2400 + code);
  return symbols[character] ?? `⟨${code.toString(16).toUpperCase().padStart(4, '0')}⟩`;
}
