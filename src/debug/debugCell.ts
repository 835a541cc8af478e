/** The command "Debug Cell". What it needs is loaded when it is first used. */
import * as vscode from 'vscode';
import type { NotebookSessions } from '../notebook/notebookSessions.js';
import type { NotebookDebugger } from './notebookDebugger.js';

export class CellDebugging implements vscode.Disposable {
  #debugger: Promise<NotebookDebugger> | undefined;
  readonly #command: vscode.Disposable;

  constructor(
    private readonly extensionUri: vscode.Uri,
    private readonly sessions: NotebookSessions,
    private readonly log: vscode.LogOutputChannel,
  ) {
    this.#command = vscode.commands.registerCommand(
      'unroll.debugCell',
      (cell?: vscode.NotebookCell) => this.#debug(cell ?? activeCell()),
    );
  }

  dispose(): void {
    this.#command.dispose();
    this.#debugger?.then(
      (one) => one.dispose(),
      () => undefined,
    );
  }

  async #debug(cell: vscode.NotebookCell | undefined): Promise<void> {
    if (cell?.kind !== vscode.NotebookCellKind.Code) {
      void vscode.window.showInformationMessage('Select a code cell to debug it.');
      return;
    }
    try {
      const session = this.sessions.toRun(cell.notebook);
      this.#debugger ??= this.#load();
      await (await this.#debugger).debug(cell, session);
    } catch (error) {
      this.log.error(`A cell could not be debugged: ${String(error)}`);
      void vscode.window.showErrorMessage((error as Error).message);
    }
  }

  async #load(): Promise<NotebookDebugger> {
    const { NotebookDebugger } = await import('./notebookDebugger.js');
    return new NotebookDebugger(this.extensionUri, this.log);
  }
}

function activeCell(): vscode.NotebookCell | undefined {
  const editor = vscode.window.activeNotebookEditor;
  if (!editor || editor.selection.isEmpty) return undefined;
  return editor.notebook.cellAt(editor.selection.start);
}
