import * as vscode from 'vscode';
import { namesOurKernel, withOurKernel } from './kernelspec.js';

/** Writes our kernel into the notebook's metadata, where it is not there: the file then brings it back. */
export async function rememberKernel(notebook: vscode.NotebookDocument): Promise<void> {
  if (namesOurKernel(notebook.metadata)) return;
  const edit = new vscode.WorkspaceEdit();
  const metadata = withOurKernel(notebook.metadata);
  edit.set(notebook.uri, [vscode.NotebookEdit.updateNotebookMetadata(metadata)]);
  await vscode.workspace.applyEdit(edit);
}
