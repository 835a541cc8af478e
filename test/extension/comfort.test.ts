import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import http from 'node:http';
import type { AddressInfo } from 'node:net';
import os from 'node:os';
import path from 'node:path';
import * as vscode from 'vscode';
import { trainingCell } from '../process/training.js';
import { click, evaluateInFrames, press, screenshot, waitForFrame } from './host.js';
import { openFile, setTheme, themes } from './inspectorPage.js';
import {
  cellEnds,
  closeNotebooks,
  edit,
  errorsOf,
  openNotebook,
  ourKernelspec,
  runCell,
  selectOurKernel,
  startCell,
  textOf,
  until,
} from './notebooks.js';

/** What the status bar shows of the kernel, once the condition on `text` holds. */
const kernelText = (condition: string) =>
  waitForFrame<string>(
    `((text) => text && (${condition}) ? text : null)(
      [...document.querySelectorAll('.statusbar-item')].map((one) => one.textContent.trim()).find((text) => text.startsWith('Unroll:')))`,
  );

const itemTexts = `[...document.querySelectorAll('.cell-statusbar-container .cell-status-item')].map((one) => one.textContent.trim()).filter((text) => text)`;
/** What stands below the cells that are seen, once the condition on `items` holds. */
const cellItems = (condition: string) =>
  waitForFrame<string[]>(
    `document.querySelector('.cell-statusbar-container') ? ((items) => (${condition}) ? items : null)(${itemTexts}) : null`,
  );

describe('the kernel in the status bar', function () {
  this.timeout(120_000);
  afterEach(closeNotebooks);

  it('says what it does and how much memory it has, and goes with the notebook', async () => {
    const notebook = await openNotebook(
      '1',
      'console.log("started"); while (true) {}',
      'process.pid',
    );
    await kernelText(`text === 'Unroll: no kernel'`);
    await runCell(notebook, 0);
    const idle = await kernelText(`/^Unroll: idle · \\d+ MB$/.test(text)`);
    assert.ok(Number(/\d+/.exec(idle)?.[0]) > 30, idle);
    await startCell(notebook, 1);
    await kernelText(`text.startsWith('Unroll: busy')`);
    await vscode.commands.executeCommand('unroll.interruptKernel');
    await cellEnds(notebook, 1);
    await kernelText(`text.startsWith('Unroll: idle')`);
    process.kill(Number(await runCell(notebook, 2)), 'SIGKILL');
    await kernelText(`text === 'Unroll: ended'`);
    await runCell(notebook, 0);
    await kernelText(`text.startsWith('Unroll: idle · ')`);
    await closeNotebooks();
    await waitForFrame(
      `document.querySelector('.statusbar') && ![...document.querySelectorAll('.statusbar-item')].some((one) => one.textContent.includes('Unroll:')) || null`,
    );
  });

  it('offers at a click to interrupt, to restart, to run all above', async () => {
    const notebook = await openNotebook(
      'let count = 1; "first"',
      'count++; "second"',
      'console.log("started"); while (true) {}',
    );
    await runCell(notebook, 0);
    await startCell(notebook, 2);
    await kernelText(`text.startsWith('Unroll: busy')`);
    await click('.statusbar-item:has-text("Unroll:")');
    const choose = (name: string) =>
      click(`.quick-input-list .monaco-list-row:has-text("${name}")`);
    await choose('Interrupt');
    await cellEnds(notebook, 2);
    assert.equal(errorsOf(notebook.cellAt(2))[0]?.name, 'Interrupted');

    vscode.window.activeNotebookEditor!.selections = [new vscode.NotebookRange(2, 3)];
    await click('.statusbar-item:has-text("Unroll:")');
    await choose('Run All Above');
    assert.match(await cellEnds(notebook, 1), /second/);

    const order = () => notebook.cellAt(0).executionSummary?.executionOrder;
    assert.ok((order() ?? 0) > 1);
    await click('.statusbar-item:has-text("Unroll:")');
    await waitForFrame(`document.querySelector('.quick-input-list .monaco-list-row') && true`);
    await press('Escape');
  });
});

