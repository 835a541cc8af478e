/** An error as printable text: name, message, the failing line with its neighbours, frames. */
import { type Frame, frameText, textOf } from './stackFrames.js';

const maxShownFrames = 12;
const maxLineLength = 400;

export function traceback(headline: string, frames: readonly Frame[]): string {
  const failing = frames.find((frame) => textOf(frame) !== undefined);
  return [headline, ...(failing ? [excerpt(failing)] : []), ...frameLines(frames)].join('\n');
}

function frameLines(frames: readonly Frame[]): string[] {
  const lines: string[] = [];
  let shown = 0;
  for (let index = 0; index < frames.length && shown < maxShownFrames; shown++) {
    const frame = frames[index]!;
    if (frame.folded) lines.push(`    … ${counted(frame.folded, 'library frame')}`);
    const text = frameText(frame);
    lines.push(`    at ${text}`);
    const next = frames.findIndex(
      (one, at) => at > index && (one.folded || frameText(one) !== text),
    );
    const end = next < 0 ? frames.length : next;
    // A recursion.
    if (end - index > 2) lines.push(`    … the same ${counted(end - index - 1, 'time')} more`);
    else if (end - index === 2) lines.push(`    at ${text}`);
    index = end;
    if (shown === maxShownFrames - 1 && end < frames.length) {
      lines.push(`    … ${counted(frames.length - end, 'frame')} more`);
    }
  }
  return lines;
}

function counted(count: number, noun: string): string {
  return `${String(count)} ${noun}${count === 1 ? '' : 's'}`;
}

/** Lines of the text that a frame is in: its own, and a neighbour before and behind it. */
export function linesAround(frame: Frame, neighbours: number): { from: number; lines: string[] } {
  const all = (textOf(frame) ?? '').split('\n');
  const from = Math.max(1, frame.line - neighbours);
  const lines = all.slice(from - 1, frame.line + neighbours);
  return { from, lines: lines.map((line) => line.slice(0, maxLineLength)) };
}

function excerpt(frame: Frame): string {
  const { line } = frame;
  const { from, lines } = linesAround(frame, 1);
  const width = String(from + lines.length - 1).length;
  const rows = lines.flatMap((text, index) => {
    const number = from + index;
    const mark = number === line ? '>' : ' ';
    const row = `${mark} ${String(number).padStart(width)} | ${text}`.trimEnd();
    return number === line ? [row, `  ${' '.repeat(width)} | ${caret(text, frame)}`] : [row];
  });
  return `\n${rows.join('\n')}\n`;
}

/** `^` below the place, or as many as it has characters on the line. */
function caret(text: string, { line, column, endLine, endColumn }: Frame): string {
  // A tab before the caret keeps it under its column.
  const indent = text.slice(0, column - 1).replace(/[^\t]/g, ' ');
  const end = endLine === line ? (endColumn ?? column) : text.length + 1;
  const length = endLine === undefined ? 1 : Math.max(1, Math.min(end, maxLineLength) - column);
  return indent + '^'.repeat(length);
}
