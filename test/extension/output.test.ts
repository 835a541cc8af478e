import assert from 'node:assert/strict';
import { readFile, rm } from 'node:fs/promises';
import { dirname } from 'node:path';
import * as vscode from 'vscode';
import { click, press, type, waitForFrame } from './host.js';
import {
  cellEnds,
  closeNotebooks,
  mimesOf,
  openNotebook,
  runCell,
  runCode,
  startCell,
  textOf,
  until,
} from './notebooks.js';

const decoder = new TextDecoder();
const outputIn = (selector: string): string =>
  `document.querySelector('.output_container ${selector}')`;

describe('a flood of output in VS Code', () => {
  afterEach(closeNotebooks);

  it('of a million lines ends in a bounded output that links the rest, and the editor stays alive', async () => {
    const notebook = await openNotebook(
      `for (let i = 0; i < 1_000_000; i++) console.log(i);`,
      `'the next cell'`,
    );
    await runCell(notebook, 0);
    const cell = notebook.cellAt(0);
    assert.deepEqual(mimesOf(cell), [
      ['application/vnd.code.notebook.stdout'],
      ['text/html', 'text/plain'],
    ]);
    const bytes = cell.outputs
      .flatMap(({ items }) => items)
      .reduce((sum, { data }) => sum + data.length, 0);
    assert.ok(bytes < 200_000, `${bytes} bytes are kept in the notebook`);
    const [, note] = cell.outputs;
    const text = decoder.decode(note?.items.find(({ mime }) => mime === 'text/plain')?.data);
    assert.match(text, /^… 995,000 more lines: all output \(6\.9 MB\)/);
    const file = / is in (.*)\n/.exec(text)![1]!;
    assert.equal((await readFile(file, 'utf8')).split('\n').length, 1_000_001);
    await waitForFrame(`${outputIn('.unroll-overflow pre')}?.textContent.includes('999999')`);
    const tall = await waitForFrame<number>(`${outputIn('.unroll-overflow pre')}?.clientHeight`);
    assert.ok(tall > 50 && tall < 600, `${tall} px`);
    await click('.unroll-overflow a');
    await until(
      () => vscode.window.activeTextEditor?.document.uri.path === file,
      () => `the file to open: ${String(vscode.window.activeTextEditor?.document.uri)}`,
    );
    assert.equal(vscode.window.activeTextEditor?.document.lineCount, 1_000_001);
    await vscode.window.showNotebookDocument(notebook);
    assert.equal(await runCell(notebook, 1), "'the next cell'");
    await rm(dirname(file), { recursive: true, force: true });
  });

  it('comes in at most twenty updates a second, each with what is new', async () => {
    const notebook = await openNotebook(
      `for (let i = 0; i < 200; i++) { console.log('line', i); await new Promise((go) => setTimeout(go, 5)); }`,
    );
    let updates = 0;
    const watch = vscode.workspace.onDidChangeNotebookDocument(({ cellChanges }) => {
      if (cellChanges.some(({ outputs }) => outputs)) updates++;
    });
    const began = Date.now();
    const text = await runCell(notebook, 0);
    watch.dispose();
    assert.equal(text.split('\n').length, 201);
    assert.equal(notebook.cellAt(0).outputs.length, 1);
    const most = 4 + (20 * (Date.now() - began)) / 1000;
    assert.ok(updates >= 3 && updates <= most, `${updates} updates, at most ${most}`);
  });

  it('is stopped like anything else', async () => {
    const notebook = await openNotebook(`for (;;) console.log('on and on');`);
    await startCell(notebook, 0);
    const cell = notebook.cellAt(0);
    await until(
      () => textOf(cell).includes('more lines'),
      () => 'a note',
    );
    await vscode.commands.executeCommand('unroll.interruptKernel');
    await cellEnds(notebook, 0);
    assert.match(textOf(cell), /Interrupted/);
    assert.equal(await runCode(notebook, '1 + 1'), '2');
  });
});

