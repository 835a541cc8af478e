/**
 * The command "Debug Cell", and the same as what "Start Debugging" offers for a notebook. What it needs is loaded when it is
 * first used.
 */
import * as vscode from 'vscode';
import { pickOurKernel } from '../notebook/controller.js';
import type { NotebookSessions } from '../notebook/notebookSessions.js';
import type { NotebookDebugger } from './notebookDebugger.js';

/** In package.json: what a launch configuration calls it. */
const debugType = 'unroll-cell';

export class CellDebugging implements vscode.Disposable {
  #debugger: Promise<NotebookDebugger> | undefined;
  readonly #registered: vscode.Disposable;

  constructor(
    private readonly extensionUri: vscode.Uri,
    private readonly sessions: NotebookSessions,
    private readonly log: vscode.LogOutputChannel,
  ) {
    this.#registered = vscode.Disposable.from(
      vscode.commands.registerCommand('unroll.debugCell', (cell?: vscode.NotebookCell) =>
        this.#debug(cell ?? activeCell()),
      ),
      vscode.debug.registerDebugConfigurationProvider(debugType, {
        // The session that debugs the cell is js-debug's: nothing is left for VS Code to start.
        resolveDebugConfiguration: (_folder, { noDebug }) => {
          if (noDebug === true) void vscode.commands.executeCommand('notebook.cell.execute');
          else void this.#debug(activeCell());
          return undefined;
        },
      }),
    );
  }

  dispose(): void {
    this.#registered.dispose();
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
      await pickOurKernel(cell.notebook);
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
