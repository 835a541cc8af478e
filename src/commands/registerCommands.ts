import * as vscode from 'vscode';
import type { NotebookSessions } from '../notebook/notebookSessions.js';
import { interruptKernel, restartAndRunAll, restartKernel } from './kernelCommands.js';
import { newNotebook } from './newNotebook.js';

/** The commands that package.json contributes. */
export function registerCommands(
  extensionId: string,
  sessions: NotebookSessions,
): vscode.Disposable {
  const { registerCommand } = vscode.commands;
  return vscode.Disposable.from(
    registerCommand('unroll.newNotebook', () => newNotebook(extensionId)),
    registerCommand('unroll.interruptKernel', interruptKernel.bind(undefined, sessions)),
    registerCommand('unroll.restartKernel', restartKernel.bind(undefined, sessions)),
    registerCommand('unroll.restartAndRunAll', restartAndRunAll.bind(undefined, sessions)),
  );
}
