/** The picture of `docs/debugging.md`: a held cell, with what it holds. */
import assert from 'node:assert/strict';
import { setTimeout as sleep } from 'node:timers/promises';
import * as vscode from 'vscode';
import { debugCell, goOn, scopesOf, setBreakpoint, stops, useDebugger } from './debugSession.js';
import { click, hover, press, screenshot } from './host.js';
import { openNotebook, runCell } from './notebooks.js';

const themes = { light: 'Default Light Modern', dark: 'Default Dark Modern' };

async function configure(name: string, value: unknown): Promise<void> {
  await vscode.workspace.getConfiguration().update(name, value, vscode.ConfigurationTarget.Global);
}

const model = `import { Adam, LSTM, Linear, Module, manualSeed, mse, randn, type Tensor } from 'unroll';

manualSeed(1);
class Echo extends Module {
  lstm = new LSTM({ inputSize: 4, hiddenSize: 24 });
  head = new Linear({ inFeatures: 24, outFeatures: 4 });
  forward(x: Tensor) {
    const { output } = this.lstm.forward(x);
    return this.head.forward(output);
  }
}
const echo = new Echo();
const input = randn([12, 32, 4]);`;

const training = `const optimizer = new Adam(echo.parameters(), { lr: 0.01 });
const losses: number[] = [];
for (let step = 0; step < 50; step++) {
  optimizer.zeroGrad();
  const loss = mse(echo.forward(input), input);
  loss.backward();
  losses.push(loss.item());
  optimizer.step();
}
losses.at(-1)`;

describe('the debugger’s pictures', function () {
  this.timeout(120_000);
  useDebugger();

  before(() => configure('breadcrumbs.enabled', false));
  after(() => configure('workbench.colorTheme', themes.dark));

  it('show a held cell', async () => {
    const notebook = await openNotebook(model, training);
    await runCell(notebook, 0);
    const [definition, cell] = notebook.getCells() as [vscode.NotebookCell, vscode.NotebookCell];
    setBreakpoint(definition.document.uri, 9);
    const debugging = debugCell(cell);
    const held = await stops();
    const { x } = (await scopesOf(held))['Local: forward']!;
    assert.match(x ?? '', /^Tensor \[12, 32, 4\] float32 \[\[\[/);
    await vscode.commands.executeCommand('workbench.view.debug');
    await click('.debug-variables .monaco-list-row >> text=Local: forward');
    await press('ArrowRight');
    await sleep(1500);
    await hover('.cell-list-container');
    await vscode.commands.executeCommand('notifications.clearAll');
    for (const [name, theme] of Object.entries(themes)) {
      await configure('workbench.colorTheme', theme);
      await sleep(1500);
      assert.match(await screenshot(`debugging-${name}`), /\.png$/);
    }
    vscode.debug.removeBreakpoints(vscode.debug.breakpoints);
    await goOn(held);
    await debugging;
  });
});
