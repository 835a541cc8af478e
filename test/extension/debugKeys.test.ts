import assert from 'node:assert/strict';
import { mkdir, rm, writeFile } from 'node:fs/promises';
import path from 'node:path';
import * as vscode from 'vscode';
import {
  placeIn,
  placeOf,
  sessionEnds,
  setBreakpoint,
  shownBy,
  stops,
  useDebugger,
} from './debugSession.js';
import { click, press, waitForFrame } from './host.js';
import { ourKernelspec, until } from './notebooks.js';

/** As a user opens one: no kernel is picked, the file says which is meant. */
async function openUnpicked(...sources: string[]): Promise<vscode.NotebookDocument> {
  const { Code } = vscode.NotebookCellKind;
  const cells = sources.map((one) => new vscode.NotebookCellData(Code, one, 'typescript'));
  const data = new vscode.NotebookData(cells);
  data.metadata = { cells: [], metadata: ourKernelspec, nbformat: 4, nbformat_minor: 5 };
  const notebook = await vscode.workspace.openNotebookDocument('jupyter-notebook', data);
  await vscode.window.showNotebookDocument(notebook);
  await waitForFrame(`document.querySelector('.kernel-label')?.textContent.includes('Unroll')`);
  // Both need what the key needs: the one is there before any cell has run, the other from then on.
  await waitForFrame(
    `document.querySelector('.codicon-debug-alt-small, .notebook-editor .codicon-debug-restart')`.concat(
      ' ? true : null',
    ),
  );
  return notebook;
}

/** Puts the focus on the cell, or into its editor. */
async function focus(cell: vscode.NotebookCell, into: 'cell' | 'editor'): Promise<void> {
  const row = `.cell-list-container .monaco-list-row[data-index="${cell.index}"]`;
  await click(`${row} .monaco-editor .view-line`);
  if (into === 'cell') await press('Escape');
  await waitForFrame(
    `document.querySelector('${row}.focused') !== null &&
      (document.activeElement?.closest('.monaco-editor') !== null) === ${into === 'editor'} || null`,
  );
}

describe('starting to debug a notebook', function () {
  this.timeout(90_000);
  useDebugger();
  const saving = (value: string | undefined) =>
    vscode.workspace
      .getConfiguration('debug')
      .update('saveBeforeStart', value, vscode.ConfigurationTarget.Global);
  // These notebooks have no file: VS Code would ask for a name first.
  before(() => saving('none'));
  after(() => saving(undefined));

  it('F5 debugs the focused cell, before any has run, and goes on', async () => {
    const notebook = await openUnpicked('let a = 1;\na', 'let b = 2;\nb');
    for (const [index, into] of [
      [1, 'editor'],
      [0, 'cell'],
    ] as const) {
      const cell = notebook.cellAt(index);
      setBreakpoint(cell.document.uri, 2);
      await focus(cell, into);
      await press('F5');
      assert.equal(placeOf(await stops()), placeIn(cell, 2));
      await press('F5');
      assert.equal(await shownBy(cell), String(index + 1));
      await sessionEnds();
    }
  });

  it('“Start Debugging” offers the focused cell, and debugs it', async () => {
    const notebook = await openUnpicked('let a = 1;\na');
    const cell = notebook.cellAt(0);
    setBreakpoint(cell.document.uri, 2);
    await focus(cell, 'editor');
    void vscode.commands.executeCommand('workbench.action.debug.start');
    await click('.quick-input-list .monaco-list-row >> text=TypeScript Notebook Cell (Unroll)');
    assert.equal(placeOf(await stops()), placeIn(cell, 2));
    await press('F5');
    assert.equal(await shownBy(cell), '1');
  });

  it('“Run Without Debugging” runs it', async () => {
    const notebook = await openUnpicked('let a = 1;\na');
    const cell = notebook.cellAt(0);
    setBreakpoint(cell.document.uri, 2);
    await focus(cell, 'editor');
    void vscode.commands.executeCommand('workbench.action.debug.run');
    await click('.quick-input-list .monaco-list-row >> text=TypeScript Notebook Cell (Unroll)');
    assert.equal(await shownBy(cell), '1');
  });

  it('F5 leaves it to a launch configuration where one is chosen', async () => {
    const folder = vscode.workspace.workspaceFolders?.[0]?.uri.fsPath ?? '';
    const file = path.join(folder, '.vscode', 'launch.json');
    const notebook = await openUnpicked('let a = 1;\na');
    const cell = notebook.cellAt(0);
    const started: string[] = [];
    const listening = vscode.debug.onDidStartDebugSession(({ name }) => started.push(name));
    try {
      await mkdir(path.dirname(file), { recursive: true });
      const program = path.join(folder, 'chosen.js');
      await writeFile(program, '');
      const configurations = [{ type: 'node', request: 'launch', name: 'Chosen', program }];
      await writeFile(file, JSON.stringify({ version: '0.2.0', configurations }));
      await vscode.commands.executeCommand('workbench.view.debug');
      await waitForFrame(
        `[...document.querySelectorAll('.start-debug-action-item')].some((one) => one.innerHTML.includes('Chosen'))`,
      );
      await focus(cell, 'cell');
      await press('F5');
      await until(
        () => started.length > 0,
        () => 'a session to begin',
      );
      assert.equal(started[0], 'Chosen');
      assert.equal(cell.executionSummary?.success, undefined);
    } finally {
      listening.dispose();
      await rm(file);
      await waitForFrame(
        `![...document.querySelectorAll('.start-debug-action-item')].some((one) => one.innerHTML.includes('Chosen'))`,
      );
    }
  });
});
