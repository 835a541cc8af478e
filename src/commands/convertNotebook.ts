/** The active notebook in the other form: an `.ipynb` as a text notebook beside it, a text notebook as an `.ipynb`. */
import * as vscode from 'vscode';
import { notebookType, textNotebookType, withOurKernel } from '../notebook/kernelspec.js';
import { toText } from '../textNotebook/textNotebookSerializer.js';
import { findNotebook, type ToolbarContext } from './findNotebook.js';

export async function convertNotebook(
  context?: ToolbarContext,
): Promise<vscode.NotebookDocument | undefined> {
  const notebook = findNotebook(context);
  if (!notebook) return undefined;
  const opened = await (notebook.notebookType === textNotebookType
    ? toJupyter(notebook)
    : toTextFile(notebook));
  if (opened) await vscode.window.showNotebookDocument(opened);
  return opened;
}

/** Untitled: the user says where it goes. */
async function toJupyter(notebook: vscode.NotebookDocument): Promise<vscode.NotebookDocument> {
  const data = dataOf(notebook);
  data.metadata = withOurKernel({ cells: [], metadata: {}, nbformat: 4, nbformat_minor: 5 });
  return await vscode.workspace.openNotebookDocument(notebookType, data);
}

async function toTextFile(
  notebook: vscode.NotebookDocument,
): Promise<vscode.NotebookDocument | undefined> {
  const uri = await freeName(notebook);
  if (!uri) return undefined;
  const text = toText(dataOf(notebook));
  await vscode.workspace.fs.writeFile(uri, new TextEncoder().encode(text));
  await vscode.commands.executeCommand('vscode.openWith', uri, textNotebookType);
  return await vscode.workspace.openNotebookDocument(uri);
}

/** Beside the notebook where nothing is there yet; else where the user says. */
async function freeName({ uri, isUntitled }: vscode.NotebookDocument) {
  const beside = uri.with({ path: uri.path.replace(/(\.ipynb)?$/, '.nb.ts') });
  if (!isUntitled && !(await exists(beside))) return beside;
  const filters = { 'TypeScript text notebook': ['nb.ts'] };
  return await vscode.window.showSaveDialog({
    filters,
    ...(isUntitled ? {} : { defaultUri: beside }),
  });
}

async function exists(uri: vscode.Uri): Promise<boolean> {
  return await vscode.workspace.fs.stat(uri).then(
    () => true,
    () => false,
  );
}

function dataOf(notebook: vscode.NotebookDocument): vscode.NotebookData {
  const cells = notebook.getCells().map(({ kind, document, metadata }) => {
    const cell = new vscode.NotebookCellData(kind, document.getText(), document.languageId);
    // An id is the file's: the other form has its own, or none.
    cell.metadata = Object.fromEntries(Object.entries(metadata).filter(([key]) => key !== 'id'));
    return cell;
  });
  const data = new vscode.NotebookData(cells);
  data.metadata = notebook.metadata;
  return data;
}