describe('what cells show in VS Code', () => {
  afterEach(closeNotebooks);

  it('is text in its colours', async () => {
    const notebook = await openNotebook(`console.log('\\u001b[31mred text\\u001b[0m plain');`);
    await runCell(notebook, 0);
    const colour = await waitForFrame<string>(
      `[...document.querySelectorAll('.output_container span')].filter((one) => one.textContent === 'red text' && one.style.color !== '').map((one) => getComputedStyle(one).color)[0]`,
    );
    const [red, green, blue] = colour.match(/\d+/g)!.map(Number);
    assert.ok(red! > green! + 50 && red! > blue! + 50, colour);
  });

  const bars = `${outputIn('[data-unroll-view="vegaLite"] svg')}?.querySelectorAll('.mark-rect.role-mark path').length`;
  const chart = (values: string): string =>
    `await u.display(u.vegaLite({ data: { values: ${values} }, mark: 'bar', width: 120, height: 60,
      encoding: { x: { field: 'a' }, y: { field: 'b', type: 'quantitative' } } }), { id: 'chart' });`;
  const drawn: [what: string, code: string, expression: string][] = [
    [
      'a large tensor',
      'u.randn([30, 60])',
      `${outputIn('.unroll-array svg[aria-label="Heat map of Tensor [30, 60]"] path')}?.getBoundingClientRect().width > 100`,
    ],
    [
      'a small tensor',
      'u.randn([3, 4])',
      `${outputIn('.unroll-array')}?.querySelectorAll('td').length === 12`,
    ],
    [
      'sound',
      'u.audio(Float32Array.from({ length: 8000 }, (_, i) => Math.sin(i / 4)), { sampleRate: 8000 })',
      `${outputIn('audio')}?.duration === 1`,
    ],
    [
      'JSON',
      `u.json({ layers: [64, 64], name: 'net' })`,
      `[...document.querySelectorAll('.output_container *')].some((one) => (one.shadowRoot ?? one).textContent?.includes('"layers"'))`,
    ],
    [
      'Markdown',
      `u.markdown('# Shown **heading**')`,
      `[...document.querySelectorAll('.output_container *')].some((one) => (one.shadowRoot ?? one).querySelector?.('h1 strong')?.textContent === 'heading')`,
    ],
    [
      'a picture',
      `u.image(Buffer.from('iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==', 'base64'))`,
      `${outputIn('img')}?.naturalWidth === 1`,
    ],
    [
      'SVG',
      `u.svg('<svg xmlns="http://www.w3.org/2000/svg" width="70" height="20"><rect id="own" width="70" height="20"/></svg>')`,
      `${outputIn('#own')}?.getBoundingClientRect().width === 70`,
    ],
    ['Vega-Lite', chart(`[{ a: 'A', b: 28 }, { a: 'B', b: 55 }]`), `${bars} === 2`],
    [
      'what cannot be drawn',
      `u.vegaLite({ mark: 'nothing' })`,
      `${outputIn('[data-unroll-view="error"]')}?.textContent.includes("can't be drawn")`,
    ],
  ];
  it('are drawn: tensors, sound, JSON, Markdown, pictures, charts', async () => {
    const notebook = await openNotebook(`import * as u from 'unroll';`, '0');
    await runCell(notebook, 0);
    for (const [what, code, expression] of drawn) {
      await runCode(notebook, code);
      await waitForFrame(expression).catch((cause: unknown) => {
        throw new Error(`${what} is not drawn`, { cause });
      });
    }
  });

  it('are charts that a later cell changes in place', async () => {
    const notebook = await openNotebook(
      `import * as u from 'unroll';\n${chart(`[{ a: 'A', b: 1 }]`)}`,
      chart(`[{ a: 'A', b: 1 }, { a: 'B', b: 2 }, { a: 'C', b: 3 }]`),
    );
    await runCell(notebook, 0);
    await waitForFrame(`${bars} === 1`);
    await runCell(notebook, 1);
    await waitForFrame(`${bars} === 3`);
    assert.equal(notebook.cellAt(1).outputs.length, 0);
  });

  it('are progress bars that move in place', async () => {
    const notebook = await openNotebook(`
      import { progress } from 'unroll';
      for (const epoch of progress(3, { label: 'epochs' }))
        for (const batch of progress(4, { label: 'batches' })) await new Promise((go) => setTimeout(go, 60));`);
    await startCell(notebook, 0);
    await waitForFrame(
      `document.querySelectorAll('.output_container [role="progressbar"]').length === 2`,
    );
    await cellEnds(notebook, 0);
    assert.equal(notebook.cellAt(0).outputs.length, 1);
    await waitForFrame(
      `${outputIn('[role="progressbar"]')}?.getAttribute('aria-valuenow') === '3'`,
    );
    await waitForFrame(
      `document.querySelectorAll('.output_container [role="progressbar"]').length === 1`,
    );
  });

  it('is asked for a password without showing it', async () => {
    const notebook = await openNotebook(
      `import { input } from 'unroll';\n(await input('Token?', { password: true }))!.length`,
    );
    await startCell(notebook, 0);
    const field = `document.querySelector('.quick-input-widget input')`;
    await waitForFrame(
      `document.querySelector('.quick-input-widget')?.innerText.includes('Token?')`,
    );
    await waitForFrame(`${field}?.type === 'password'`);
    await type('hunter2');
    await press('Enter');
    assert.equal(await cellEnds(notebook, 0), '7');
  });
});
