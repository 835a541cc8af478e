/** A thrown value → what a reader of the notebook needs: what, where, and the line itself. */
import { fileURLToPath } from 'node:url';
import { inspect } from 'node:util';
import type { ErrorFrame, ErrorReport } from '../contract/protocol.js';
import { asWritten } from './compile/shadowing.js';
import { isError } from './isError.js';
import { type Frame, frameAt, frameText, type Place, type StackFrames } from './stackFrames.js';

/** Where an error is, if its own frames do not say. */
export type Whereabouts = Place | undefined;

const maxCauses = 5;
const maxShownFrames = 12;

export function toErrorReport(
  thrown: unknown,
  frames: StackFrames,
  where?: Whereabouts,
  depth = 0,
): ErrorReport {
  const { name, message } = describeThrown(thrown);
  const found = isError(thrown) ? frames.of(thrown) : [];
  const own =
    where && !found.some((frame) => frame.cell) ? [...found, frameAt(where, false)] : found;
  const cause = isError(thrown) && depth < maxCauses ? thrown.cause : undefined;
  const report: ErrorReport = {
    name,
    message,
    frames: own.map(toErrorFrame),
    stack: traceback(name, message, own),
  };
  if (cause === undefined || cause === null) return report;
  report.cause = toErrorReport(cause, frames, undefined, depth + 1);
  report.stack += `\nCaused by: ${report.cause.stack}`;
  return report;
}

function describeThrown(thrown: unknown): { name: string; message: string } {
  if (!isError(thrown)) {
    const shown = inspect(thrown, { depth: 2, maxArrayLength: 20, maxStringLength: 1000 });
    return { name: 'ThrownValue', message: `${shown} was thrown, which is not an Error.` };
  }
  const message = asWritten(readText(() => thrown.message));
  const inner: unknown[] = thrown instanceof AggregateError ? thrown.errors : [];
  const all = inner.map((one) => {
    const { name, message: text } = describeThrown(one);
    return `\n  - ${name}: ${text}`;
  });
  return { name: readText(() => thrown.name) || 'Error', message: message + all.join('') };
}

/** The members of an error may be getters that fail, or hold anything. */
function readText(read: () => unknown): string {
  try {
    const value = read();
    return typeof value === 'string' ? value : inspect(value, { depth: 0 });
  } catch {
    return '';
  }
}

function toErrorFrame(frame: Frame): ErrorFrame {
  const { line, column, cell, file } = frame;
  return {
    ...(frame.function === undefined ? {} : { function: frame.function }),
    ...(cell ? { cell: { ...cell.script.cell, executionCount: cell.script.executionCount } } : {}),
    ...(!cell && file !== undefined ? { file: filePath(file) } : {}),
    line,
    column,
  };
}

function filePath(file: string): string {
  return file.startsWith('file:') ? fileURLToPath(file) : file;
}

function traceback(name: string, message: string, frames: Frame[]): string {
  const headline = message === '' ? name : `${name}: ${message}`;
  const failing = frames.find((frame) => textOf(frame) !== undefined);
  const shown = frames.slice(0, maxShownFrames).map((frame) => `    at ${frameText(frame)}`);
  const more = frames.length - shown.length;
  if (more > 0) shown.push(`    … ${String(more)} more`);
  return [headline, ...(failing ? [excerpt(failing)] : []), ...shown].join('\n');
}

/** The failing line with its neighbours and a caret under the column. */
function excerpt(frame: Frame): string {
  const { line, column } = frame;
  const lines = (textOf(frame) ?? '').split('\n');
  const width = String(Math.min(line + 1, lines.length)).length;
  const row = (number: number) => {
    const mark = number === line ? '>' : ' ';
    return `${mark} ${String(number).padStart(width)} | ${lines[number - 1] ?? ''}`.trimEnd();
  };
  // A tab before the caret keeps it under its column.
  const indent = (lines[line - 1] ?? '').slice(0, column - 1).replace(/[^\t]/g, ' ');
  const rows = [
    ...(line > 1 ? [row(line - 1)] : []),
    row(line),
    `  ${' '.repeat(width)} | ${indent}^`,
    ...(line < lines.length ? [row(line + 1)] : []),
  ];
  return `\n${rows.join('\n')}\n`;
}

/** What the user wrote, where the frame is in it. */
function textOf({ cell, text }: Frame): string | undefined {
  return cell?.script.source ?? text;
}
