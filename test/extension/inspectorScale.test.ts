import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import path from 'node:path';
import process from 'node:process';
import { setTimeout as sleep } from 'node:timers/promises';
import * as vscode from 'vscode';
import { traceMime } from '../../kernel/contract/mime.js';
import { evaluateInFrames, waitForFrame } from './host.js';
import { openFile, seen, setTheme, themes, view } from './inspectorPage.js';
import { closeNotebooks, edit, openNotebook, startCell, selectOurKernel } from './notebooks.js';

const lookAt = (timeSteps: number) => `
import { inspect, LSTM, manualSeed, mse, randn } from 'unroll';
manualSeed(1);
const model = new LSTM({ inputSize: 8, hiddenSize: 64, numLayers: 2 });
const batch = { input: randn([${timeSteps}, 1, 8]), target: randn([${timeSteps}, 1, 64]) };
inspect(model, batch, { loss: (output, target) => mse(output, target) });`;

/** Walks by keyboard and waits for each stop to be on the screen; leaves the milliseconds of each. */
const walkScript = (stops: number, key: object) => `(() => {
  const root = document.querySelector('${view}');
  if (!root) return null;
  const stage = root.querySelector('.canvas');
  const frame = () => new Promise((resolve) => requestAnimationFrame(resolve));
  const walk = async () => {
    const times = [];
    for (let stop = 0; stop < ${stops}; stop++) {
      const start = performance.now();
      stage.dispatchEvent(new KeyboardEvent('keydown', { ...${JSON.stringify(key)}, bubbles: true }));
      do await frame(); while (root.dataset.drawn !== root.dataset.index);
      times.push(performance.now() - start);
    }
    globalThis.walkTimes = times;
  };
  globalThis.walkTimes = null;
  void walk();
  return true;
})()`;

interface Measured {
  bytes: number;
  /** Median of several openings, each of a file of its own. */
  openMs: number;
  /** Mean milliseconds from a key to the stop on the screen. */
  byStop: number;
  byTimeStep: number;
}

const mean = (numbers: readonly number[]): number =>
  numbers.reduce((sum, number) => sum + number, 0) / numbers.length;

async function walked(key: object): Promise<number> {
  await evaluateInFrames(walkScript(60, key));
  const times = await waitForFrame<number[]>('globalThis.walkTimes', patience);
  assert.equal(times.length, 60);
  return mean(times);
}

/** A payload of two thousand steps takes a busy machine a while. */
const patience = 150_000;

async function cellDone(cell: vscode.NotebookCell): Promise<void> {
  const until = Date.now() + patience;
  while (cell.executionSummary?.timing === undefined) {
    assert.ok(Date.now() < until, 'the cell ends');
    await sleep(100);
  }
}

const median = (numbers: readonly number[]): number =>
  numbers.toSorted((a, b) => a - b)[Math.floor(numbers.length / 2)]!;

/** Saves the output of a live cell, closes it, and times fresh openings of it. */
async function measured(timeSteps: number, openings: number): Promise<Measured> {
  const live = await openNotebook(lookAt(timeSteps));
  await selectOurKernel(vscode.window.activeNotebookEditor!);
  await edit(live, 0, lookAt(timeSteps));
  await startCell(live, 0);
  await cellDone(live.cellAt(0));
  const item = live
    .cellAt(0)
    .outputs.flatMap(({ items }) => items)
    .find(({ mime }) => mime === traceMime);
  assert.ok(item);
  const payload = new TextDecoder().decode(item.data);
  await closeNotebooks();
  const output = {
    output_type: 'display_data',
    data: { [traceMime]: JSON.parse(payload) as unknown, 'text/plain': 'a trace' },
    metadata: {},
  };
  const cell = {
    cell_type: 'code',
    id: 'trace',
    execution_count: 1,
    metadata: {},
    source: 'look()',
    outputs: [output],
  };
  const times: number[] = [];
  for (let opening = 0; opening < openings; opening++) {
    await closeNotebooks();
    const file = path.join(__dirname, `inspectorScale-${timeSteps}-${opening}.ipynb`);
    writeFileSync(
      file,
      JSON.stringify({ cells: [cell], metadata: {}, nbformat: 4, nbformat_minor: 5 }),
    );
    const start = performance.now();
    await openFile(file);
    await waitForFrame(`document.querySelector('${view}')?.dataset.drawn`, patience);
    times.push(performance.now() - start);
    await seen();
  }
  return {
    bytes: payload.length,
    openMs: median(times),
    byStop: await walked({ key: 'ArrowRight' }),
    byTimeStep: await walked({ key: 'ArrowRight', shiftKey: true }),
  };
}

const report = (what: string, { bytes, openMs, byStop, byTimeStep }: Measured): void => {
  const perSecond = (ms: number) => `${(1000 / ms).toFixed(0)}/s (${ms.toFixed(1)} ms)`;
  // VS Code's console tells who speaks by a mark.
  console.log(
    `${process.env['UNROLL_TEST_MARK'] ?? ''}    ${what}: payload ${(bytes / 1e6).toFixed(2)} MB, opens in ${(openMs / 1000).toFixed(2)} s, ` +
      `stops ${perSecond(byStop)}, time steps ${perSecond(byTimeStep)}`,
  );
};

describe('the inspector at scale in VS Code', function () {
  this.timeout(400_000);
  before(() => setTheme(themes.light));
  afterEach(closeNotebooks);
  after(() => setTheme(themes.dark));

  it('opens and walks T = 200, two layers of 64, within 5 MB', async () => {
    const found = await measured(200, 5);
    report('T = 200', found);
    assert.ok(found.bytes < 5_000_000, `${found.bytes} bytes`);
  });

  it('opens T = 2,000 with cells closed, and says what it leaves out', async () => {
    const found = await measured(2_000, 3);
    report('T = 2,000', found);
    assert.ok(found.bytes < 5_000_000, `${found.bytes} bytes`);
    const { level } = await seen();
    assert.equal(level, 'cell');
    const note = await waitForFrame<string>(
      `document.querySelector('${view} .body .note')?.textContent`,
    );
    assert.match(note, /rails show all 2,000 time steps; cells are drawn for \d+ of them/);
    assert.match(note, /carried for/);
  });
});
