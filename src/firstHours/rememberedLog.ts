/** The log channel, whose last lines can be read back: VS Code lets an extension only write to it. */
import { format } from 'node:util';
import type * as vscode from 'vscode';

const mostLines = 400;
const levels = ['trace', 'debug', 'info', 'warn', 'error'] as const;

export interface RememberedLog {
  log: vscode.LogOutputChannel;
  /** The newest last, each with its time and level. */
  lines: () => readonly string[];
}

export function rememberLog(channel: vscode.LogOutputChannel): RememberedLog {
  const lines: string[] = [];
  const note = (level: string, told: readonly unknown[]): void => {
    lines.push(`${new Date().toISOString()} [${level}] ${format(...told)}`);
    if (lines.length > mostLines) lines.splice(0, lines.length - mostLines);
  };
  const writers = Object.fromEntries(
    levels.map((level) => [
      level,
      (message: string, ...rest: unknown[]) => {
        note(level, [message, ...rest]);
        channel[level](message, ...rest);
      },
    ]),
  );
  const log = new Proxy(channel, {
    get: (target, name) => {
      const writer = typeof name === 'string' ? writers[name] : undefined;
      if (writer) return writer;
      const value: unknown = Reflect.get(target, name, target);
      return typeof value === 'function' ? (value.bind(target) as unknown) : value;
    },
  });
  return { log, lines: () => lines };
}
