import assert from 'node:assert/strict';
import { setTimeout as sleep } from 'node:timers/promises';
import * as vscode from 'vscode';
import { press, waitForFrame } from './host.js';
import {
  cellEnds,
  closeNotebooks,
  errorsOf,
  openNotebook,
  runAll,
  runCell,
  runCode,
  startCell,
  textOf,
  until,
} from './notebooks.js';

const endless = 'console.log("started"); while (true) {}';

async function starts(notebook: vscode.NotebookDocument, index: number): Promise<void> {
  const cell = notebook.cellAt(index);
  await until(
    () => textOf(cell).includes('started'),
    () => `cell ${index} to start`,
  );
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}

describe('the kernel of a notebook', () => {
  afterEach(closeNotebooks);

  it('stops an endless loop and keeps variables', async () => {
    const notebook = await openNotebook('let kept = 41;', endless, 'kept + 1');
    await runCell(notebook, 0);
    await startCell(notebook, 1);
    await starts(notebook, 1);
    await vscode.commands.executeCommand('notebook.cancelExecution');
    await cellEnds(notebook, 1);
    assert.equal(notebook.cellAt(1).executionSummary?.success, false);
    assert.equal(errorsOf(notebook.cellAt(1))[0]?.name, 'Interrupted');
    assert.equal(await runCell(notebook, 2), '42');
  });

  it('stops through the command, which also takes out the cells that wait', async () => {
    const notebook = await openNotebook(endless, '"waits"');
    await startCell(notebook, 0);
    await startCell(notebook, 1);
    await starts(notebook, 0);
    await vscode.commands.executeCommand('unroll.interruptKernel');
    await cellEnds(notebook, 0);
    assert.equal(errorsOf(notebook.cellAt(0))[0]?.name, 'Interrupted');
    await sleep(300);
    assert.equal(notebook.cellAt(1).outputs.length, 0);
    assert.match(await runCell(notebook, 1), /waits/);
  });

  it('goes on with the running cell when one that waits is stopped', async () => {
    const notebook = await openNotebook(
      'console.log("started"); await new Promise((done) => setTimeout(done, 1500)); "done"',
      '"must not run"',
    );
    await runAll(notebook);
    await starts(notebook, 0);
    await vscode.commands.executeCommand('notebook.cell.cancelExecution', {
      ranges: [{ start: 1, end: 2 }],
      document: notebook.uri,
    });
    assert.match(await cellEnds(notebook, 0), /done/);
    assert.equal(notebook.cellAt(0).executionSummary?.success, true);
    await sleep(300);
    assert.equal(notebook.cellAt(1).outputs.length, 0);
  });

  it('is replaced where a stop has no effect, and says that variables are gone', async () => {
    const notebook = await openNotebook(
      'let gone = 1;',
      // V8 cannot terminate what waits in the system for another process.
      `import { execSync } from 'node:child_process';
       console.log('started');
       await new Promise((done) => setTimeout(done, 100));
       execSync('sleep 8');`,
      'typeof gone',
    );
    await runCell(notebook, 0);
    await startCell(notebook, 1);
    await starts(notebook, 1);
    await sleep(300);
    await vscode.commands.executeCommand('unroll.interruptKernel');
    const text = await cellEnds(notebook, 1);
    assert.match(text, /could not be stopped/);
    assert.match(errorsOf(notebook.cellAt(1))[0]?.message ?? '', /variables are gone/);
    assert.match(await runCell(notebook, 2), /undefined/);
  });

  it('that is killed in the middle of a cell ends it, and the next cell says that it is a new one', async () => {
    const notebook = await openNotebook('let gone = 1; process.pid', endless, 'typeof gone', '1');
    const pid = Number(await runCell(notebook, 0));
    await startCell(notebook, 1);
    await starts(notebook, 1);
    process.kill(pid, 'SIGKILL');
    await cellEnds(notebook, 1);
    const [error] = errorsOf(notebook.cellAt(1));
    assert.match(error?.message ?? '', /SIGKILL/);
    assert.equal(notebook.cellAt(1).executionSummary?.success, false);
    const next = await runCell(notebook, 2);
    assert.match(next, /fresh kernel.*variables of earlier cells are gone/);
    assert.match(next, /undefined/);
    assert.equal(await runCell(notebook, 3), '1');
  });

  it('that ends by itself between two cells is replaced, and the next cell says so', async () => {
    const notebook = await openNotebook('process.pid');
    const pid = Number(await runCell(notebook, 0));
    process.kill(pid, 'SIGKILL');
    // The process is gone before the extension host is told so.
    await waitForFrame(
      `[...document.querySelectorAll('.statusbar-item')].some((one) => one.textContent.trim() === 'Unroll: ended') || null`,
    );
    assert.equal(isAlive(pid), false);
    const next = await runCode(notebook, '"works"');
    assert.match(next, /fresh kernel/);
    assert.match(next, /works/);
  });

  it('lists timers of earlier cells by its command, and clears those that are chosen', async () => {
    const notebook = await openNotebook(
      'let ticks = 0; setInterval(() => ticks++, 11); 0',
      'const before = ticks; await new Promise((go) => setTimeout(go, 100)); ticks > before',
    );
    await runCell(notebook, 0);
    assert.equal(await runCell(notebook, 1), 'true');
    const command = vscode.commands.executeCommand('unroll.clearTimers');
    await waitForFrame(
      `/interval of 11 ms[^]*cell \\[1\\]/.test(document.querySelector('.quick-input-widget')?.innerText ?? '')`,
    );
    await press('Enter');
    await command;
    assert.equal(await runCell(notebook, 1), 'false');
  });

  it('forgets variables when it is restarted, and ends the cell that runs', async () => {
    const notebook = await openNotebook('let gone = 1; process.pid', endless, 'typeof gone');
    const pid = Number(await runCell(notebook, 0));
    await startCell(notebook, 1);
    await starts(notebook, 1);
    await vscode.commands.executeCommand('unroll.restartKernel');
    await cellEnds(notebook, 1);
    assert.match(errorsOf(notebook.cellAt(1))[0]?.message ?? '', /restarted/);
    assert.equal(isAlive(pid), false);
    const text = await runCell(notebook, 2);
    assert.equal(text, "'undefined'");
    assert.equal(notebook.cellAt(2).executionSummary?.executionOrder, 1);
  });

  it('asks before it is restarted by the button in the toolbar', async () => {
    const notebook = await openNotebook('let kept = 1;', 'typeof kept');
    await runCell(notebook, 0);
    const toolbar = { notebookEditor: { notebookUri: notebook.uri } };
    // VS Code shows no modal dialog in tests, and says which one it refused.
    await assert.rejects(
      Promise.resolve(vscode.commands.executeCommand('unroll.restartKernel', toolbar)),
      /Restart the kernel\?/,
    );
    assert.equal(await runCell(notebook, 1), "'number'");
  });

  it('restarts and runs all cells', async () => {
    const notebook = await openNotebook('let count = 0;', 'count += 1; count');
    await runAll(notebook);
    await cellEnds(notebook, 1);
    assert.equal(await runCell(notebook, 1), '2');
    await vscode.commands.executeCommand('unroll.restartAndRunAll');
    assert.equal(await cellEnds(notebook, 1), '1');
    assert.equal(notebook.cellAt(0).executionSummary?.executionOrder, 1);
  });

  it('ends with its notebook', async () => {
    const notebook = await openNotebook('process.pid');
    const pid = Number(await runCell(notebook, 0));
    assert.equal(isAlive(pid), true);
    await closeNotebooks();
    await until(
      () => !isAlive(pid),
      () => `kernel ${pid} to end`,
    );
  });

  it('is there at once for the second notebook, which a process waited for', async () => {
    const folder = vscode.workspace.workspaceFolders?.[0]?.uri.fsPath ?? '';
    const first = await openNotebook('process.pid');
    const pid = await runCell(first, 0);
    await sleep(4000);
    const opened = Date.now();
    const second = await openNotebook(
      `[process.pid, Date.now() - 1000 * process.uptime() < ${opened}, process.cwd()].join(" ")`,
    );
    const shown = await runCell(second, 0);
    assert.ok(!shown.includes(pid), shown);
    // It was there before the notebook was opened.
    assert.ok(shown.includes(` true ${folder}`), shown);
  });

  it('runs in the folder of the workspace while the notebook has none of its own', async () => {
    const notebook = await openNotebook('process.cwd()');
    const folder = vscode.workspace.workspaceFolders?.[0]?.uri.fsPath ?? '';
    assert.ok((await runCell(notebook, 0)).includes(folder));
  });
});
