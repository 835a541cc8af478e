import assert from 'node:assert/strict';
import { setTimeout as sleep } from 'node:timers/promises';
import * as vscode from 'vscode';
import { comparisonMime } from '../../kernel/contract/mime.js';
import { parseTrace } from '../../kernel/contract/parseTrace.js';
import { click, evaluateInFrames, hover, press, waitForFrame } from './host.js';
import {
  nodeOf,
  openFile,
  openSaved,
  payloadOf,
  type Seen,
  seen,
  seenAfter,
  seenScript,
  setTheme,
  themes,
  view,
  written,
} from './inspectorPage.js';
import { closeNotebooks } from './notebooks.js';

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

  it('stops where a condition says so, and says why', async () => {
    await openSaved('inspectorBreakpoints', payloadOf('trace-lstm-truncated'));
    let now = await seen();
    const why = `document.querySelector('${view} > p.why')?.textContent`;
    await click(`${view} [data-open="breakpoints"]`);
    await click(`${view} [data-condition="truncationCrossed"]`);
    await click(`${view} .breakpoints button:has-text("Run to the next")`);
    now = await seenAfter(now);
    const boundary = trace.truncation!.boundaries.at(-1)!;
    assert.deepEqual([now.phase, now.t], ['backward', String(boundary - 1)]);
    assert.match(
      await waitForFrame<string>(why),
      /^Stopped: truncation crossed: nothing comes from t = 6/,
    );
    await click(cellAt(1, 5));
    await press('r');
    now = await seenAfter(now);
    assert.equal(now.t, String(trace.truncation!.boundaries[0]! - 1));
    await press('r');
    assert.match(
      await waitForFrame<string>(`/No breakpoint/.test(${why}) ? ${why} : null`),
      /to the end/,
    );
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
});

describe('two traces side by side in VS Code', function () {
  this.timeout(120_000);
  const side = (index: number) => `${view} .side:nth-child(${index + 1})`;
  const placeOf = `(() => {
    const sides = Array.from(document.querySelectorAll('${view} .side'));
    const root = document.querySelector('${view}');
    if (sides.length !== 2 || root.dataset.drawn !== root.dataset.index) return null;
    return sides.map(({ dataset }) => [dataset.phase, dataset.t]);
  })()`;
  const comparison = {
    version: 1,
    title: 'A tanh RNN against two LSTM layers',
    traces: [
      { name: 'RNN', trace: payloadOf('trace-rnn') },
      { name: 'LSTM', trace: payloadOf('trace-lstm-truncated') },
    ],
  };

  before(() => setTheme(themes.light));
  afterEach(closeNotebooks);
  after(() => setTheme(themes.dark));

  it('walks both by time step, from either, and overlays their charts', async () => {
    await openSaved('inspectorTwo', comparison, comparisonMime);
    assert.deepEqual(await waitForFrame(placeOf), [
      ['loss', ''],
      ['loss', ''],
    ]);
    await click(`${side(1)} button[data-kind="cell"][data-layer="0"][data-t="3"]`);
    const both = (phase: string, t: string) =>
      `JSON.stringify(${placeOf}) === '${JSON.stringify([
        [phase, t],
        [phase, t],
      ])}'`;
    await waitForFrame(both('backward', '3'));
    await press('Shift+ArrowRight');
    await waitForFrame(both('backward', '2'));
    await click(`${side(0)} .rail.forward`);
    await waitForFrame(both('forward', '3'));
    const legend = await waitForFrame<string>(
      `document.querySelector('${view} .tabs .legend')?.textContent`,
    );
    assert.match(legend, /RNN: net\.l0 · h.*LSTM: net\.l0 · h/);
    // The tabs stand below the window.
    await evaluateInFrames(`document.querySelector('${view} [data-tab="gates"]')?.click()`);
    await waitForFrame(`document.querySelectorAll('${view} [role="tabpanel"] h4').length === 2`);
  });
});
