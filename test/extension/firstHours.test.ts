import assert from 'node:assert/strict';
import os from 'node:os';
import * as vscode from 'vscode';
import { click, evaluateInFrames, press, waitForFrame } from './host.js';
import { closeNotebooks, openNotebook, runCell, textOf, until } from './notebooks.js';

interface Binding {
  key: string;
  command: string;
  when?: string;
}

/** VS Code's own bindings and all extensions', as its settings editor shows them. */
async function defaultBindings(): Promise<Binding[]> {
  const uri = vscode.Uri.parse('vscode://defaultsettings/keybindings.json');
  const document = await vscode.workspace.openTextDocument(uri);
  const text = document.getText().replace(/^\s*\/\/.*$/gm, '');
  return JSON.parse(text) as Binding[];
}

describe('the first hours', () => {
  afterEach(closeNotebooks);

  it('have a walkthrough that opens, and whose steps are done by doing', async () => {
    // A cell that ran before does not keep a step from being done.
    await runCell(await openNotebook('0 + 0'), 0);
    await closeNotebooks();
    await vscode.commands.executeCommand('unroll.openWalkthrough');
    const steps = `(() => { const all = [...document.querySelectorAll('.getting-started-step')];
      return all.length === 5 ? all.map((step) => step.innerText.split('\\n')[0]) : null; })()`;
    const titles = await waitForFrame<string[]>(steps);
    assert.deepEqual(titles, [
      'Open a notebook',
      'Run it',
      'Watch it learn',
      'Inspect the gradient',
      'Make it yours',
    ]);
    const isDone = `(() => { const [, run] = document.querySelectorAll('.getting-started-step');
      return run?.querySelector('.codicon-getting-started-step-checked.complete, .complete') ? true : null; })()`;
    const notebook = await openNotebook('1 + 1');
    await runCell(notebook, 0);
    await vscode.commands.executeCommand('unroll.openWalkthrough');
    await waitForFrame(`document.querySelectorAll('.getting-started-step').length === 5 || null`);
    await waitForFrame(isDone);
  });

  it('offer examples and the walkthrough in an empty notebook, and nothing in another', async () => {
    const offers = `[...document.querySelectorAll('.cell-statusbar-container .cell-status-item')]
      .map((item) => item.textContent).filter((text) => /Example|Get Started/.test(text))`;
    const offered = async () => (await evaluateInFrames<string[]>(offers)).flat();
    await vscode.commands.executeCommand('unroll.newNotebook');
    await waitForFrame(`(${offers}).length === 2`);
    await closeNotebooks();
    await openNotebook('1 + 1');
    await waitForFrame(
      `document.querySelector('.cell-statusbar-container')`.concat(' ? true : null'),
    );
    assert.deepEqual(await offered(), []);
  });

  it('have keys that nothing else has where a notebook is focused', async () => {
    const all = await defaultBindings();
    const ours = all.filter(({ command }) => command.startsWith('unroll.'));
    assert.deepEqual(ours.map(({ key, command }) => `${key}: ${command}`).sort(), [
      'f5: unroll.debugCell',
      'i i: unroll.interruptKernel',
    ]);
    // What F5 does elsewhere it does here too, where there is something to start or to go on with.
    const f5 = ours.find(({ key }) => key === 'f5')!;
    assert.match(f5.when!, /debugState == 'inactive'/);
    assert.match(f5.when!, /!debugConfigurationType/);
    for (const { key } of ours) {
      const [first = ''] = key.split(' ');
      const mayBeMeant = ({ when = '' }: Binding) =>
        when === '' || /notebook/i.test(when) || /^!?(inputFocus|textInputFocus)$/.test(when);
      const others = all.filter(
        (one) =>
          !one.command.startsWith('unroll.') &&
          (one.key === key ||
            one.key === first ||
            (first === key && one.key.startsWith(`${key} `))) &&
          mayBeMeant(one),
      );
      assert.deepEqual(others, [], key);
    }
  });

  it('show the log, and report versions, settings and log without the paths of the home', async () => {
    const notebook = await openNotebook('process.version');
    await runCell(notebook, 0);
    await vscode.commands.executeCommand('unroll.showLog');
    const report = await vscode.commands.executeCommand<vscode.TextDocument>('unroll.report');
    const text = report.getText();
    assert.match(text, /- Unroll: \d+\.\d+\.\d+/);
    assert.match(text, new RegExp(`- VS Code: ${vscode.version.replaceAll('.', '\\.')}`));
    assert.match(text, /- Node: \d+/);
    assert.match(text, /- unroll\.kernel\.memoryLimit: 0/);
    assert.match(text, /- a notebook of 1 cell \(jupyter-notebook\), with a kernel/);
    assert.match(text, /kernel \d+ is ready/);
    assert.ok(!text.includes(os.homedir()), 'the home is left out');
    for (const { uri } of vscode.workspace.workspaceFolders ?? [])
      assert.ok(!text.includes(uri.fsPath), 'the workspace is left out');
    assert.equal(report.isUntitled, true);
  });

  it('interrupt with i i, as in Jupyter', async () => {
    const notebook = await openNotebook('console.log("started"); while (true) {}');
    void vscode.commands.executeCommand('notebook.cell.execute', {
      ranges: [{ start: 0, end: 1 }],
      document: notebook.uri,
    });
    const cell = notebook.cellAt(0);
    await until(
      () => textOf(cell).includes('started'),
      () => 'the cell to start',
    );
    await vscode.commands.executeCommand('notebook.cell.quitEdit');
    await click('.notebook-cell-list .cell-focus-indicator-left, .cell-focus-indicator-left');
    await waitForFrame(
      `document.activeElement?.closest('.notebook-editor, .notebookOverlay') && true`,
    );
    await press('i');
    await press('i');
    await until(
      () => cell.executionSummary?.success === false,
      () => 'the cell to be interrupted',
    );
  });
});
