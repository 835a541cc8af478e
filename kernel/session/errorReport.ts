/** A thrown value → what a reader of the notebook needs: what, where, and the line itself. */
import { fileURLToPath } from 'node:url';
import { inspect } from 'node:util';
import type { ErrorFrame, ErrorReport } from '../contract/protocol.js';
import { asWritten } from './compile/shadowing.js';
import { isError } from './isError.js';
import { isPath, ModuleNotFoundError, packageName } from './moduleErrors.js';
import { type Frame, frameAt, type Place, type StackFrames, textOf } from './stackFrames.js';
import { linesAround, traceback } from './traceback.js';

/** Where an error is, if its own frames do not say. */
export type Whereabouts = Place | undefined;

const maxCauses = 5;
const maxMessage = 20_000;

export function toErrorReport(
  thrown: unknown,
  frames: StackFrames,
  where?: Whereabouts,
  /** Those that it caused. */
  effects: readonly unknown[] = [],
): ErrorReport {
  const { name, message } = describeThrown(thrown);
  const found = isError(thrown) ? frames.of(thrown) : [];
  const own =
    where && !found.some((frame) => frame.cell) ? [...found, frameAt(where, false)] : found;
  const innermost = own.find((frame) => textOf(frame) !== undefined);
  const cause = isError(thrown) ? readValue(() => thrown.cause) : undefined;
  const report: ErrorReport = {
    name,
    message,
    frames: own.map((frame) => toErrorFrame(frame, frame === innermost ? 1 : 0)),
    stack: traceback(message === '' ? name : `${name}: ${message}`, own),
  };
  if (thrown instanceof ModuleNotFoundError && !isPath(thrown.specifier))
    report.missingPackage = packageName(thrown.specifier);
  const all = [...effects, thrown];
  const isNew = cause !== undefined && cause !== null && !all.includes(cause);
  if (!isNew || all.length > maxCauses) return report;
  report.cause = toErrorReport(cause, frames, undefined, all);
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
  return { name: nameOf(thrown), message: bounded(message + all.join('')) };
}

function bounded(message: string): string {
  const more = message.length - maxMessage;
  return more > 0 ? `${message.slice(0, maxMessage)}… ${String(more)} characters more` : message;
}

/** A class that extends an error and says no name of its own is called by the class's. */
function nameOf(error: Error): string {
  const name = readText(() => error.name) || 'Error';
  if (Object.hasOwn(error, 'name')) return name;
  const inherited: unknown = Object.hasOwn(globalThis, name)
    ? (globalThis as Record<string, unknown>)[name]
    : undefined;
  if (typeof inherited !== 'function' || readValue(() => error.constructor) === inherited) {
    return name;
  }
  return asWritten(readText(() => error.constructor.name)) || name;
}

/** The members of an error may be getters that fail, or hold anything. */
function readText(read: () => unknown): string {
  const value = readValue(read);
  if (value === undefined) return '';
  return typeof value === 'string' ? value : inspect(value, { depth: 0 });
}

function readValue(read: () => unknown): unknown {
  try {
    return read();
  } catch {
    return undefined;
  }
}

function toErrorFrame(frame: Frame, neighbours: number): ErrorFrame {
  const { line, column, endLine, endColumn, cell, file, folded } = frame;
  return {
    ...(frame.function === undefined ? {} : { function: frame.function }),
    ...(cell ? { cell: { ...cell.script.cell, executionCount: cell.script.executionCount } } : {}),
    ...(!cell && file !== undefined ? { file: filePath(file) } : {}),
    line,
    column,
    ...(endLine === undefined ? {} : { endLine }),
    ...(endColumn === undefined ? {} : { endColumn }),
    ...(textOf(frame) === undefined ? {} : { code: linesAround(frame, neighbours) }),
    ...(folded ? { folded } : {}),
  };
}

function filePath(file: string): string {
  return file.startsWith('file:') ? fileURLToPath(file) : file;
}
