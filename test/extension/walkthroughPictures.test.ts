/** The pictures of the walkthrough's steps, taken anew: `media/walkthrough/` has those of UNROLL_UPDATE_PICTURES=1. */
import assert from 'node:assert/strict';
import { setTimeout as sleep } from 'node:timers/promises';
import * as vscode from 'vscode';
import { screenshot, waitForFrame } from './host.js';
import { closeNotebooks, openNotebook, runCell, selectOurKernel } from './notebooks.js';

const themes = { light: 'Default Light Modern', dark: 'Default Dark Modern' };
type Theme = keyof typeof themes;

async function configure(name: string, value: unknown): Promise<void> {
  await vscode.workspace.getConfiguration().update(name, value, vscode.ConfigurationTarget.Global);
}

/** Both themes, of what the window shows. */
async function pictures(step: string): Promise<void> {
  for (const theme of Object.keys(themes) as Theme[]) {
    await configure('workbench.colorTheme', themes[theme]);
    await sleep(1500);
    const file = await screenshot(`walkthrough-${step}-${theme}`, {
      selector: '.editor-group-container .editor-container',
    });
    assert.match(file, /\.png$/);
  }
}

const cell = {
  run: `import { Adam, fit, inspect, LSTM, Linear, manualSeed, Module, mse, randn, type Tensor } from 'unroll';

manualSeed(1);
const lstm = new LSTM({ inputSize: 4, hiddenSize: 12 });
lstm.forward(randn([12, 8, 4])).output`,
  watch: `class Echo extends Module {
  lstm = new LSTM({ inputSize: 4, hiddenSize: 24 });
  head = new Linear({ inFeatures: 24, outFeatures: 4 });
  forward(x: Tensor) {
    return this.head.forward(this.lstm.forward(x).output);
  }
}
const echo = new Echo();
const input = randn([12, 32, 4]);
await fit({
  model: echo,
  data: [{ input, target: input }],
  loss: mse,
  optimizer: new Adam(echo.parameters(), { lr: 0.01 }),
  steps: 300,
})`,
  inspect: `inspect(lstm, { input: randn([8, 1, 4]) }, { loss: (output) => output.select(0, -1).sum() })`,
};

describe('the walkthrough’s pictures', function () {
  this.timeout(180_000);

  before(async () => {
    await configure('breadcrumbs.enabled', false);
    await vscode.commands.executeCommand('workbench.action.closeSidebar');
    await vscode.commands.executeCommand('workbench.action.closePanel');
    await vscode.commands.executeCommand('notifications.clearAll');
  });
  afterEach(async () => {
    await configure('workbench.colorTheme', themes.dark);
    await closeNotebooks();
  });

  it('show the quickstart', async () => {
    const editor = await vscode.commands.executeCommand<vscode.NotebookEditor>(
      'unroll.openExample',
      'quickstart',
    );
    await selectOurKernel(editor);
    await sleep(3000);
    await pictures('open');
  });

  it('show a cell that ran, a loss curve and the inspector', async () => {
    const [model, training, look] = [cell.run, cell.watch, cell.inspect];
    const notebook = await openNotebook(model, training, look);
    const editor = vscode.window.activeNotebookEditor!;
    const reveal = async (index: number) => {
      editor.selection = new vscode.NotebookRange(index, index + 1);
      editor.revealRange(editor.selection, vscode.NotebookEditorRevealType.AtTop);
      await sleep(1000);
    };
    await runCell(notebook, 0);
    await sleep(500);
    await pictures('run');
    await runCell(notebook, 1);
    await reveal(1);
    await waitForFrame(`document.querySelector('[data-unroll-view="loss"] svg') ? true : null`);
    await pictures('watch');
    await runCell(notebook, 2);
    await reveal(2);
    await waitForFrame(`document.querySelector('[data-unroll-view="inspector"]') ? true : null`);
    await sleep(1000);
    await pictures('inspect');
  });

  it('stand beside its steps', async () => {
    await vscode.commands.executeCommand('unroll.openWalkthrough');
    await waitForFrame(
      `document.querySelector('.getting-started-media img')?.complete ? true : null`,
    );
    await pictures('page');
  });

  it('show a new notebook with completion', async () => {
    await vscode.commands.executeCommand('unroll.newNotebook');
    await sleep(1500);
    await vscode.commands.executeCommand('type', { text: "import { LSTM, fit } from 'unroll';" });
    await vscode.commands.executeCommand('editor.action.insertLineAfter');
    await vscode.commands.executeCommand('type', {
      text: 'const lstm = new LSTM({ inputSize: 8, hid',
    });
    await vscode.commands.executeCommand('editor.action.triggerSuggest');
    await waitForFrame(
      `document.querySelector('.suggest-widget.visible')?.innerText.includes('hiddenSize') || null`,
    );
    await pictures('own');
  });
});
