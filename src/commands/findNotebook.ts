/** The notebook that a command means. */
import * as vscode from 'vscode';

/** What VS Code hands to a command of the notebook toolbar. */
export interface ToolbarContext {
  notebookEditor?: { notebookUri?: vscode.Uri };
}

/** The one whose toolbar was clicked, else the active one. */
export function findNotebook(context?: ToolbarContext): vscode.NotebookDocument | undefined {
  const uri = context?.notebookEditor?.notebookUri?.toString();
  if (uri === undefined) return vscode.window.activeNotebookEditor?.notebook;
  return vscode.workspace.notebookDocuments.find((notebook) => notebook.uri.toString() === uri);
}
