/**
 * An error as VS Code's own renderer shows it. That makes links of a line `Cell In[3], line 2` (3 is the
 * cell's execution order) and, below a line `File /folder/file.ts:2`, of the number in `----> 2 | code`.
 * Everything else in such a line is lost, so a frame's place has its line to itself.
 */
import type { ErrorFrame, ErrorReport } from '../../../kernel/contract/protocol.js';

export interface ShownError {
  name: string;
  message: string;
  stack: string;
}

const maxShownFrames = 10;
const arrow = '---->';

export function toShownError(report: ErrorReport): ShownError {
  const { name, message } = report;
  return { name, message, stack: errorLines(report).join('\n') };
}

function errorLines(report: ErrorReport): string[] {
  const { name, message, frames, stack, cause } = report;
  // Where the kernel knows no frames, it says all there is to say in its own text.
  if (frames.length === 0 && !cause) return stack.split('\n');
  const headline = message === '' ? name : `${name}: ${message}`;
  const shown = frames.slice(0, maxShownFrames);
  const left = frames.length - shown.length;
  return [
    ...headline.split('\n'),
    ...shown.flatMap((frame, index) => frameLines(frame, shown[index - 1])),
    ...(left > 0 ? ['', `… ${counted(left, 'frame')} more`] : []),
    ...(cause ? ['', ...causeLines(cause)] : []),
  ];
}

function causeLines(cause: ErrorReport): string[] {
  const [headline = '', ...rest] = errorLines(cause);
  return [`Caused by: ${headline}`, ...rest];
}

function frameLines(frame: ErrorFrame, before: ErrorFrame | undefined): string[] {
  const { folded = 0, code } = frame;
  const isAgain = before !== undefined && samePlace(frame, before) && folded === 0;
  if (isAgain) return [];
  return [
    '',
    ...(folded > 0 ? [`    … ${counted(folded, 'library frame')}`] : []),
    placeLine(frame),
    ...(code ? codeLines(frame, code) : []),
  ];
}

function placeLine({ cell, file, line }: ErrorFrame): string {
  if (cell) return `Cell In[${cell.executionCount}], line ${line}`;
  return `File ${file ?? '<anonymous>'}:${line}`;
}

function codeLines(frame: ErrorFrame, { from, lines }: NonNullable<ErrorFrame['code']>): string[] {
  const width = String(from + lines.length - 1).length;
  return lines.flatMap((text, index) => {
    const number = from + index;
    const isPlace = number === frame.line;
    const mark = isPlace ? arrow : ' '.repeat(arrow.length);
    const row = `${mark} ${String(number).padStart(width)} | ${text}`.trimEnd();
    if (!isPlace) return [row];
    return [row, `${' '.repeat(arrow.length + 1 + width)} | ${carets(text, frame)}`];
  });
}

/** `^` below the place, or as many as it has characters on the line. */
function carets(text: string, { line, column, endLine, endColumn }: ErrorFrame): string {
  const indent = text.slice(0, column - 1).replace(/[^\t]/g, ' ');
  const end = endLine === line ? (endColumn ?? column) : text.length + 1;
  return indent + '^'.repeat(endLine === undefined ? 1 : Math.max(1, end - column));
}

function samePlace(a: ErrorFrame, b: ErrorFrame): boolean {
  return (
    a.cell?.executionCount === b.cell?.executionCount && a.file === b.file && a.line === b.line
  );
}

function counted(count: number, noun: string): string {
  return `${count} ${noun}${count === 1 ? '' : 's'}`;
}
