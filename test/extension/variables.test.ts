import assert from 'node:assert/strict';
import * as vscode from 'vscode';
import { click, evaluateInFrames, press, screenshot, type, waitForFrame } from './host.js';
import { setTheme, themes } from './inspectorPage.js';
import {
  askUntil,
  cellEnds,
  closeNotebooks,
  errorsOf,
  openNotebook,
  runCell,
  selectOurKernel,
  startCell,
} from './notebooks.js';
import {
  emptyText,
  focusedRow,
  footText,
  rowsWhen,
  showVariables,
  valueWhen,
} from './variablesPage.js';

const declares = `import { arange, LSTM, randn, tensor, zeros } from 'unroll';
const rate = 0.01;
let text = 'tomorrow';
const weights = randn([64, 32]);
const steps = arange(0, 300 * 60).reshape([300, 60]);`;
const trains = `const model = new LSTM({ inputSize: 8, hiddenSize: 16, numLayers: 2 });
const rows = [{ word: 'the', count: 12 }, { word: 'of', count: 7, rare: true }];
const odd = tensor([[1, NaN], [-2, 0.5]]);
const cube = arange(0, 24).reshape([2, 3, 4]);`;

const rowOf = (name: string) => `tr.row[data-name="${name}"]`;
const namesAre = (...names: string[]) =>
  `JSON.stringify(rows.map((one) => one.name)) === ${JSON.stringify(JSON.stringify(names))}`;
const all = ['rate', 'text', 'weights', 'steps'];

