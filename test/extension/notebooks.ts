/** Notebooks as the tests use them: open, run through VS Code's own commands, wait, read the outputs. */
import { setTimeout as sleep } from 'node:timers/promises';
import * as vscode from 'vscode';

const decoder = new TextDecoder();
const patience = 30_000;

export const ourKernelspec = {
  kernelspec: { name: 'unroll', display_name: 'TypeScript (Unroll)', language: 'typescript' },
  language_info: { name: 'typescript' },
};

/** An untitled notebook of TypeScript cells, shown, with our kernel. */
export async function openNotebook(...sources: string[]): Promise<vscode.NotebookDocument> {
  const data = new vscode.NotebookData(
    sources.map(
      (source) => new vscode.NotebookCellData(vscode.NotebookCellKind.Code, source, 'typescript'),
    ),
  );
  data.metadata = { cells: [], metadata: ourKernelspec, nbformat: 4, nbformat_minor: 5 };
  const notebook = await vscode.workspace.openNotebookDocument('jupyter-notebook', data);
  await selectOurKernel(await vscode.window.showNotebookDocument(notebook));
  return notebook;
}

export async function selectOurKernel(notebookEditor: vscode.NotebookEditor): Promise<void> {
  await vscode.commands.executeCommand('notebook.selectKernel', {
    notebookEditor,
    id: 'unroll-typescript',
    extension: 'unroll.unroll',
  });
}

/** Closes every editor without asking to save, and with them the notebooks and their kernels. */
/** What a test may leave open beside the editors: it takes room from the next one's, or covers it. */
const closings = [
  'workbench.action.closeQuickOpen',
  'workbench.action.closePanel',
  'workbench.action.closeSidebar',
  'workbench.action.closeAuxiliaryBar',
  'notifications.clearAll',
];

export async function closeNotebooks(): Promise<void> {
  for (const command of closings) await vscode.commands.executeCommand(command);
  while (vscode.window.tabGroups.activeTabGroup.activeTab) {
    await vscode.commands.executeCommand('workbench.action.revertAndCloseActiveEditor');
  }
}

/** Starts the cell and does not wait for its end. */
export async function startCell(notebook: vscode.NotebookDocument, index: number): Promise<void> {
  await vscode.commands.executeCommand('notebook.cell.execute', {
    ranges: [{ start: index, end: index + 1 }],
    document: notebook.uri,
  });
}

/** Runs the cell to its end and returns what it shows. */
export async function runCell(notebook: vscode.NotebookDocument, index: number): Promise<string> {
  await startCell(notebook, index);
  return await cellEnds(notebook, index);
}

/** Runs the code in the notebook's last cell, which is overwritten. */
export async function runCode(notebook: vscode.NotebookDocument, code: string): Promise<string> {
  const index = notebook.cellCount - 1;
  await edit(notebook, index, code);
  return await runCell(notebook, index);
}

export async function edit(
  notebook: vscode.NotebookDocument,
  index: number,
  code: string,
): Promise<void> {
  const { document } = notebook.cellAt(index);
  const change = new vscode.WorkspaceEdit();
  const all = new vscode.Range(0, 0, document.lineCount, 0);
  change.replace(document.uri, all, code);
  await vscode.workspace.applyEdit(change);
}

/** Starts all cells as one request and waits until none runs. */
export async function runAll(notebook: vscode.NotebookDocument): Promise<void> {
  await vscode.commands.executeCommand('notebook.execute', notebook.uri);
}

/** Waits until the run that was started has ended, and returns what the cell shows. */
export async function cellEnds(notebook: vscode.NotebookDocument, index: number): Promise<string> {
  const cell = notebook.cellAt(index);
  const what = `cell ${index} to end; it shows:\n`;
  await until(
    () => cell.executionSummary?.timing !== undefined,
    () => what + textOf(cell),
  );
  return textOf(cell);
}

export async function until(condition: () => boolean, describe: () => string): Promise<void> {
  const deadline = Date.now() + patience;
  while (!condition()) {
    if (Date.now() > deadline) throw new Error(`Waited in vain for ${describe()}`);
    await sleep(25);
  }
}

/** Asks again until the answer is as wanted: who answers may still be starting. @returns The last answer. */
export async function askUntil<T>(
  ask: () => PromiseLike<T>,
  isWanted: (answer: T) => boolean,
): Promise<T> {
  const deadline = Date.now() + patience;
  for (;;) {
    const answer = await ask();
    if (isWanted(answer) || Date.now() > deadline) return answer;
    await sleep(100);
  }
}

/** All outputs of the cell as text; of an output with several forms, its plain text. */
export function textOf(cell: vscode.NotebookCell): string {
  return cell.outputs.map((output) => outputText(output)).join('');
}

function outputText({ items }: vscode.NotebookCellOutput): string {
  const plain = items.filter(({ mime }) => mime === 'text/plain');
  return (plain.length > 0 ? plain : items).map(({ data }) => decoder.decode(data)).join('');
}

export interface ShownError {
  name: string;
  message: string;
  stack: string;
}

/** The errors that the cell shows. */
export function errorsOf(cell: vscode.NotebookCell): ShownError[] {
  return cell.outputs
    .flatMap(({ items }) => items)
    .filter(({ mime }) => mime === 'application/vnd.code.notebook.error')
    .map(({ data }) => JSON.parse(decoder.decode(data)) as ShownError);
}

/** The media types of each output, in VS Code's order. */
export function mimesOf(cell: vscode.NotebookCell): string[][] {
  return cell.outputs.map(({ items }) => items.map(({ mime }) => mime));
}
