import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import * as vscode from 'vscode';
import { evaluateInFrames, screenshot, waitForFrame } from './host.js';

describe('the extension in VS Code', () => {
  it('is found and becomes active', async () => {
    const extension = vscode.extensions.getExtension('unroll.unroll');
    assert.ok(extension, 'VS Code does not know the extension unroll.unroll');
    await extension.activate();
    assert.equal(extension.isActive, true);
  });

  it('lets an .ipynb open as a Jupyter notebook', async () => {
    const data = new vscode.NotebookData([
      new vscode.NotebookCellData(vscode.NotebookCellKind.Code, '1 + 1', 'typescript'),
    ]);
    const notebook = await vscode.workspace.openNotebookDocument('jupyter-notebook', data);
    await vscode.window.showNotebookDocument(notebook);
    assert.equal(notebook.notebookType, 'jupyter-notebook');
    assert.equal(notebook.cellAt(0).document.languageId, 'typescript');
  });
});

describe('the window of the tests', () => {
  it('answers from the frame that holds the workbench', async () => {
    await waitForFrame('document.querySelector(".notebook-editor, .notebookOverlay") !== null');
    const titles = await evaluateInFrames<string>(
      'document.querySelector(".monaco-workbench") === null ? null : document.title',
    );
    assert.equal(titles.length, 1);
  });

  it('can be photographed', async () => {
    const file = await screenshot('smoke');
    assert.ok(existsSync(file));
  });
});
