import assert from 'node:assert/strict';
import { copyFileSync } from 'node:fs';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import * as vscode from 'vscode';
import { click, evaluateInFrames, hover, screenshot, waitForFrame } from './host.js';
import { closeNotebooks, edit, mimesOf, runAll, textOf } from './notebooks.js';

const original = path.resolve(__dirname, '../../examples/quickstart.ipynb');
/** A copy that VS Code may save, still inside the checkout: the notebook finds its packages from there. */
const file = path.join(__dirname, 'quickstart.ipynb');
/** Pictures for the documents show the run in full. */
const isForDocuments = process.env['UNROLL_UPDATE_PICTURES'] === '1';
const steps = isForDocuments ? 500 : 80;

interface Drawn {
  viewId: string;
  updates: number;
  status: string;
  /** The outline of every mark, so that two drawings can be told apart. */
  marks: string[];
}

/** What a renderer has drawn, read out of its frame. */
const drawnBy = (view: string): string => `(() => {
  const root = document.querySelector('[data-unroll-view="${view}"]');
  return root && {
    viewId: root.dataset.viewId,
    updates: Number(root.dataset.updates),
    status: root.dataset.status,
    marks: Array.from(root.querySelectorAll('svg path[d]'), (path) => path.getAttribute('d')),
  };
})()`;

async function drawn(view: string): Promise<Drawn | undefined> {
  const [first] = await evaluateInFrames<Drawn>(drawnBy(view));
  return first;
}

const cellWith = (notebook: vscode.NotebookDocument, text: string): vscode.NotebookCell => {
  const cell = notebook.getCells().find((one) => one.document.getText().includes(text));
  assert.ok(cell, `a cell with ${text}`);
  return cell;
};

async function reveal(cell: vscode.NotebookCell): Promise<void> {
  const editor = vscode.window.activeNotebookEditor;
  assert.ok(editor);
  const range = new vscode.NotebookRange(cell.index, cell.index + 1);
  editor.selection = range;
  editor.revealRange(range, vscode.NotebookEditorRevealType.AtTop);
  await sleep(1000);
}

/** Scrolls so far that the cell's output stands whole above the next cell. */
async function revealOutput(cell: vscode.NotebookCell): Promise<void> {
  await reveal(cell);
  const next = new vscode.NotebookRange(cell.index + 1, cell.index + 2);
  vscode.window.activeNotebookEditor?.revealRange(next, vscode.NotebookEditorRevealType.Default);
  await sleep(1000);
}

async function setTheme(name: string): Promise<void> {
  await vscode.workspace
    .getConfiguration('workbench')
    .update('colorTheme', name, vscode.ConfigurationTarget.Global);
  await sleep(1500);
}

/** What would only distract in a picture. */
async function tidyWindow(): Promise<void> {
  const settings = vscode.workspace.getConfiguration();
  await settings.update('breadcrumbs.enabled', false, vscode.ConfigurationTarget.Global);
  await settings.update('window.commandCenter', false, vscode.ConfigurationTarget.Global);
  await settings.update('window.title', '${activeEditorShort}', vscode.ConfigurationTarget.Global);
  await vscode.commands.executeCommand('workbench.action.closeSidebar');
}

const themes = { light: 'Default Light Modern', dark: 'Default Dark Modern' };

describe('examples/quickstart.ipynb in VS Code', function () {
  this.timeout(420_000);
  let notebook: vscode.NotebookDocument;

  before(async () => {
    copyFileSync(original, file);
    await setTheme(themes.dark);
    await tidyWindow();
    notebook = await vscode.workspace.openNotebookDocument(vscode.Uri.file(file));
    await vscode.window.showNotebookDocument(notebook);
    const { index, document } = cellWith(notebook, 'const steps = 500');
    await edit(notebook, index, document.getText().replace('steps = 500', `steps = ${steps}`));
  });

  after(async () => {
    await setTheme(themes.dark);
    await closeNotebooks();
  });

  it('runs from top to bottom while its loss curve draws itself, in one view', async () => {
    const training = cellWith(notebook, 'await fit(');
    const seen: Drawn[] = [];
    let isRunning = true;
    const watch = async (): Promise<void> => {
      while (isRunning) {
        const now = await drawn('loss');
        if (now) seen.push(now);
        await sleep(200);
      }
    };
    const watching = watch();
    await reveal(training);
    await runAll(notebook);
    const deadline = Date.now() + 400_000;
    const codeCells = notebook
      .getCells()
      .filter(({ kind }) => kind === vscode.NotebookCellKind.Code);
    while (codeCells.some(({ executionSummary }) => executionSummary?.timing === undefined)) {
      assert.ok(Date.now() < deadline, 'the notebook ends in time');
      const failed = codeCells.find(({ executionSummary }) => executionSummary?.success === false);
      assert.ok(!failed, failed && `${failed.document.getText()}\n${textOf(failed)}`);
      await sleep(200);
    }
    isRunning = false;
    await watching;

    for (const cell of codeCells)
      assert.equal(cell.executionSummary?.success, true, cell.document.getText());
    assert.match(
      textOf(cellWith(notebook, 'await evaluate(')),
      /held-out bits per character: \d\.\d{3}/,
    );

    const running = seen.filter(({ status }) => status === 'running');
    assert.ok(running.length >= 3, `the curve was seen ${running.length} times while training ran`);
    const pictures = new Set(running.map(({ marks }) => marks.join('|')));
    assert.ok(pictures.size >= 3, `${pictures.size} different pictures`);
    assert.deepEqual(
      [...new Set(seen.map(({ viewId }) => viewId))].length,
      1,
      'one view, not rebuilt',
    );
    const last = await drawn('loss');
    assert.equal(last?.status, 'done');
    assert.ok(last.updates > running[0]!.updates);
    assert.equal(mimesOf(training).filter(([mime]) => mime?.includes('unroll.loss')).length, 1);
  });

  it('draws the unrolled graph, and the gates of a cell when it is clicked', async () => {
    const cell = cellWith(notebook, 'unrolledGraph(model');
    await reveal(cell);
    await waitForFrame(`${drawnBy('graph')}?.marks.length > 20`);
    await click('[data-unroll-view="graph"] button[data-layer="1"][data-t="4"]');
    await waitForFrame(
      `document.querySelector('[data-unroll-view="graph"]')?.dataset.expanded === 'lstm.l0'`,
    );
    const texts = await waitForFrame<string>(
      `document.querySelector('[data-unroll-view="graph"] svg')?.textContent`,
    );
    for (const label of ['i', 'f', 'g', 'o', 'h', 'c']) assert.ok(texts.includes(label), texts);
  });

  for (const [name, theme] of Object.entries(themes))
    it(`looks as it should in ${name}`, async () => {
      await setTheme(theme);
      const colour = (view: string) =>
        waitForFrame<string>(
          `(() => {
            const text = document.querySelector('[data-unroll-view="${view}"] svg text');
            return text && getComputedStyle(text).fill;
          })()`,
        );
      await hover('.part.statusbar');
      await revealOutput(cellWith(notebook, 'await fit('));
      await screenshot(`quickstart-${name}`, { scale: 2 });
      const ofCurve = await colour('loss');
      await revealOutput(cellWith(notebook, 'unrolledGraph(model'));
      await screenshot(`graph-${name}`, { scale: 2 });
      const brightness = (/\d+/g.exec(ofCurve) ?? ['-1']).map(Number)[0]!;
      assert.ok(name === 'dark' ? brightness > 128 : brightness < 128, `text is ${ofCurve}`);
    });
});
