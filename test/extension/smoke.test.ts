import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import * as vscode from 'vscode';
import { click, evaluateInFrames, press, screenshot, type, waitForFrame } from './host.js';

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
    const titles = await evaluateInFrames<string>(
      'document.querySelector(".monaco-workbench") === null ? null : document.title',
    );
    assert.equal(titles.length, 1);
  });

  it('can be photographed, also finer than it is shown', async () => {
    assert.deepEqual(pictureSize(await screenshot('smoke')), [1400, 900]);
    for (let times = 0; times < 2; times++) {
      assert.deepEqual(pictureSize(await screenshot('smoke-fine', { scale: 2 })), [2800, 1800]);
    }
    const heights = await evaluateInFrames(
      'window === top ? [innerHeight, devicePixelRatio] : null',
    );
    assert.deepEqual(heights, [[900, 1]]);
    assert.deepEqual(pictureSize(await screenshot('smoke')), [1400, 900]);
  });

  it('takes clicks and keys', async () => {
    await click('.activitybar a.action-label[aria-label^="Search"]');
    await waitForFrame('document.querySelector(".search-view") !== null');
    await type('hidden state');
    await waitForFrame('document.activeElement?.value === "hidden state"');
    await press('Control+A');
    await press('Backspace');
    await waitForFrame('document.activeElement?.value === ""');
    await vscode.commands.executeCommand('workbench.view.explorer');
  });

  it('says what is wrong with an expression, and what it waited for', async () => {
    await assert.rejects(evaluateInFrames('noSuchName'), /noSuchName is not defined/);
    await assert.rejects(waitForFrame('false', 200), /within 200 ms no frame .*`false`/);
  });
});

/** Width and height, from a PNG's first chunk. */
function pictureSize(file: string): [number, number] {
  const png = readFileSync(file);
  return [png.readUInt32BE(16), png.readUInt32BE(20)];
}
