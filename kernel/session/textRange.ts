/** A place in a text; lines and columns count from 1. */
export interface TextRange {
  line: number;
  column: number;
  /** Behind the last character, where the place has an extent. */
  endLine?: number;
  endColumn?: number;
}

/** Offsets in UTF-16 code units → lines and columns. */
export function rangeAt(text: string, offset: number, length = 0): TextRange {
  const start = positionAt(text, offset);
  if (length === 0) return start;
  const end = positionAt(text, offset + length);
  return { ...start, endLine: end.line, endColumn: end.column };
}

function positionAt(text: string, offset: number): { line: number; column: number } {
  const before = text.slice(0, offset).split('\n');
  return { line: before.length, column: before.at(-1)!.length + 1 };
}