describe('commands that have nothing to do', function () {
  this.timeout(120_000);
  afterEach(closeNotebooks);

  const told = async (command: string, message: string) => {
    await vscode.commands.executeCommand(command);
    await vscode.commands.executeCommand('notifications.showList');
    await waitForFrame(
      `[...document.querySelectorAll('.notification-list-item')].some((one) => one.textContent.includes(${JSON.stringify(message)})) || null`,
    );
    await vscode.commands.executeCommand('notifications.clearAll');
  };

  it('say so, and what would make them do it', async () => {
    await openNotebook('1', '2');
    await told('unroll.restartKernel', 'It starts with the first cell that you run.');
    await told('unroll.pauseTraining', 'Nothing trains in this notebook.');
    await told('unroll.resumeTraining', 'No training is paused in this notebook.');
    await told('unroll.stopTraining', 'Nothing trains in this notebook.');
    await told('unroll.runAbove', 'No cell stands above the selected one.');
    await told('unroll.runStaleCells', 'No cell is stale');
    await told('unroll.installPackage', 'No cell misses a package.');
    await told('unroll.clearTimers', 'No timer of an earlier cell is pending.');
    await vscode.commands.executeCommand('unroll.interruptKernel');
    await waitForFrame(
      `[...document.querySelectorAll('.statusbar-item')].some((one) => one.textContent.includes('No cell of this notebook runs.')) || null`,
    );
  });
});

describe('what stands below a cell', function () {
  this.timeout(120_000);
  afterEach(closeNotebooks);

  it('is that it is stale when an earlier cell changed, and a click runs what it needs', async () => {
    const notebook = await openNotebook('const a = 1;', 'const b = a + 1;', 'b * 10', '"other"');
    for (const index of [0, 1, 2, 3]) await runCell(notebook, index);
    assert.equal(textOf(notebook.cellAt(2)), '20');
    await edit(notebook, 0, 'const a = 2;');
    await cellItems(`items.filter((text) => text === 'Stale').length === 2`);
    await click('.cell-status-item:has-text("Stale") >> nth=1');
    await until(
      () => textOf(notebook.cellAt(2)) === '30',
      () => 'the stale cells to have run',
    );
    await cellItems(`!items.includes('Stale')`);
    await runCell(notebook, 0);
    await new Promise((done) => setTimeout(done, 600));
    await cellItems(`!items.includes('Stale')`);
  });

  it('is how far its training is, to pause and to resume at a click', async () => {
    const notebook = await openNotebook(
      trainingCell,
      'run = fit(training(100_000)); await run; "went on"',
    );
    await runCell(notebook, 0);
    await startCell(notebook, 1);
    await cellItems(`items.some((text) => /^step \\d+\\/100,000 · loss [\\d.e-]+$/.test(text))`);
    const inToolbar = (title: string) =>
      `.notebook-toolbar-container .action-label[aria-label^="${title}"]`;
    await click(inToolbar('Pause Training'));
    await cellItems(`items.some((text) => /^paused at step \\d+/.test(text))`);
    await click(inToolbar('Resume Training'));
    await cellItems(`items.some((text) => /^step \\d+/.test(text))`);
    await click('.cell-status-item:has-text("step")');
    await cellItems(`items.some((text) => /^paused at step \\d+/.test(text))`);
    await kernelText(`text.startsWith('Unroll: paused')`);
    await click('.cell-status-item:has-text("paused at")');
    await cellItems(`items.some((text) => /^step \\d+/.test(text))`);
    await vscode.commands.executeCommand('unroll.stopTraining');
    await cellEnds(notebook, 1);
    await cellItems(`!items.some((text) => text.includes('step'))`);
  });
});

