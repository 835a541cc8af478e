/**
 * A line that is written over (`\r`, as progress in a terminal does) keeps only its last state, where that is
 * no shorter: a terminal would leave the end of a longer one standing.
 */
export function collapseReturns(text: string): string {
  if (!text.includes('\r')) return text;
  return text.replace(/[^\r\n]*(?:\r(?!\n)[^\r\n]*)+/g, collapseLine);
}

function collapseLine(line: string): string {
  const states = line.split('\r');
  const last = states.at(-1)!;
  const longest = Math.max(...states.map((state) => state.length));
  // The line may have begun in an earlier piece of the text.
  return last.length >= longest && last !== '' ? `\r${last}` : line;
}

/** Writes over the line that is there, and nothing more. */
export const isOverwrite = (text: string): boolean => text.startsWith('\r') && !text.includes('\n');
