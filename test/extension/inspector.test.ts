import assert from 'node:assert/strict';
import { readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import * as vscode from 'vscode';
import { traceMime } from '../../kernel/contract/mime.js';
import { parseTrace } from '../../kernel/contract/parseTrace.js';
import type { TraceData } from '../../kernel/contract/trace.js';
import { click, evaluateInFrames, hover, press, screenshot, waitForFrame } from './host.js';
import { closeNotebooks, ourKernelspec } from './notebooks.js';

const goldens = path.resolve(__dirname, '../../test/golden/traces');
const payloadOf = (name: string): unknown =>
  JSON.parse(readFileSync(path.join(goldens, `${name}.json`), 'utf8'));

const view = '[data-unroll-view="inspector"]';

interface Seen {
  index: number;
  phase: string;
  level: string;
  t: string;
  layer: string;
  head: string;
  equation: string;
  norms: string[];
  parts: string[];
  spoken: string;
  marks: number;
}

const seenScript = `(() => {
  const root = document.querySelector('${view}');
  if (!root || root.dataset.drawn !== root.dataset.index) return null;
  const texts = (selector) => Array.from(root.querySelectorAll(selector), (one) => one.textContent);
  return {
    ...root.dataset,
    index: Number(root.dataset.index),
    head: texts('.stophead .phase')[0],
    equation: root.querySelector('.equation math')?.getAttribute('aria-label'),
    norms: texts('.strip .norm'),
    parts: texts('.part .norm'),
    spoken: texts('[aria-live]')[0],
    marks: root.querySelectorAll('svg path[d]').length,
  };
})()`;

async function seen(): Promise<Seen> {
  return await waitForFrame<Seen>(seenScript);
}

/** Waits until the view stands at another stop than before. */
async function seenAfter(before: Seen): Promise<Seen> {
  return await waitForFrame<Seen>(
    `(() => { const now = ${seenScript}; return now && now.index !== ${before.index} ? now : null; })()`,
  );
}

async function openSaved(name: string, payload: unknown): Promise<vscode.NotebookDocument> {
  const file = path.join(__dirname, `${name}.ipynb`);
  const output = {
    output_type: 'display_data',
    data: { [traceMime]: payload, 'text/plain': 'a trace' },
    metadata: {},
  };
  const cell = {
    cell_type: 'code',
    id: 'trace',
    execution_count: 1,
    metadata: {},
    source: 'inspect(model, batch)',
    outputs: [output],
  };
  writeFileSync(
    file,
    JSON.stringify({ cells: [cell], metadata: ourKernelspec, nbformat: 4, nbformat_minor: 5 }),
  );
  return await openFile(file);
}

async function openFile(file: string): Promise<vscode.NotebookDocument> {
  const notebook = await vscode.workspace.openNotebookDocument(vscode.Uri.file(file));
  await vscode.window.showNotebookDocument(notebook);
  return notebook;
}

/** A norm as the panel writes it; numbers come from the payload. */
function written(norm: number): string {
  const size = Math.abs(norm);
  if (size === 0) return '0';
  if (size < 1e-3) return norm.toExponential(2).replace('-', '−');
  return norm.toFixed(Math.min(4, Math.max(0, 3 - Math.floor(Math.log10(size)))));
}

const nodeOf = (trace: TraceData, layer: number, id: string) =>
  trace.layers[layer]!.nodes.find((node) => node.id === id)!;

async function setTheme(name: string): Promise<void> {
  await vscode.workspace
    .getConfiguration('workbench')
    .update('colorTheme', name, vscode.ConfigurationTarget.Global);
  await sleep(1500);
}

const themes = {
  light: 'Default Light Modern',
  dark: 'Default Dark Modern',
  'contrast-light': 'Default High Contrast Light',
  'contrast-dark': 'Default High Contrast',
};

describe('the inspector in VS Code, from a saved output without a kernel', function () {
  this.timeout(180_000);
  const trace = parseTrace(payloadOf('trace-lstm-truncated'));
  const cellAt = (layer: number, t: number) =>
    `${view} button[data-kind="cell"][data-layer="${layer}"][data-t="${t}"]`;

  before(async () => {
    await setTheme(themes.light);
    const settings = vscode.workspace.getConfiguration();
    await settings.update('breadcrumbs.enabled', false, vscode.ConfigurationTarget.Global);
    await vscode.commands.executeCommand('workbench.action.closeSidebar');
  });
  afterEach(closeNotebooks);
  after(() => setTheme(themes.dark));

  it('walks forward and back by keyboard, with the numbers of the payload', async () => {
    await openSaved('inspectorKeys', payloadOf('trace-lstm-truncated'));
    let now = await seen();
    assert.equal(now.phase, 'loss');
    assert.ok(now.marks > 50, `${now.marks} marks`);
    await click(cellAt(1, 3));
    now = await seenAfter(now);
    assert.deepEqual([now.phase, now.layer, now.t], ['backward', '1', '3']);
    const pressed = async (key: string) => {
      await press(key);
      now = await seenAfter(now);
    };

    await pressed('ArrowRight');
    assert.equal(now.equation, nodeOf(trace, 1, 'c′').equation);
    assert.equal(now.norms[0], `‖·‖ ${written(nodeOf(trace, 1, 'c′').adjointNorm.data[3]!)}`);
    const cell = trace.layers[1]!.states.find(({ name }) => name === 'c')!;
    assert.ok(now.parts.includes(written(cell.carried.data[3]!)), now.parts.join());
    assert.match(now.spoken, /Backward, time step 3, net\.l1, c/);

    await pressed('Shift+ArrowRight');
    assert.equal(now.t, '2', 'backward goes to earlier time steps');
    await pressed('ArrowLeft');
    assert.match(now.equation, /^hₜ = /);
    await pressed('ArrowDown');
    assert.deepEqual([now.layer, now.t], ['0', '2']);
    await pressed('Home');
    assert.deepEqual([now.phase, now.t, now.index], ['forward', '0', 7]);
    assert.equal(now.norms.at(-1), `‖·‖ ${written(nodeOf(trace, 0, 'i').valueNorm.data[0]!)}`);
    await pressed('End');
    assert.equal(now.phase, 'end');
    assert.equal(now.equation, `‖∂L/∂θ‖ = ${written(trace.gradient.norm!)}`);
  });

  it('walks by mouse: cells, gates, buttons, rails; opens and closes cells; stops at breakpoints', async () => {
    await openSaved('inspectorMouse', payloadOf('trace-lstm-truncated'));
    let now = await seen();
    const clicked = async (selector: string): Promise<void> => {
      await click(selector);
      now = await seenAfter(now);
    };
    await clicked(`${view} [data-move="next"]`);
    assert.deepEqual([now.phase, now.t], ['backward', '6']);
    await clicked(`${view} [data-move="back"]`);
    assert.equal(now.phase, 'loss');
    await clicked(cellAt(0, 5));
    const forget = trace.layers[0]!.nodes.findIndex(({ id }) => id === 'f');
    await clicked(`${view} button[data-node="${forget}"]`);
    assert.equal(now.equation, nodeOf(trace, 0, 'f').equation);
    assert.equal(now.norms[0], `‖·‖ ${written(nodeOf(trace, 0, 'f').adjointNorm.data[5]!)}`);

    await click(`${view} label:has(input[value="operation"])`);
    await waitForFrame(`document.querySelector('${view}').dataset.level === 'operation'`);
    await clicked(`${view} [data-move="next"]`);
    await click(`${view} label:has(input[value="cell"])`);
    await waitForFrame(
      `document.querySelectorAll('${view} button[data-kind="node"]').length === 0`,
    );

    await click(`${view} button[data-kind="breakpoint"][data-t="2"]`);
    await click(`${view} [data-move="play"]`);
    const stopped = await waitForFrame<Seen>(
      `(() => { const now = ${seenScript}; return now && now.t === '2' && now.playing === 'false' ? now : null; })()`,
    );
    assert.equal(stopped.phase, 'backward');
    await clicked(`${view} .rail.forward`);
    assert.deepEqual([now.phase, now.t], ['forward', '3']);
    await hover('.part.statusbar');
  });

  it('shows charts of the whole trace, by mouse and keyboard, each with a table', async () => {
    await openSaved('inspectorTabs', payloadOf('trace-lstm-truncated'));
    await seen();
    const tab = `document.querySelector('${view} .tabs')?.dataset.tab`;
    // With cells closed the charts stand within the window.
    await click(`${view} label:has(input[value="cell"])`);
    await waitForFrame(
      `document.querySelectorAll('${view} button[data-kind="node"]').length === 0`,
    );
    await sleep(1000);
    await click(`${view} [data-tab="gates"]`);
    await waitForFrame(`${tab} === 'gates'`);
    for (const [next, shown] of [
      ['ledger', 'canvas.heat'],
      ['spectrum', 'svg path'],
      ['verdict', '.findings li'],
    ] as const) {
      await press('ArrowRight');
      await waitForFrame(`${tab} === '${next}'`);
      await waitForFrame(`document.querySelector('${view} [role="tabpanel"] ${shown}') !== null`);
    }
    await click(`${view} [data-tab="ledger"]`);
    await click(`${view} .tabs button:has-text("Show data")`);
    const cells = await waitForFrame<string[]>(
      `(() => {
        const cells = Array.from(document.querySelectorAll('${view} .tabs td'), (one) => one.textContent);
        return cells.length > 0 ? cells : null;
      })()`,
    );
    const ledger = trace.layers[1]!.ledgers[1]!;
    assert.ok(cells.includes(written(ledger.matrix.data[0]!)), cells.join());
  });

  it('steps again after the notebook was closed and opened', async () => {
    const notebook = await openSaved('inspectorAgain', payloadOf('trace-rnn'));
    let now = await seen();
    await click(cellAt(0, 4));
    await seenAfter(now);
    await closeNotebooks();
    await openFile(notebook.uri.fsPath);
    now = await seen();
    assert.equal(now.phase, 'loss');
    await click(`${view} [data-move="next"]`);
    now = await seenAfter(now);
    assert.deepEqual([now.phase, now.t], ['backward', '6']);
  });

  const broken: Record<string, [payload: unknown, message: RegExp]> = {
    'another version': [{ ...(payloadOf('trace-rnn') as object), version: 2 }, /version.*1/],
    'a truncated payload': [
      { ...(payloadOf('trace-rnn') as object), layers: [{ name: 'net' }] },
      /layers\[0\]/,
    ],
    'no object': ['<img src=x onerror=alert(1)>', /expected/],
  };
  for (const [what, [payload, message]] of Object.entries(broken))
    it(`says what is wrong with ${what} in the picture's place`, async () => {
      await openSaved(`inspectorBroken-${what.replaceAll(' ', '-')}`, payload);
      const text = await waitForFrame<string>(
        `document.querySelector('[data-unroll-view="error"]')?.innerText`,
      );
      assert.match(text, message);
    });

  it('shows hostile texts as texts', async () => {
    const hostile = '<img src=x onerror="document.body.dataset.owned=1">';
    const payload = payloadOf('trace-rnn') as { layers: { nodes: { math: unknown }[] }[] };
    for (const node of payload.layers[0]!.nodes) node.math = { tag: 'mtext', text: hostile };
    await openSaved('inspectorHostile', {
      ...payload,
      title: hostile,
      inputs: [hostile],
      verdict: { sentence: hostile, findings: [] },
    });
    let now = await seen();
    await click(cellAt(0, 4));
    now = await seenAfter(now);
    assert.equal(now.phase, 'backward');
    const found = await evaluateInFrames<number>(
      `document.querySelector('${view}') && document.querySelectorAll('${view} img').length`,
    );
    assert.deepEqual(found, [0]);
    assert.deepEqual(await evaluateInFrames('document.body?.dataset.owned'), []);
  });

  for (const [name, theme] of Object.entries(themes))
    it(`looks as it should in ${name}`, async () => {
      await setTheme(theme);
      await openSaved(`inspector-${name}`, payloadOf('trace-lstm-truncated'));
      const now = await seen();
      await click(cellAt(1, 3));
      await press('ArrowRight');
      await seenAfter(now);
      await hover('.part.statusbar');
      await sleep(300);
      await screenshot(`inspector-${name}`, { scale: 2 });
    });
});