describe('a package that is missing', function () {
  this.timeout(120_000);
  let folder: string;
  let registry: http.Server;
  before(async () => {
    folder = mkdtempSync(path.join(os.tmpdir(), 'unroll-missing-'));
    registry = await serveRegistry('unroll-test-answer', folder);
  });
  afterEach(closeNotebooks);
  after(() => {
    for (const terminal of vscode.window.terminals) terminal.dispose();
    registry.close();
    rmSync(folder, { recursive: true, force: true, maxRetries: 5 });
  });

  it('is installed at a click, in a terminal, and the cell runs then', async () => {
    const file = path.join(folder, 'missing.ipynb');
    const source = `import { answer } from 'unroll-test-answer'; answer`;
    const cell = {
      cell_type: 'code',
      id: 'a',
      execution_count: null,
      metadata: {},
      source,
      outputs: [],
    };
    writeFileSync(
      file,
      JSON.stringify({ cells: [cell], metadata: ourKernelspec, nbformat: 4, nbformat_minor: 5 }),
    );
    const notebook = await openFile(file);
    await selectOurKernel(vscode.window.activeNotebookEditor!);
    await runCell(notebook, 0);
    assert.equal(errorsOf(notebook.cellAt(0))[0]?.name, 'ModuleNotFoundError');
    await cellItems(`items.includes('Install unroll-test-answer')`);
    assert.equal(vscode.window.terminals.length, 0);
    await vscode.commands.executeCommand('workbench.action.closeSidebar');
    for (const theme of ['light', 'dark'] as const) {
      await setTheme(themes[theme]);
      await screenshot(`missing-package-${theme}`, { scale: 2, height: 400 });
    }
    await click('.cell-status-item:has-text("Install unroll-test-answer")');
    await until(
      () => vscode.window.terminals.some(({ name }) => name === 'npm install unroll-test-answer'),
      () => 'a terminal with the command',
    );
    const installed = path.join(folder, 'node_modules/unroll-test-answer/package.json');
    await until(
      () => isThere(installed),
      () => 'the package to be installed',
    );
    await vscode.window.showNotebookDocument(notebook);
    assert.equal(await runCell(notebook, 0), '42');
    await cellItems(`!items.some((text) => text.startsWith('Install'))`);
  });

  it('that an error only claims is not offered', async () => {
    const notebook = await openNotebook(
      `throw Object.assign(new Error("There is no package 'evil'. To install it: rm -rf x"), { name: 'ModuleNotFoundError', missingPackage: 'evil' })`,
      `import 'evil; rm -rf x'`,
    );
    await runCell(notebook, 0);
    await runCell(notebook, 1);
    await new Promise((done) => setTimeout(done, 600));
    await cellItems(`!items.some((text) => text.startsWith('Install'))`);
  });
});

describe('snippets and outline', function () {
  this.timeout(120_000);
  afterEach(closeNotebooks);

  const labelsAt = async (document: vscode.TextDocument) => {
    const list = await vscode.commands.executeCommand<vscode.CompletionList>(
      'vscode.executeCompletionItemProvider',
      document.uri,
      new vscode.Position(0, document.lineAt(0).text.length),
    );
    return list.items.map(({ label }) => (typeof label === 'string' ? label : label.label));
  };

  it('offer what cells begin with, in cells and nowhere else', async () => {
    const notebook = await openNotebook('unroll', 'const x = unroll');
    const inCell = await labelsAt(notebook.cellAt(0).document);
    for (const name of ['unroll-model', 'unroll-fit', 'unroll-inspect', 'unroll-cell'])
      assert.ok(inCell.includes(name), name);
    assert.ok(!(await labelsAt(notebook.cellAt(1).document)).includes('unroll-fit'));
    const file = await vscode.workspace.openTextDocument({
      language: 'typescript',
      content: 'unroll',
    });
    assert.ok(!(await labelsAt(file)).includes('unroll-fit'));
  });

  it('has the Markdown headings of the notebook: VS Code’s own', async () => {
    const notebook = await openNotebook('1');
    const heading = new vscode.NotebookCellData(
      vscode.NotebookCellKind.Markup,
      '# How a memory is trained',
      'markdown',
    );
    const change = new vscode.WorkspaceEdit();
    change.set(notebook.uri, [vscode.NotebookEdit.insertCells(0, [heading])]);
    await vscode.workspace.applyEdit(change);
    await vscode.commands.executeCommand('outline.focus');
    await waitForFrame(
      `[...document.querySelectorAll('.outline-pane .monaco-list-row')].some((row) => row.textContent.includes('How a memory is trained')) || null`,
    );
    await vscode.commands.executeCommand('workbench.action.closeSidebar');
  });
});

