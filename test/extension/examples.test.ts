import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import path from 'node:path';
import * as vscode from 'vscode';
import { evaluateInFrames, press, screenshot, type as typeText, waitForFrame } from './host.js';
import { closeNotebooks, runCell } from './notebooks.js';

const examples = path.resolve(__dirname, '../../examples');
const course = JSON.parse(readFileSync(path.join(examples, 'course.json'), 'utf8')) as {
  name: string;
  title: string;
  sentence: string;
}[];
const rows = '.quick-input-widget .monaco-list-row';

describe('Unroll: Open Example…', () => {
  afterEach(closeNotebooks);

  it('lists the course with a sentence and a picture each', async () => {
    const opened = vscode.commands.executeCommand('unroll.openExample');
    await waitForFrame(`document.querySelectorAll('${rows}').length > 0`);
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
    await waitForFrame(`document.querySelectorAll('${rows}').length > 0`);
    await typeText('Quickstart');
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
    await runCell(notebook, 1);
    assert.match(await runCell(notebook, 3), /characters to learn from/);
  });
});
