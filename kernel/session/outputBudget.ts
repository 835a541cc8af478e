/** How much a cell may show: what an editor scrolls through with ease and a notebook file can hold. */
import type { StreamEvent } from '../contract/protocol.js';

export const limits = {
  lines: 5000,
  characters: 1 << 20,
  /** Pictures, values, and changes between stdout and stderr. */
  outputs: 1000,
};

type Shown = StreamEvent['name'] | 'other';

export class OutputBudget {
  #lines = 0;
  #characters = 0;
  #outputs = 0;
  #last: Shown | undefined;
  #isAtLineStart = true;

  /** @returns How many of the text's characters may be shown; whole lines where there are any. */
  takeText(name: StreamEvent['name'], text: string): number {
    if (!this.#takeOutput(name)) return 0;
    const fits = fitting(text, limits.lines - this.#lines, limits.characters - this.#characters);
    // A line that would be the first to be cut goes to the file as a whole.
    const isCut = fits.lines === 0 && fits.characters < text.length;
    if (isCut && this.#isAtLineStart && this.#characters > 0) return 0;
    this.#lines += fits.lines;
    this.#characters += fits.characters;
    this.#isAtLineStart = text.endsWith('\n');
    return fits.characters;
  }

  /** Something that is no text: whether it may be shown. */
  takeOther(): boolean {
    this.#last = undefined;
    return this.#takeOutput('other');
  }

  #takeOutput(kind: Shown): boolean {
    if (this.#last === kind) return true;
    if (this.#outputs >= limits.outputs) return false;
    this.#outputs++;
    this.#last = kind;
    return true;
  }
}

function fitting(
  text: string,
  maxLines: number,
  maxCharacters: number,
): { characters: number; lines: number } {
  let lines = 0;
  let end = 0;
  while (lines < maxLines) {
    const next = text.indexOf('\n', end) + 1;
    if (next === 0) {
      // The last line has no end yet; it is whole, or there is none before it.
      if (text.length <= maxCharacters) return { characters: text.length, lines };
      break;
    }
    if (next > maxCharacters) break;
    end = next;
    lines++;
  }
  if (end === 0 && lines < maxLines) return { characters: cutAt(text, maxCharacters), lines };
  return { characters: end, lines };
}

/** Not inside a character of two code units. */
function cutAt(text: string, at: number): number {
  const unit = text.charCodeAt(at - 1);
  return unit >= 0xd800 && unit < 0xdc00 ? at - 1 : at;
}

export function countLines(text: string): number {
  let lines = 0;
  for (let at = text.indexOf('\n'); at >= 0; at = text.indexOf('\n', at + 1)) lines++;
  return lines;
}