describe('the Variables view', function () {
  this.timeout(120_000);

  afterEach(async () => {
    await closeNotebooks();
  });
  after(() => vscode.commands.executeCommand('workbench.action.closeSidebar'));

  it('says why there are no variables: no notebook, no kernel, a kernel without any', async () => {
    await showVariables();
    assert.match(await emptyText('noNotebook'), /No notebook is open.*New Notebook/);
    const notebook = await openNotebook('1 + 1');
    assert.match(await emptyText('noKernel'), /starts with the first cell/);
    await runCell(notebook, 0);
    assert.match(await emptyText('live'), /No cell has declared a variable/);
  });

  it('goes on with the notebook behind a file that is in front, until that notebook is closed', async () => {
    const notebook = await openNotebook('const mine = 1;');
    await runCell(notebook, 0);
    await showVariables();
    await rowsWhen(namesAre('mine'));
    const file = await vscode.workspace.openTextDocument({ content: 'a module' });
    await vscode.window.showTextDocument(file);
    await vscode.commands.executeCommand('unroll.showVariables');
    await footText('total', `text.startsWith('1 variable')`);
    // Untitled and changed, it would ask whether to be saved.
    await vscode.window.showNotebookDocument(notebook);
    await vscode.commands.executeCommand('workbench.action.revertAndCloseActiveEditor');
    assert.match(await emptyText('noNotebook'), /No notebook is open/);
  });

  it('says so where another kernel is picked, and lists again when ours is', async () => {
    const other = vscode.notebooks.createNotebookController('other', 'jupyter-notebook', 'Other');
    other.supportedLanguages = ['typescript'];
    other.executeHandler = () => undefined;
    try {
      const notebook = await openNotebook('const mine = 1;');
      await runCell(notebook, 0);
      await showVariables();
      await rowsWhen(namesAre('mine'));
      const notebookEditor = vscode.window.activeNotebookEditor!;
      const picked = { notebookEditor, id: 'other', extension: 'unroll.unroll' };
      await vscode.commands.executeCommand('notebook.selectKernel', picked);
      assert.match(await emptyText('otherKernel'), /runs on another kernel\. Choose “TypeScript/);
      await selectOurKernel(notebookEditor);
      // Within a second the kernel is the same one; later it is a fresh one.
      await waitForFrame(
        `document.querySelector('tr.row[data-name="mine"], .empty[data-state="noKernel"]') !== null || null`,
      );
    } finally {
      other.dispose();
    }
  });

  it('lists name, type, shape, value, memory and cell, after each run', async () => {
    const notebook = await openNotebook(declares, 'rate + 1', 'text = "changed"; const more = 1');
    await runCell(notebook, 0);
    await showVariables();
    const imports = ['arange', 'LSTM', 'randn', 'tensor', 'zeros'];
    const rows = await rowsWhen(`rows.length === 9 && rows.every(({ cell }) => cell === '[1]')`);
    assert.deepEqual(
      rows.map(({ name }) => name),
      [...all, ...imports],
    );
    const { value, ...weights } = rows.find(({ name }) => name === 'weights')!;
    assert.deepEqual(weights, {
      ...{ name: 'weights', type: 'Tensor', shape: '[64, 32]', memory: '8.2 kB', cell: '[1]' },
      isChanged: false,
    });
    assert.match(value, /^float32 \[[-\d., ]+ … 2042 more\]$/);
    await runCell(notebook, 2);
    const later = await rowsWhen(
      `rows.some(({ name, cell }) => name === 'more' && cell === '[2]')`,
    );
    const [text, rate] = ['text', 'rate'].map((name) => later.find((one) => one.name === name));
    assert.deepEqual([text?.value, text?.cell, text?.isChanged], ["'changed'", '[2]', true]);
    assert.equal(rate?.isChanged, false);
    assert.match(await footText('total', 'text.startsWith("10 ")'), /^10 variables · 80\.\d kB$/);
  });

  it('sorts by each head, and filters', async () => {
    const notebook = await openNotebook(declares);
    await runCell(notebook, 0);
    await showVariables();
    await rowsWhen('rows.length === 9');
    await click('th[data-column="memory"] button');
    await rowsWhen(`rows[0].name === 'steps' && rows[1].name === 'weights'`);
    await click('th[data-column="memory"] button');
    await rowsWhen(`rows.at(-1).name === 'steps'`);
    await click('th[data-column="memory"] button');
    await rowsWhen(`rows[0].name === 'rate'`);
    await click('th[data-column="name"] button');
    await rowsWhen(
      namesAre(...'arange LSTM randn rate steps tensor text weights zeros'.split(' ')),
    );
    await click('.bar input');
    await type('tensor 64');
    await rowsWhen(namesAre('weights'));
    assert.match(await footText('total', 'text.includes("of")'), /^1 of 9 variables/);
    await press('Control+A');
    await press('Delete');
    await rowsWhen('rows.length === 9');
    await click('th[data-column="name"] button');
    await click('th[data-column="name"] button');
  });

  it('is walked by keyboard, jumps to the cell that set a variable, and deletes it when asked twice', async () => {
    const notebook = await openNotebook('1', declares, 'rate');
    await runCell(notebook, 1);
    await showVariables();
    await rowsWhen('rows.length === 9');
    await askUntil(
      async () => {
        await click('.bar input');
        await press('ArrowDown');
        return await focusedRow();
      },
      (row) => row === 'rate',
    );
    await press('End');
    assert.equal(await focusedRow(), 'zeros');
    await press('PageUp');
    await press('ArrowDown');
    assert.equal(await focusedRow(), 'text');
    await press('ArrowUp');

    await press('Delete');
    await press('Escape');
    assert.equal(await focusedRow(), 'rate');
    await press('Delete');
    await press('Enter');
    await rowsWhen(`rows.length === 8 && rows.every(({ name }) => name !== 'rate')`);
    await runCell(notebook, 2);
    assert.equal(errorsOf(notebook.cellAt(2))[0]?.message, 'rate is not defined');

    await showVariables();
    await click(`${rowOf('text')} td.cell button`);
    await waitForSelection(1);
  });

  it('shows what there was while a cell keeps the kernel busy, and says so', async () => {
    const notebook = await openNotebook(
      declares,
      'console.log("started"); while (true) {}',
      'const later = 1; await new Promise((done) => setTimeout(done, 60_000));',
    );
    await runCell(notebook, 0);
    await showVariables();
    await rowsWhen('rows.length === 9');
    await startCell(notebook, 1);
    assert.match(await footText('hint', `text.includes('busy')`), /as of before it ran/);
    assert.equal((await rowsWhen('rows.length > 0')).length, 9);
    await vscode.commands.executeCommand('unroll.interruptKernel');
    await cellEnds(notebook, 1);
    await footText('hint', `text === ''`);

    // One that only waits answers.
    await startCell(notebook, 2);
    await rowsWhen(`rows.length === 10 && rows.some(({ name }) => name === 'later')`);
    await vscode.commands.executeCommand('unroll.restartKernel');
    assert.match(await emptyText('live'), /No cell has declared/);
  });

  it('opens a tensor as a heat map that is read by keyboard, and as a table by pages', async () => {
    const notebook = await openNotebook(declares, 'steps.data[0] = -5; rate');
    await runCell(notebook, 0);
    await showVariables();
    await rowsWhen('rows.length === 9');
    await click(rowOf('steps'));
    await press('Enter');
    const map = await valueWhen('shown.canvas !== null');
    assert.deepEqual([map.path, map.what], ['steps', 'Tensor float32 [300, 60]']);
    assert.match(map.facts, /^min 0, max 17999, mean 8999, std 5196, numbers 18,000$/);
    assert.ok(map.canvas!.pixels > 20, `${map.canvas!.pixels} colours`);
    await click('.map canvas');
    const table = await valueWhen('shown.heads.length > 0');
    assert.equal(table.heads.length, 41);
    assert.equal(table.rowHeads.length, 100);
    assert.deepEqual(table.pagers, ['Rows 100–199 of 300', 'Columns 0–39 of 60']);
    await click('[data-page="Later columns"]');
    const next = await valueWhen(`shown.pagers[1] === 'Columns 40–59 of 60'`);
    assert.deepEqual([next.heads[1], next.rowHeads[0], next.cells[0]?.[0]], ['40', '100', '6040']);
    await click('[data-page="First rows"]');
    await click('[data-page="First columns"]');
    await valueWhen(`shown.pagers[1] === 'Columns 0–39 of 60' && shown.cells[0][0] === '0'`);
    await runCell(notebook, 1);
    await valueWhen(`shown.cells[0]?.[0] === '−5'`);
  });

  it('goes into models, arrays of objects and tensors of more axes', async () => {
    const notebook = await openNotebook(declares, trains);
    await runCell(notebook, 0);
    await runCell(notebook, 1);
    await showVariables();
    await rowsWhen('rows.length === 13');
    const open = async (name: string) => {
      await showVariables();
      await click(rowOf(name));
      await press('Enter');
    };
    await open('model');
    const model = await valueWhen(`shown.path === 'model' && shown.heads.length > 0`);
    assert.ok(model.rowHeads.includes('weight_hh_l1'), model.rowHeads.join());
    await click('th button[data-step="weight_hh_l1"]');
    const weight = await valueWhen(`shown.path === 'model›weight_hh_l1' && shown.canvas`);
    assert.equal(weight.what, 'Parameter float32 [64, 16]');
    await closePages();

    await open('rows');
    const rows = await valueWhen(`shown.path === 'rows' && shown.heads.length > 0`);
    assert.deepEqual(rows.heads, ['index', 'word', 'count', 'rare']);
    assert.deepEqual(rows.cells[1], ['of', '7', 'true']);
    await closePages();

    await open('odd');
    const odd = await valueWhen(`shown.path === 'odd' && shown.canvas`);
    assert.match(odd.facts, /min −2, max 1, .*NaN or infinite 1$/);
    await closePages();

    await open('cube');
    await valueWhen(`shown.path === 'cube' && shown.canvas`);
    await click('label:has(input[value="page"])');
    await valueWhen(`shown.cells[0]?.[0] === '0'`);
    await click('#axis-0');
    await press('ArrowUp');
    const second = await valueWhen(`shown.cells[0]?.[0] === '12'`);
    assert.equal(second.cells.length, 3);
  });

  it('holds its place in light and dark', async () => {
    const notebook = await openNotebook(declares, trains);
    await runCell(notebook, 0);
    await runCell(notebook, 1);
    await showVariables();
    await rowsWhen('rows.length === 13');
    await click('th[data-column="memory"] button');
    for (const theme of ['light', 'dark'] as const) {
      await setTheme(themes[theme]);
      await showVariables();
      await click(rowOf('weights'));
      await press('Enter');
      await valueWhen(`shown.path === 'weights' && shown.canvas`);
      await showVariables();
      await click(rowOf('weights'));
      await screenshot(`variables-${theme}`, { scale: 2, height: 720 });
      await press('Enter');
      await click('label:has(input[value="page"])');
      await valueWhen(`shown.heads.length > 0`);
      await screenshot(`variables-table-${theme}`, { scale: 2, height: 720 });
      await closePages();
    }
    await showVariables();
    await click('th[data-column="memory"] button');
    await click('th[data-column="memory"] button');
  });

  it('lets nothing in but its own script', async () => {
    await showVariables();
    const [policy] = await evaluateInFrames<string>(
      `document.querySelector('.bar') && document.querySelector('meta[http-equiv]')?.content`,
    );
    assert.match(policy ?? '', /^default-src 'none'; script-src 'nonce-[\w+/=]+'$/);
  });
});

/** Pages of values have no notebook in them. */
async function closePages(): Promise<void> {
  const tabs = vscode.window.tabGroups.all
    .flatMap((group) => group.tabs)
    .filter(({ input }) => input instanceof vscode.TabInputWebview);
  await vscode.window.tabGroups.close(tabs);
}

async function waitForSelection(index: number): Promise<void> {
  const deadline = Date.now() + 20_000;
  while (vscode.window.activeNotebookEditor?.selection.start !== index) {
    if (Date.now() > deadline) throw new Error(`cell ${index} was not selected`);
    await new Promise((done) => setTimeout(done, 50));
  }
}
