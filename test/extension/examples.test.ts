import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import path from 'node:path';
import * as vscode from 'vscode';
import { evaluateInFrames, press, screenshot, type as typeText, waitForFrame } from './host.js';
import { setTimeout as sleep } from 'node:timers/promises';
import { cellEnds, closeNotebooks, edit, mimesOf, runAll, runCell } from './notebooks.js';

const examples = path.resolve(__dirname, '../../examples');
const course = JSON.parse(readFileSync(path.join(examples, 'course.json'), 'utf8')) as {
  name: string;
  title: string;
  sentence: string;
  short: Record<string, unknown>;
}[];
/** To look at the examples in light and dark, with `UNROLL_LOOK_AT=<name or saved notebook>,…`; test/process runs them in any case. */
const lookedAt = (process.env['UNROLL_LOOK_AT'] ?? '').split(',').filter((name) => name !== '');
const rows = '.quick-input-widget .monaco-list-row';

describe('Unroll: Open Example…', () => {
  afterEach(closeNotebooks);

  it('lists the course with a sentence and a picture each', async () => {
    const opened = vscode.commands.executeCommand('unroll.openExample');
    // The box of another list, closed before, may show its rows for a moment more.
    const first = JSON.stringify(course[0]!.title);
    await waitForFrame(`document.querySelector('${rows}')?.textContent.includes(${first})`);
    const [shown] = await evaluateInFrames<{ text: string; hasPicture: boolean }[]>(
      `(() => {
        const all = Array.from(document.querySelectorAll('${rows}'), (row) => ({
          text: row.textContent,
          hasPicture: /url\\(/.test(
            Array.from(row.querySelectorAll('*'), (one) => one.style.backgroundImage).join(),
          ),
        }));
        return all.length > 0 ? all : null;
      })()`,
    );
    await screenshot('open-example');
    await press('Escape');
    await opened;
    // The list shows what fits its height.
    for (const [i, { text, hasPicture }] of shown!.entries()) {
      const { title, sentence } = course[i]!;
      assert.ok(text.includes(title) && text.includes(sentence), text);
      assert.ok(hasPicture, `${title} has no picture`);
    }
  });

  it('opens a copy of the one that is chosen, which runs and leaves the original as it was', async () => {
    const opened = vscode.commands.executeCommand('unroll.openExample');
    await waitForFrame(`document.querySelectorAll('${rows}').length > 1`);
    await waitForFrame(`document.activeElement?.closest('.quick-input-widget') != null`);
    await typeText('Quickstart');
    // Enter before the list is shorter would choose another.
    await waitForFrame(
      `document.querySelectorAll('${rows}').length === 1 &&
        document.querySelector('${rows}.focused')?.textContent.includes('Quickstart')`,
    );
    await press('Enter');
    await opened;
    const notebook = vscode.window.activeNotebookEditor!.notebook;
    assert.equal(notebook.isUntitled, true);
    const original = JSON.parse(readFileSync(path.join(examples, 'quickstart.ipynb'), 'utf8')) as {
      cells: { source: string[] }[];
    };
    assert.deepEqual(
      notebook.getCells().map((cell) => cell.document.getText()),
      original.cells.map(({ source }) => source.join('')),
    );
    const names = vscode.workspace.notebookDocuments.map(({ uri }) => uri.path);
    assert.ok(!names.some((name) => name.endsWith('/examples/quickstart.ipynb')), names.join());
    await runCell(notebook, 1);
    assert.match(await runCell(notebook, 3), /characters to learn from/);
  });
});

describe('an example', () => {
  const workbench = vscode.workspace.getConfiguration('workbench');
  const before = workbench.get('colorTheme');
  after(() => workbench.update('colorTheme', before, vscode.ConfigurationTarget.Global));
  afterEach(closeNotebooks);

  for (const name of lookedAt)
    it(`${name} runs in VS Code, and its pictures are taken in light and dark`, async function () {
      this.timeout(10 * 60_000);
      // A notebook file is looked at as it was saved, an example is run with its short parameters.
      const isSaved = name.endsWith('.ipynb');
      if (isSaved)
        await vscode.window.showNotebookDocument(
          await vscode.workspace.openNotebookDocument(vscode.Uri.file(name)),
        );
      else await vscode.commands.executeCommand('unroll.openExample', name);
      await vscode.commands.executeCommand('workbench.action.closeSidebar');
      const editor = vscode.window.activeNotebookEditor!;
      const { notebook } = editor;
      if (!isSaved) await runShort(notebook, name);
      const code = codeOf(notebook);
      // Only these: text that is folded while it is drawn stays where it was.
      for (const { index } of code)
        await vscode.commands.executeCommand('notebook.cell.collapseCellInput', {
          ranges: [{ start: index, end: index + 1 }],
          document: notebook.uri,
        });
      const shown = code.filter((cell) => mimesOf(cell).some((mimes) => mimes.length > 1));
      for (const theme of ['Default Light Modern', 'Default Dark Modern']) {
        await workbench.update('colorTheme', theme, vscode.ConfigurationTarget.Global);
        for (const { index } of shown) {
          const cell = new vscode.NotebookRange(index, index + 1);
          editor.revealRange(cell, vscode.NotebookEditorRevealType.AtTop);
          await sleep(1500);
          const label = `${path.basename(name, '.ipynb')}-${theme.split(' ')[1]!.toLowerCase()}-${index}`;
          await screenshot(label, { height: 1500 });
        }
      }
    });
});

const codeOf = (notebook: vscode.NotebookDocument) =>
  notebook.getCells().filter(({ kind }) => kind === vscode.NotebookCellKind.Code);

/** Runs an example with its short parameters, to the end; TypeScript has nothing to say of it. */
async function runShort(notebook: vscode.NotebookDocument, name: string): Promise<void> {
  const code = codeOf(notebook);
  const { short } = course.find((example) => example.name === name)!;
  const parameters = Object.entries(short).reduce(
    (text, [key, value]) =>
      text.replace(new RegExp(`const ${key} = .*;`), `const ${key} = ${JSON.stringify(value)};`),
    code[0]!.document.getText(),
  );
  await edit(notebook, code[0]!.index, parameters);
  await runAll(notebook);
  for (const { index } of code) await cellEnds(notebook, index);
  const problems = code.flatMap(({ document }) =>
    vscode.languages
      .getDiagnostics(document.uri)
      .map(({ message, range }) => `${document.lineAt(range.start).text.trim()}: ${message}`),
  );
  assert.deepEqual(problems, []);
}
