import { randomUUID } from 'node:crypto';
import * as vscode from 'vscode';
import { controllerId, language, notebookType, withOurKernel } from '../notebook/kernelspec.js';

/** Opens an untitled notebook with one empty cell, our kernel selected and the cursor in the cell. */
export async function newNotebook(extensionId: string): Promise<vscode.NotebookEditor> {
  const cell = new vscode.NotebookCellData(vscode.NotebookCellKind.Code, '', language);
  // Format 4.5 wants an id for each cell, and VS Code's serializer gives one only to cells added later.
  cell.metadata = { id: randomUUID().slice(0, 8), metadata: {} };
  const data = new vscode.NotebookData([cell]);
  data.metadata = withOurKernel({ cells: [], metadata: {}, nbformat: 4, nbformat_minor: 5 });
  const notebook = await vscode.workspace.openNotebookDocument(notebookType, data);
  const notebookEditor = await vscode.window.showNotebookDocument(notebook);
  await vscode.commands.executeCommand('notebook.selectKernel', {
    notebookEditor,
    id: controllerId,
    extension: extensionId,
  });
  await vscode.commands.executeCommand('notebook.cell.edit');
  return notebookEditor;
}
