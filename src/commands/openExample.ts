import { readFile } from 'node:fs/promises';
import * as vscode from 'vscode';
import { language, notebookType, withOurKernel } from '../notebook/kernelspec.js';

/** What `examples/course.json` says of a notebook. */
interface Example {
  /** File name without extension, of the notebook and of its picture. */
  name: string;
  title: string;
  sentence: string;
}

/** A notebook that comes along, of code and Markdown. */
interface Original {
  cells: {
    id: string;
    cell_type: 'code' | 'markdown';
    source: string | string[];
    metadata: Record<string, unknown>;
  }[];
  metadata: Record<string, unknown>;
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
  const file = vscode.Uri.joinPath(folder, `${chosen}.ipynb`).fsPath;
  const original = JSON.parse(await readFile(file, 'utf8')) as Original;
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

/** Read as a file: a notebook that VS Code had opened would stay in its language service for a while. */
function copyOf({ cells, metadata }: Original): vscode.NotebookData {
  const { Code, Markup } = vscode.NotebookCellKind;
  const data = new vscode.NotebookData(
    cells.map(({ id, cell_type, source, metadata }) => {
      const text = typeof source === 'string' ? source : source.join('');
      const cell =
        cell_type === 'code'
          ? new vscode.NotebookCellData(Code, text, language)
          : new vscode.NotebookCellData(Markup, text, 'markdown');
      cell.metadata = { id, metadata };
      return cell;
    }),
  );
  data.metadata = withOurKernel({ cells: [], metadata, nbformat: 4, nbformat_minor: 5 });
  return data;
}