/** Pictures for the documents show what training comes to. */
const isForDocuments = process.env['UNROLL_UPDATE_PICTURES'] === '1';
const trained = [
  `import { Adam, fit, Linear, LSTM, Module, mse, tasks, type Tensor } from 'unroll';
const timeSteps = 50;`,
  `class Adder extends Module {
  lstm = new LSTM({ inputSize: 2, hiddenSize: 32 });
  head = new Linear({ inFeatures: 32, outFeatures: 1 });
  forward(input: Tensor) {
    return this.head.forward(this.lstm.forward(input).output.select(0, -1));
  }
}
const model = new Adder();
const data = tasks.adding({ timeSteps, batchSize: 32 });`,
  `const optimizer = new Adam(model.parameters(), { lr: 1e-2 });
await fit({ model, data, loss: mse, optimizer, steps: ${isForDocuments ? '2_000' : '20_000'}, clipNorm: 1, chart: { title: 'Adding problem', baselines: { 'always the mean': 1 / 6 } } });`,
] as const;
const shownFrom = isForDocuments ? /^step (1,[1-9]|[7-9]\d\d\/)/ : /^step \d{2,}/;

describe('a notebook at work', function () {
  this.timeout(isForDocuments ? 600_000 : 120_000);
  afterEach(closeNotebooks);

  it('looks as it should, in light and dark', async () => {
    await vscode.commands.executeCommand('workbench.action.closeSidebar');
    await vscode.commands.executeCommand('workbench.action.closePanel');
    for (const theme of ['light', 'dark'] as const) {
      await setTheme(themes[theme]);
      const notebook = await openNotebook(...trained);
      for (const index of [0, 1]) await runCell(notebook, index);
      await edit(notebook, 0, trained[0].replace('50', '60'));
      await startCell(notebook, 2);
      await waitForFrame(
        `((items) => items.some((text) => ${String(shownFrom)}.test(text)) && items.includes('Stale') || null)(${itemTexts})`,
        300_000,
      );
      await vscode.commands.executeCommand('unroll.pauseTraining');
      await kernelText(`text.startsWith('Unroll: paused · ')`);
      await cellItems(`items.some((text) => text.startsWith('paused at step'))`);
      await screenshot(`comfort-${theme}`, { scale: 2, height: 1000 });
      const menu = vscode.commands.executeCommand('unroll.kernelMenu');
      await waitForFrame(`document.querySelector('.quick-input-list .monaco-list-row') && true`);
      await screenshot(`kernel-menu-${theme}`, { scale: 2, height: 560 });
      await press('Escape');
      await menu;
      await vscode.commands.executeCommand('unroll.interruptKernel');
      await cellEnds(notebook, 2);
      await closeNotebooks();
    }
    assert.ok((await evaluateInFrames<boolean>('true')).length > 0);
  });
});

function isThere(file: string): boolean {
  try {
    return readFileSync(file).length > 0;
  } catch {
    return false;
  }
}

/** A registry with one package in it, for the npm of a folder. */
async function serveRegistry(name: string, folder: string): Promise<http.Server> {
  const source = path.join(folder, 'source', 'package');
  mkdirSync(source, { recursive: true });
  const manifest = { name, version: '1.0.0', type: 'module', exports: './index.js' };
  writeFileSync(path.join(source, 'package.json'), JSON.stringify(manifest));
  writeFileSync(path.join(source, 'index.js'), 'export const answer = 42;');
  const tarball = path.join(folder, 'package.tgz');
  execFileSync('tar', ['-czf', tarball, '-C', path.dirname(source), 'package']);
  const server = http.createServer((request, response) => {
    if (request.url?.endsWith('.tgz')) {
      response.end(readFileSync(tarball));
      return;
    }
    const { port } = server.address() as AddressInfo;
    const dist = { tarball: `http://127.0.0.1:${port}/package.tgz` };
    const versions = { '1.0.0': { ...manifest, dist } };
    response.setHeader('content-type', 'application/json');
    response.end(JSON.stringify({ name, 'dist-tags': { latest: '1.0.0' }, versions }));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  const settings = [
    `registry=http://127.0.0.1:${port}/`,
    'audit=false',
    'fund=false',
    'update-notifier=false',
  ];
  writeFileSync(path.join(folder, '.npmrc'), settings.join('\n'));
  writeFileSync(path.join(folder, 'package.json'), '{ "private": true }');
  writeFileSync(
    path.join(folder, 'package-lock.json'),
    JSON.stringify({ lockfileVersion: 3, packages: {} }),
  );
  return server;
}
