/**
 * Which document a closed one has become. VS Code closes a notebook and opens another when an untitled
 * one is saved and when a file is renamed; its kernel must not be lost with it.
 */
import * as vscode from 'vscode';
import { notebookTypes } from './kernelspec.js';

/** The file is open before the untitled notebook is closed; on a slow machine for this long. */
const openedWithinMs = 10_000;

export class NotebookSuccessors implements vscode.Disposable {
  readonly #openedAt = new WeakMap<vscode.NotebookDocument, number>();
  /** Old to new address of files that were renamed in VS Code. */
  readonly #renamed = new Map<string, string>();
  readonly #listeners = vscode.Disposable.from(
    vscode.workspace.onDidOpenNotebookDocument((notebook) => {
      this.#openedAt.set(notebook, Date.now());
    }),
    vscode.workspace.onDidRenameFiles(({ files }) => {
      for (const { oldUri, newUri } of files) {
        this.#renamed.set(oldUri.toString(), newUri.toString());
      }
    }),
  );

  of(closed: vscode.NotebookDocument): vscode.NotebookDocument | undefined {
    const open = vscode.workspace.notebookDocuments.filter(
      (notebook) => notebookTypes.includes(notebook.notebookType) && !notebook.isClosed,
    );
    if (!closed.isUntitled) {
      const newUri = this.#renamed.get(closed.uri.toString());
      return open.find(({ uri }) => uri.toString() === newUri);
    }
    return open.find(
      (notebook) =>
        !notebook.isUntitled &&
        Date.now() - (this.#openedAt.get(notebook) ?? 0) < openedWithinMs &&
        codeOf(notebook) === codeOf(closed),
    );
  }

  dispose(): void {
    this.#listeners.dispose();
  }
}

function codeOf(notebook: vscode.NotebookDocument): string {
  return JSON.stringify(notebook.getCells().map(({ document }) => document.getText()));
}
