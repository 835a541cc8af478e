import assert from 'node:assert/strict';
import { readFile, rm, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import * as vscode from 'vscode';
import { press, type, waitForFrame } from './host.js';
import {
  cellEnds,
  closeNotebooks,
  edit,
  openNotebook,
  ourKernelspec,
  runCell,
  selectOurKernel,
  startCell,
  textOf,
  until,
} from './notebooks.js';

interface NotebookFile {
  nbformat: number;
  nbformat_minor: number;
  metadata: Record<string, unknown>;
  cells: { id?: string; outputs: { output_type: string; execution_count?: number }[] }[];
}

describe('Unroll: New Notebook', () => {
  afterEach(closeNotebooks);

  it('opens one TypeScript cell with the cursor in it, ready to run', async () => {
    await vscode.commands.executeCommand('unroll.newNotebook');
    const notebook = vscode.window.activeNotebookEditor?.notebook;
    assert.ok(notebook, 'no notebook is shown');
    assert.equal(notebook.notebookType, 'jupyter-notebook');
    assert.equal(notebook.isUntitled, true);
    assert.equal(notebook.cellCount, 1);
    const { document } = notebook.cellAt(0);
    assert.equal(document.languageId, 'typescript');
    await type('6 * 7');
    await until(
      () => document.getText() === '6 * 7',
      () => `the text typed to be in the cell: "${document.getText()}"`,
    );
    await vscode.commands.executeCommand('notebook.cell.execute');
    assert.equal(await cellEnds(notebook, 0), '42');
  });
});

describe('a notebook that changes its name', () => {
  const folder = vscode.workspace.workspaceFolders![0]!.uri;
  const named = vscode.Uri.joinPath(folder, 'named.ipynb');
  const renamed = vscode.Uri.joinPath(folder, 'renamed.ipynb');
  const files = vscode.workspace.getConfiguration('files');

  before(() => files.update('simpleDialog.enable', true, vscode.ConfigurationTarget.Global));
  after(() => files.update('simpleDialog.enable', undefined, vscode.ConfigurationTarget.Global));
  afterEach(async () => {
    await closeNotebooks();
    for (const { fsPath } of [named, renamed]) await rm(fsPath, { force: true });
  });

  it('keeps its kernel and variables when it is saved for the first time, and when renamed', async () => {
    const untitled = await openNotebook('let kept = process.pid;\nkept', 'kept');
    const pid = await runCell(untitled, 0);
    await saveAs(named);
    await shows(shownNotebook(named), pid);

    const change = new vscode.WorkspaceEdit();
    change.renameFile(named, renamed);
    assert.equal(await vscode.workspace.applyEdit(change), true);
    await isShown(renamed);
    await shows(shownNotebook(renamed), pid);
  });

  /** VS Code may read a file again that it has just written, and with that forget a cell's times. */
  async function shows(notebook: vscode.NotebookDocument, pid: string): Promise<void> {
    await edit(notebook, 1, `'still ' + kept`);
    await startCell(notebook, 1);
    await until(
      () => textOf(notebook.cellAt(1)) === `'still ${pid}'`,
      () => `the variable of process ${pid}: ${textOf(notebook.cellAt(1))}`,
    );
  }

  const field = 'document.querySelector(".quick-input-widget input")';

  /** Answers VS Code's own dialog, as a person does. */
  async function saveAs(file: vscode.Uri): Promise<void> {
    const saved = vscode.commands.executeCommand('workbench.action.files.save');
    // The dialog writes a proposal into its field, which must not come between the keys.
    await waitForFrame(`${field}?.value.endsWith('.ipynb')`);
    await press('Control+A');
    await type(file.fsPath);
    await waitForFrame(`${field}.value === ${JSON.stringify(file.fsPath)}`);
    // While it looks up the path that was typed, the dialog does not hear the key.
    const isSaved = saved.then(() => true);
    do await press('Enter');
    while (!(await Promise.race([isSaved, sleep(3000, false)])));
    await isShown(file);
  }

  async function isShown(file: vscode.Uri): Promise<void> {
    await until(
      () => vscode.window.activeNotebookEditor?.notebook.uri.toString() === file.toString(),
      () => `${file.toString()} to be shown`,
    );
  }

  function shownNotebook(file: vscode.Uri): vscode.NotebookDocument {
    const notebook = vscode.window.activeNotebookEditor!.notebook;
    assert.equal(notebook.uri.toString(), file.toString());
    return notebook;
  }
});

describe('a notebook file', () => {
  const folder = vscode.workspace.workspaceFolders?.[0]?.uri.fsPath ?? '';
  let files = 0;
  let file = '';

  // One name for all would have VS Code see a file that changed under its hands.
  beforeEach(() => (file = path.join(folder, `saved${++files}.ipynb`)));
  afterEach(async () => {
    await closeNotebooks();
    await rm(file, { force: true });
  });

  /** Opens a file with one cell, and picks no kernel for it. */
  async function open(source: string, metadata: object): Promise<vscode.NotebookDocument> {
    const code = { cell_type: 'code', execution_count: null, outputs: [], source };
    const cell = { ...code, id: 'a', metadata: {} };
    const content = { nbformat: 4, nbformat_minor: 5, metadata, cells: [cell] };
    await writeFile(file, JSON.stringify(content));
    return await reopen();
  }

  async function reopen(): Promise<vscode.NotebookDocument> {
    const notebook = await vscode.workspace.openNotebookDocument(vscode.Uri.file(file));
    await vscode.window.showNotebookDocument(notebook);
    return notebook;
  }

  async function save(notebook: vscode.NotebookDocument): Promise<NotebookFile> {
    assert.equal(await notebook.save(), true);
    return JSON.parse(await readFile(file, 'utf8')) as NotebookFile;
  }

  it('names our kernel once a cell has run with it', async () => {
    const notebook = await open('1 + 1', { kept: 1, language_info: { name: 'typescript' } });
    await selectOurKernel(vscode.window.activeNotebookEditor!);
    await runCell(notebook, 0);
    const { metadata, cells } = await save(notebook);
    assert.deepEqual(metadata, { ...ourKernelspec, kept: 1 });
    const { output_type: type, execution_count: count } = cells[0]!.outputs[0]!;
    assert.deepEqual([type, count], ['execute_result', 1]);
  });

  it('of ours runs with our kernel when it is opened, and stays clean until then', async () => {
    const notebook = await open('"reopened"', ourKernelspec);
    await sleep(500);
    assert.equal(notebook.isDirty, false);
    // Nobody picks a kernel: VS Code takes the one that says it is preferred.
    assert.match(await runCell(notebook, 0), /reopened/);
  });

  it('keeps the lines of an error as they are when it is saved and read again', async () => {
    const notebook = await open('throw new Error("one\\ntwo")', ourKernelspec);
    const shown = await runCell(notebook, 0);
    await save(notebook);
    await closeNotebooks();
    assert.equal(textOf((await reopen()).cellAt(0)), shown);
  });
});
