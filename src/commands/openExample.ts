import { readFile } from 'node:fs/promises';
import * as vscode from 'vscode';
import { notebookType } from '../notebook/kernelspec.js';

/** What `examples/course.json` says of a notebook. */
interface Example {
  /** File name without extension, of the notebook and of its picture. */
  name: string;
  title: string;
  sentence: string;
}

/**
 * Lists the notebooks that come along and opens a copy of the one chosen, untitled: the installed file stays as it is,
 * and saving asks where to.
 *
 * @param name opens this one without asking
 */
export async function openExample(
  extensionUri: vscode.Uri,
  name?: string,
): Promise<vscode.NotebookEditor | undefined> {
  const folder = vscode.Uri.joinPath(extensionUri, 'examples');
  const course = JSON.parse(
    await readFile(vscode.Uri.joinPath(folder, 'course.json').fsPath, 'utf8'),
  ) as Example[];
  const chosen = name ?? (await pickExample(extensionUri, course));
  if (chosen === undefined) return undefined;
  const file = vscode.Uri.joinPath(folder, `${chosen}.ipynb`);
  const original = await vscode.workspace.openNotebookDocument(file);
  const copy = await vscode.workspace.openNotebookDocument(notebookType, copyOf(original));
  return await vscode.window.showNotebookDocument(copy);
}

async function pickExample(
  extensionUri: vscode.Uri,
  course: readonly Example[],
): Promise<string | undefined> {
  const items = course.map(({ name, title, sentence }) => ({
    label: title,
    detail: sentence,
    iconPath: vscode.Uri.joinPath(extensionUri, 'media', 'examples', `${name}.svg`),
    name,
  }));
  const chosen = await vscode.window.showQuickPick(items, {
    title: 'Unroll: Open Example',
    placeHolder: 'A copy opens; the examples build on one another from top to bottom',
    matchOnDetail: true,
  });
  return chosen?.name;
}

function copyOf(notebook: vscode.NotebookDocument): vscode.NotebookData {
  const cells = notebook.getCells().map(({ kind, document, metadata }) => {
    const cell = new vscode.NotebookCellData(kind, document.getText(), document.languageId);
    cell.metadata = metadata;
    return cell;
  });
  const data = new vscode.NotebookData(cells);
  data.metadata = notebook.metadata;
  return data;
}
