/** Which open notebooks run on our kernel: the picked one decides, and before that what the file says. */
import * as vscode from 'vscode';
import { isMadeForUs, notebookTypes } from './kernelspec.js';

export class OurNotebooks implements vscode.Disposable {
  readonly #picked = new WeakMap<vscode.NotebookDocument, boolean>();
  readonly #changes = new vscode.EventEmitter<void>();
  readonly onDidChange = this.#changes.event;
  readonly #listeners: vscode.Disposable;

  constructor(controllers: readonly vscode.NotebookController[]) {
    const tell = () => this.#changes.fire();
    this.#listeners = vscode.Disposable.from(
      this.#changes,
      ...controllers.map((controller) =>
        controller.onDidChangeSelectedNotebooks(({ notebook, selected }) => {
          this.#picked.set(notebook, selected);
          tell();
        }),
      ),
      vscode.workspace.onDidOpenNotebookDocument(tell),
      vscode.workspace.onDidCloseNotebookDocument(tell),
      vscode.workspace.onDidChangeNotebookDocument(({ metadata }) => {
        if (metadata) tell();
      }),
    );
  }

  get all(): vscode.NotebookDocument[] {
    return vscode.workspace.notebookDocuments.filter((one) => this.has(one));
  }

  has(notebook: vscode.NotebookDocument): boolean {
    if (!notebookTypes.includes(notebook.notebookType) || notebook.isClosed) return false;
    return this.#picked.get(notebook) ?? isMadeForUs(notebook.metadata);
  }

  dispose(): void {
    this.#listeners.dispose();
  }
}
