/** A notebook in no folder on disk opens read-only, and says why: its cells do not run. */
import * as vscode from 'vscode';
import type { OurNotebooks } from './ourNotebooks.js';
import { isVirtual, VirtualNotebookError } from './whyNothingRuns.js';

const saveACopy = 'Save a Copy…';

export function openVirtualReadOnly(
  notebooks: OurNotebooks,
  log: vscode.LogOutputChannel,
): vscode.Disposable {
  /** Once for each: who makes one writable again has read the reason. */
  const known = new WeakSet<vscode.NotebookDocument>();
  const look = () => {
    const notebook = vscode.window.activeNotebookEditor?.notebook;
    if (!notebook || known.has(notebook) || !isVirtual(notebook) || !notebooks.has(notebook))
      return;
    known.add(notebook);
    openReadOnly(notebook).catch((error: unknown) => {
      log.error(`${notebook.uri.toString()} could not be opened read-only: ${String(error)}`);
    });
  };
  look();
  return vscode.Disposable.from(
    vscode.window.onDidChangeActiveNotebookEditor(look),
    notebooks.onDidChange(look),
  );
}

async function openReadOnly(notebook: vscode.NotebookDocument): Promise<void> {
  const { uri } = notebook;
  const input = vscode.window.tabGroups.activeTabGroup.activeTab?.input;
  const isInFront =
    input instanceof vscode.TabInputNotebook && input.uri.toString() === uri.toString();
  const isWritable = vscode.workspace.fs.isWritableFileSystem(uri.scheme) !== false;
  // VS Code's own way; its message at the first key offers to undo it.
  if (isInFront && isWritable)
    await vscode.commands.executeCommand('workbench.action.files.setActiveEditorReadonlyInSession');
  const { message } = new VirtualNotebookError(notebook);
  const answer = await vscode.window.showInformationMessage(`Read-only: ${message}`, saveACopy);
  if (answer === saveACopy) await vscode.commands.executeCommand('workbench.action.files.saveAs');
}
