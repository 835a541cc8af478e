/**
 * Packages that cells asked for and that are not there. Installing one is a click, in a terminal that the user sees,
 * with the package manager whose lock file the project has; never by itself, and never in a workspace without trust.
 */
import { existsSync } from 'node:fs';
import * as path from 'node:path';
import * as vscode from 'vscode';
import { isPackageName, packageManagers } from '../../kernel/contract/packageManagers.js';
import { folderOf } from '../notebook/folderOf.js';
import type { NotebookChange, NotebookSessions } from '../notebook/notebookSessions.js';

export class MissingPackages implements vscode.Disposable {
  /** Until the cell runs again. */
  readonly #missing = new Map<vscode.NotebookCell, string>();
  readonly #changes = new vscode.EventEmitter<void>();
  readonly onDidChange = this.#changes.event;
  readonly #listeners: vscode.Disposable;

  constructor(sessions: NotebookSessions) {
    this.#listeners = vscode.Disposable.from(
      this.#changes,
      sessions.onDidChange((change) => this.#note(change)),
      vscode.workspace.onDidCloseNotebookDocument((notebook) => {
        for (const cell of this.#missing.keys())
          if (cell.notebook === notebook) this.#missing.delete(cell);
      }),
    );
  }

  of(cell: vscode.NotebookCell): string | undefined {
    return this.#missing.get(cell);
  }

  /** That of the cell, else the last one of the notebook in front. */
  async install(cell?: vscode.NotebookCell): Promise<void> {
    const notebook = vscode.window.activeNotebookEditor?.notebook;
    const asking = cell ?? [...this.#missing.keys()].findLast((one) => one.notebook === notebook);
    const name = asking && this.#missing.get(asking);
    if (!asking || name === undefined) {
      void vscode.window.showInformationMessage('No cell misses a package.');
      return;
    }
    if (!vscode.workspace.isTrusted) {
      void vscode.window.showWarningMessage(
        `This workspace is not trusted, so ${name} is not installed in it.`,
      );
      return;
    }
    const folder = folderOf(asking.notebook);
    const command = installCommand(name, folder, existsSync);
    const terminal = vscode.window.createTerminal({ name: command, cwd: folder });
    terminal.show();
    terminal.sendText(command);
    await vscode.commands.executeCommand('workbench.action.terminal.focus');
  }

  dispose(): void {
    this.#listeners.dispose();
  }

  #note(change: NotebookChange): void {
    if (change.kind === 'missing' && isPackageName(change.packageName)) {
      this.#missing.set(change.cell, change.packageName);
      this.#changes.fire();
    }
    if (change.kind === 'begins' && this.#missing.delete(change.cell)) this.#changes.fire();
  }
}

/** `pnpm add lodash` where a folder from here upward has pnpm's lock file. */
export function installCommand(
  name: string,
  folder: string,
  exists: (file: string) => boolean,
): string {
  for (let at = folder; ; at = path.dirname(at)) {
    const found = packageManagers.find(({ lockFile }) => exists(path.join(at, lockFile)));
    if (found) return `${found.add} ${name}`;
    if (path.dirname(at) === at) return `${packageManagers.at(-1)!.add} ${name}`;
  }
}
