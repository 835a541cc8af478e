/**
 * Tells VS Code's `when` clauses whether the notebook in front is ours. It knows by itself which kernel is picked; none is
 * before the first cell runs, though the file says which is meant.
 */
import * as vscode from 'vscode';
import type { OurNotebooks } from './ourNotebooks.js';

const key = 'unroll.notebookInFront';

export function tellOfNotebookInFront(notebooks: OurNotebooks): vscode.Disposable {
  let told: boolean | undefined;
  const tell = () => {
    const notebook = vscode.window.activeNotebookEditor?.notebook;
    const isOurs = notebook !== undefined && notebooks.has(notebook);
    if (isOurs === told) return;
    told = isOurs;
    void vscode.commands.executeCommand('setContext', key, isOurs);
  };
  tell();
  return vscode.Disposable.from(
    notebooks.onDidChange(tell),
    vscode.window.onDidChangeActiveNotebookEditor(tell),
  );
}
