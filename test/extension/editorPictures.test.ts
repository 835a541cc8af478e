/**
 * The pictures of `docs/editor.md` and of the walkthrough's steps. Those of the steps go to
 * `media/walkthrough/`, which ships.
 */
import assert from 'node:assert/strict';
import { renameSync } from 'node:fs';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import * as vscode from 'vscode';
import { click, hover, press, screenshot, waitForFrame } from './host.js';
import { closeNotebooks, openNotebook, runCell, selectOurKernel, until } from './notebooks.js';

/** This file runs as the bundle out/extensionTests/index.cjs. */
const root = path.resolve(__dirname, '../..');
const isForDocuments = process.env['UNROLL_UPDATE_PICTURES'] === '1';
const themes = { light: 'Default Light Modern', dark: 'Default Dark Modern' };
type Theme = keyof typeof themes;
/** One is enough to see that there is something to picture. */
const pictured: Theme[] = isForDocuments ? ['light', 'dark'] : ['dark'];

async function configure(name: string, value: unknown): Promise<void> {
  await vscode.workspace.getConfiguration().update(name, value, vscode.ConfigurationTarget.Global);
}

/** In each theme, of what the window shows. */
async function pictures(
  step: string,
  name = `walkthrough-${step}`,
  selector = '.editor-group-container .editor-container',
  height?: number,
): Promise<void> {
  for (const theme of pictured) {
    await configure('workbench.colorTheme', themes[theme]);
    await hover('.part.statusbar');
    await sleep(1500);
    const file = await screenshot(`${name}-${theme}`, { selector, ...(height && { height }) });
    assert.match(file, /\.png$/);
    // Those of the steps ship.
    if (isForDocuments && name.startsWith('walkthrough-'))
      renameSync(file, path.join(root, 'media', 'walkthrough', `${step}-${theme}.png`));
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

async function openBesideItsText(name: string, text: string): Promise<void> {
  const uri = vscode.Uri.joinPath(vscode.workspace.workspaceFolders![0]!.uri, name);
  await vscode.workspace.fs.writeFile(uri, new TextEncoder().encode(text));
  await vscode.commands.executeCommand('vscode.open', uri);
  const beside = vscode.ViewColumn.Beside;
  await vscode.commands.executeCommand('vscode.openWith', uri, 'unroll-text-notebook', beside);
}

/** VS Code's own service marks the import of `unroll` in the text until it knows ours. */
async function knowsTypes(uri: vscode.Uri): Promise<void> {
  const asked = () =>
    vscode.commands.executeCommand<vscode.Hover[]>(
      'vscode.executeHoverProvider',
      uri,
      new vscode.Position(7, 10),
    );
  for (let left = 60; left > 0 && !JSON.stringify(await asked()).includes('shape'); left--)
    await sleep(500);
  const errors = () =>
    vscode.languages
      .getDiagnostics(uri)
      .filter(({ severity }) => severity === vscode.DiagnosticSeverity.Error);
  await until(
    () => errors().length === 0,
    () =>
      `the text to have no errors: ${errors()
        .map((one) => one.message)
        .join()}`,
  );
}

describe('the editor’s pictures', function () {
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
    await vscode.commands.executeCommand('notebook.cell.quitEdit');
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
    await pictures('page', 'editor-walkthrough');
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
    await pictures('own', undefined, undefined, 360);
  });

  it('show types, errors and hover over several cells', async () => {
    await openNotebook(
      "import { Linear, LSTM, Sequential, tensor } from 'unroll';\nconst lstm = new LSTM({ inputSize: 8, hiddenSize: 16 });",
      "const lengths: number[] = 'three';\nlstm.forward(tensor([[[1]]])).output.shape.toUpperCase();",
      'new Sequential(\n  new Linear({ inFeatures: 8, outFeatures: 16 }),\n  new Linear({ inFeatures: 32, outFeatures: 4 }),\n);',
    );
    const editor = vscode.window.activeNotebookEditor!;
    const uri = editor.notebook.cellAt(2).document.uri;
    await until(
      () => vscode.languages.getDiagnostics(uri).length > 0,
      () => 'an error in the last cell',
    );
    editor.selection = new vscode.NotebookRange(1, 2);
    await vscode.commands.executeCommand('notebook.cell.edit');
    await vscode.commands.executeCommand('cursorMove', { to: 'down' });
    for (const theme of pictured) {
      await configure('workbench.colorTheme', themes[theme]);
      await sleep(1500);
      await vscode.commands.executeCommand('editor.action.showHover');
      await waitForFrame(`document.querySelector('.monaco-hover:not(.hidden)') ? true : null`);
      await sleep(500);
      await screenshot(`editor-types-${theme}`, {
        selector: '.editor-group-container .editor-container',
        height: 520,
      });
    }
  });

  it('show what an empty notebook offers, and the menu of a notebook', async () => {
    await vscode.commands.executeCommand('unroll.newNotebook');
    await waitForFrame(
      `[...document.querySelectorAll('.cell-status-item')].some((one) => /Example/.test(one.textContent)) || null`,
    );
    await pictures('empty', 'editor-empty', undefined, 260);
    for (const theme of pictured) {
      await configure('workbench.colorTheme', themes[theme]);
      await sleep(1500);
      await click('.notebook-toolbar-container .codicon-toolbar-more');
      await sleep(800);
      await screenshot(`editor-menu-${theme}`);
      await press('Escape');
    }
  });

  it('show the gallery of examples, the lens above fit, and a merge conflict in a text notebook', async () => {
    const chosen = vscode.commands.executeCommand('unroll.openExample');
    await waitForFrame(
      `document.querySelectorAll('.quick-input-list .monaco-list-row').length > 3 || null`,
    );
    await pictures('examples', 'editor-examples', '.quick-input-widget');
    await press('Escape');
    await chosen;

    await openNotebook(
      `import { Adam, fit, mse } from 'unroll';\nimport { batches, Net } from './net.ts';`,
      'for (const lr of [0.1, 0.01]) {\n  const model = new Net();\n  const optimizer = new Adam(model.parameters(), { lr });\n  await fit({ model, data: batches, loss: mse, optimizer, steps: 200 });\n}',
    );
    await waitForFrame(
      `[...document.querySelectorAll('.codelens-decoration a')].some((one) => one.textContent === 'Inspect BPTT') || null`,
    );
    await pictures('lens', 'editor-lens', undefined, 400);
    await closeNotebooks();

    const text = `// %% [markdown]\n// # A line, learnt\n\n// %% Training tags=["slow"]\n<<<<<<< HEAD\nconst steps = 500;\n=======\nconst steps = 2000;\n>>>>>>> longer\n\n// %%\nimport { randn } from 'unroll';\nrandn([steps, 3]).shape\n`;
    await openBesideItsText('merged.nb.ts', text);
    await sleep(2000);
    await pictures('conflict', 'editor-conflict', '.part.editor', 520);
  });

  it('show a text notebook beside its text, and the report', async () => {
    const text = `// %% [markdown]\n// # A line, learnt\n\n// %% tags=["parameters"]\nconst steps = 100;\n\n// %%\nimport { randn } from 'unroll';\nrandn([2, 3])\n`;
    await openBesideItsText('train.nb.ts', text);
    if (isForDocuments) await knowsTypes(vscode.window.activeNotebookEditor!.notebook.uri);
    await pictures('text', 'editor-text', '.part.editor', 520);
    await closeNotebooks();
    await vscode.commands.executeCommand('unroll.report');
    await sleep(500);
    await pictures('report', 'editor-report', undefined, 760);
  });
});
