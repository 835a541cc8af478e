import assert from 'node:assert/strict';
import { copyFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import * as vscode from 'vscode';
import { click, hover, press, screenshot, type, waitForFrame } from './host.js';
import {
  openFile,
  type Seen,
  seen,
  seenAfter,
  seenScript,
  setTheme,
  themes,
  view,
  written,
} from './inspectorPage.js';
import {
  closeNotebooks,
  edit,
  errorsOf,
  ourKernelspec,
  runCell,
  selectOurKernel,
} from './notebooks.js';

const modelCell = `import { compare, crossEntropy, Embedding, inspect, Linear, LSTM, manualSeed, Module, RNN, tensor, type Tensor } from 'unroll';

class Speller extends Module {
  embed = new Embedding({ numEmbeddings: 26, embeddingDim: 6 });
  head = new Linear({ inFeatures: 8, outFeatures: 26 });
  constructor(readonly net: LSTM | RNN) {
    super();
  }
  forward(input: Tensor) {
    return this.head.forward(this.net.forward(this.embed.forward(input)).output);
  }
}

manualSeed(7);
const model = new Speller(new LSTM({ inputSize: 6, hiddenSize: 8, numLayers: 2 }));
const letters = [...'throughtime'];
const codes = letters.map((letter) => [letter.charCodeAt(0) - 97]);
const batch = { input: tensor(codes.slice(0, -1), { dtype: 'int32' }), target: tensor(codes.slice(1), { dtype: 'int32' }) };
const look = (speller = model) =>
  inspect(speller, batch, {
    loss: (output, target) => crossEntropy(output, target),
    title: 'Spelling “through time”',
    inputs: letters.slice(0, -1),
    outputs: letters.slice(1),
  });
const lookAtLast = (net: LSTM | RNN) =>
  inspect(new Speller(net), batch, {
    loss: (output) => crossEntropy(output.select(0, -1), tensor(codes.at(-1)!, { dtype: 'int32' })),
    inputs: letters.slice(0, -1),
  });`;

const compareCell = `const sizes = { inputSize: 6, hiddenSize: 8 };
compare(lookAtLast(new RNN(sizes)), lookAtLast(new LSTM(sizes)))`;

/** What the kernel says of the same stops. */
const expectedCell = `const trace = look();
const at = (phase: 'forward' | 'backward', layer: number, t: number, node: string) => {
  const stepper = trace.stepper();
  return stepper.runTo({ t, layer, phase, node }).norm;
};
const changed = trace.whatIf({ parameter: 'net.weight_hh_l1', index: [0, 1], set: 2 });
console.log(JSON.stringify({
  forget: at('forward', 1, 4, 'f'),
  cell: at('backward', 1, 4, 'c'),
  before: changed.before.loss.total,
  after: changed.after.loss.total,
  gate: trace.whatIf({ node: 'f', layer: 1, t: 4, sequence: 0, unit: 3, set: 1 }).after.loss.total,
}));`;

interface Expected {
  forget: number;
  cell: number;
  before: number;
  after: number;
  gate: number;
}

async function openFresh(name: string): Promise<vscode.NotebookDocument> {
  const file = path.join(__dirname, `${name}.ipynb`);
  const cell = (id: string, source: string) => ({
    cell_type: 'code',
    id,
    execution_count: null,
    metadata: {},
    source,
    outputs: [],
  });
  const cells = [cell('model', modelCell), cell('look', 'look()'), cell('more', '')];
  writeFileSync(
    file,
    JSON.stringify({ cells, metadata: ourKernelspec, nbformat: 4, nbformat_minor: 5 }),
  );
  const notebook = await openFile(file);
  await selectOurKernel(vscode.window.activeNotebookEditor!);
  return notebook;
}

async function showCell(index: number): Promise<void> {
  const range = new vscode.NotebookRange(index, index + 1);
  const editor = vscode.window.activeNotebookEditor!;
  editor.selection = range;
  editor.revealRange(range, vscode.NotebookEditorRevealType.AtTop);
  await sleep(800);
}

/** The whole picture down to its charts. */
const tall = { scale: 2, height: 1330 };
const root = `document.querySelector('${view}')`;
const textOf = (selector: string) => `${root}?.querySelector('${selector}')?.textContent`;
const figure = (name: string) => textOf(`[data-figure="${name}"] .figure`);
const cellAt = (layer: number, t: number) =>
  `${view} button[data-kind="cell"][data-layer="${layer}"][data-t="${t}"]`;

describe('the inspector in VS Code with its kernel', function () {
  this.timeout(180_000);
  let notebook: vscode.NotebookDocument;
  let expected: Expected;
  let now: Seen;

  before(async () => {
    await setTheme(themes.light);
    const settings = vscode.workspace.getConfiguration();
    await settings.update('breadcrumbs.enabled', false, vscode.ConfigurationTarget.Global);
    await vscode.commands.executeCommand('workbench.action.closeSidebar');
    notebook = await openFresh('inspectorLive');
    await runCell(notebook, 0);
    await edit(notebook, 2, expectedCell);
    expected = JSON.parse(await runCell(notebook, 2)) as Expected;
    await edit(notebook, 2, '');
    await runCell(notebook, 1);
    await showCell(1);
    now = await seen();
    await waitForFrame(`${root}.dataset.live === 'true'`);
  });
  after(async () => {
    await closeNotebooks();
    await setTheme(themes.dark);
  });

  const pressed = async (key: string) => {
    await press(key);
    now = await seenAfter(now);
  };
  const clicked = async (selector: string) => {
    await click(selector);
    now = await seenAfter(now);
  };
  const noEdits = () => waitForFrame(`${root}.querySelector('.whatif').hidden`);
  const reset = async () => {
    await click(`${view} [data-whatif="reset"]`);
    await noEdits();
  };
  /** To the forget gate of the upper layer at t = 4, on the way forward. */
  const toForgetGate = async () => {
    await click(`${view} [data-move="first"]`);
    now = await waitForFrame<Seen>(
      `(() => { const now = ${seenScript}; return now?.t === '0' && now.phase === 'forward' ? now : null; })()`,
    );
    await clicked(cellAt(1, 4));
    for (let tries = 0; !/^fₜ|^f/.test(now.equation) && tries < 8; tries++)
      await pressed('ArrowLeft');
  };

  it('draws what the kernel says, by mouse and by keyboard, forward and back', async () => {
    await clicked(cellAt(1, 4));
    assert.equal(now.phase, 'backward');
    await pressed('ArrowRight');
    assert.equal(now.norms[0], `‖·‖ ${written(expected.cell)}`);
    await toForgetGate();
    assert.deepEqual([now.phase, now.layer, now.t], ['forward', '1', '4']);
    assert.equal(now.norms.at(-1), `‖·‖ ${written(expected.forget)}`);
    await clicked(`${view} [data-move="next"]`);
    await clicked(`${view} [data-move="back"]`);
    assert.equal(now.norms.at(-1), `‖·‖ ${written(expected.forget)}`);
  });

  it('edits a weight by keyboard and shows what becomes of the loss, then takes it back', async () => {
    await click(`${view} label:has(input[value="operation"])`);
    await waitForFrame(`${root}.dataset.level === 'operation'`);
    await clicked(`${view} [data-move="back"]`);
    const readsHidden = () =>
      waitForFrame<string[]>(
        `Array.from(${root}.querySelectorAll('.strip.operand .stripname'), (one) => one.textContent)`,
      );
    for (let tries = 0; !(await readsHidden()).includes('weight_hh') && tries < 20; tries++)
      await clicked(`${view} [data-move="back"]`);
    const strips = await readsHidden();
    await press('e');
    for (let strip = 0; strip < strips.indexOf('weight_hh'); strip++) await press('Tab');
    await press('ArrowRight');
    await press('ArrowRight');
    const at = await waitForFrame<string>(
      `document.activeElement?.getAttribute('aria-label') ?? null`,
    );
    assert.match(at, /^\[0, 1\] = /);
    await press('Enter');
    await press('Control+A');
    await type('2');
    await press('Enter');
    const loss = await waitForFrame<string>(figure('loss'));
    assert.ok(
      loss.startsWith(`${written(expected.before)} → ${written(expected.after)} (`),
      `${loss}, expected ${expected.before} → ${expected.after}`,
    );
    const made = await waitForFrame<string>(textOf('.edit'));
    assert.match(made, /^net\.weight_hh_l1\[0, 1\]: .* → 2\.000/);
    await hover('.part.statusbar');
    await reset();
    assert.equal(await waitForFrame(`${textOf('.striplines')} === undefined`), true);
  });

  /** By keyboard, of the last strip of the stop; what stands in the field is selected. */
  async function openField(unit: number): Promise<void> {
    await press('e');
    const strips = await waitForFrame<number>(`${root}.querySelectorAll('.strip canvas').length`);
    for (let strip = 1; strip < strips; strip++) await press('Tab');
    for (let at = 0; at <= unit; at++) await press('ArrowRight');
    await press('Enter');
    await press('Control+A');
  }

  it('edits a gate by double click, and says no in words', async () => {
    await click(`${view} label:has(input[value="gate"])`);
    await toForgetGate();
    const canvas = `${view} .strip.result canvas`;
    const place = await waitForFrame<string>(
      `${root}.querySelector('.strip.result canvas') ? 'there' : null`,
    );
    assert.equal(place, 'there');
    await openField(3);
    await type('x');
    await press('Enter');
    assert.match(await waitForFrame<string>(textOf('.numberfield .hint')), /finite number/);
    await press('Control+A');
    await type('1');
    await press('Enter');
    const loss = await waitForFrame<string>(figure('loss'));
    assert.ok(loss.includes(`→ ${written(expected.gate)} (`), `${loss}, ${expected.gate}`);
    await click(canvas, { clickCount: 2 });
    await waitForFrame(`${root}.querySelector('.numberfield input') !== null`);
    await press('Escape');
    await reset();
  });

  for (const [name, theme] of Object.entries(themes))
    it(`looks as it should in ${name}`, async () => {
      await setTheme(theme);
      await showCell(1);
      await clicked(`${view} .rail.backward`);
      await clicked(cellAt(1, 4));
      await pressed('ArrowRight');
      await hover('.part.statusbar');
      await sleep(300);
      await screenshot(`inspector-${name}`, tall);
    });

  for (const name of ['light', 'dark'] as const)
    it(`looks as it should with an edit in ${name}`, async () => {
      await setTheme(themes[name]);
      await showCell(1);
      await toForgetGate();
      await openField(3);
      await type('1');
      await press('Enter');
      await waitForFrame(figure('loss'));
      await clicked(`${view} .rail.backward`);
      await clicked(cellAt(1, 3));
      await pressed('ArrowRight');
      await hover('.part.statusbar');
      await sleep(500);
      await screenshot(`inspector-whatif-${name}`, tall);
      await reset();
    });

  it('steps again in the saved notebook without a kernel, and says what needs one', async () => {
    await notebook.save();
    await closeNotebooks();
    // VS Code keeps a closed document for a while, and its kernel with it: what was saved, under another name.
    const copy = path.join(__dirname, 'inspectorLiveAgain.ipynb');
    copyFileSync(notebook.uri.fsPath, copy);
    notebook = await openFile(copy);
    await showCell(1);
    now = await seen();
    assert.equal(now.phase, 'loss');
    await clicked(cellAt(1, 4));
    await pressed('ArrowRight');
    assert.equal(now.norms[0], `‖·‖ ${written(expected.cell)}`);
    await clicked(`${view} [data-move="back"]`);
    const note = await waitForFrame<string>(
      `Array.from(${root}.querySelectorAll('.note'), (one) => one.textContent).find((text) => text.startsWith('What-if')) ?? null`,
    );
    assert.match(note, /need the kernel/);
    await toForgetGate();
    await press('e');
    await press('ArrowRight');
    await press('Enter');
    assert.match(
      await waitForFrame<string>(textOf('.sides ~ .note') + ` || ${textOf('p.why')}`),
      /kernel/,
    );
    assert.equal(await waitForFrame(`${root}.querySelector('.numberfield') === null`), true);
  });
});

describe('two traces of a kernel side by side in VS Code', function () {
  this.timeout(120_000);
  let notebook: vscode.NotebookDocument;
  before(async () => {
    notebook = await openFresh('inspectorCompare');
    await runCell(notebook, 0);
    await edit(notebook, 1, compareCell);
    await runCell(notebook, 1);
  });
  after(async () => {
    await closeNotebooks();
    await setTheme(themes.dark);
  });

  for (const name of ['light', 'dark'] as const)
    it(`look as they should in ${name}`, async () => {
      await setTheme(themes[name]);
      await showCell(1);
      await click(`${view} .side:nth-child(2) .rail.backward`);
      await click(`${view} .side:nth-child(2) [data-kind="cell"][data-t="3"]`);
      await waitForFrame(
        `${root}.dataset.t === '3' && ${root}.dataset.drawn === ${root}.dataset.index`,
      );
      const places = await waitForFrame<string[]>(
        `Array.from(${root}.querySelectorAll('.side'), ({ dataset }) => dataset.phase + dataset.t)`,
      );
      assert.deepEqual(places, ['backward3', 'backward3']);
      await hover('.part.statusbar');
      await sleep(300);
      await screenshot(`inspector-comparison-${name}`, tall);
    });
});

describe('inspect in VS Code, given what cannot be inspected', function () {
  this.timeout(120_000);
  afterEach(closeNotebooks);
  const wrong: Record<string, [code: string, message: RegExp]> = {
    'no time step': [
      `import { zeros } from 'unroll';\ninspect(model, { input: zeros([0, 1], { dtype: 'int32' }), target: zeros([0, 1], { dtype: 'int32' }) }, { loss: (o, t) => crossEntropy(o, t) })`,
      /time step|T = 0|at least 1|expected/,
    ],
    'NaN weights': [
      `model.net.namedParameters().next().value[1].data.fill(NaN); look()`,
      /not finite|NaN/,
    ],
    'a loss of several numbers': [
      `inspect(model, batch, { loss: (output) => output })`,
      /one element|single|scalar|one number/,
    ],
  };
  for (const [what, [code, message]] of Object.entries(wrong))
    it(`says what is wrong with ${what}`, async () => {
      const notebook = await openFresh(`inspectorWrong-${what.replaceAll(' ', '-')}`);
      await runCell(notebook, 0);
      await edit(notebook, 1, code);
      await runCell(notebook, 1);
      const [error] = errorsOf(notebook.cellAt(1));
      assert.ok(error, 'an error in the place of the picture');
      assert.match(error.message, message);
    });
});
