import assert from 'node:assert/strict';
import { setTimeout as sleep } from 'node:timers/promises';
import * as vscode from 'vscode';
import { traceMime } from '../../kernel/contract/mime.js';
import type { TraceData } from '../../kernel/contract/trace.js';
import { parseTrace } from '../../kernel/contract/parseTrace.js';
import { click, hover, press, screenshot, waitForFrame } from './host.js';
import { type Seen, seen, seenAfter, setTheme, themes, view, written } from './inspectorPage.js';
import { closeNotebooks, openNotebook, runCell, selectOurKernel } from './notebooks.js';

/** Reads a word, says it backwards. */
const translate = `
import { crossEntropy, Embedding, inspect, LSTM, LuongAttention, manualSeed, Seq2Seq, tensor } from 'unroll';
manualSeed(5);
const model = new Seq2Seq({
  encoder: { embedding: new Embedding({ numEmbeddings: 26, embeddingDim: 5 }), rnn: new LSTM({ inputSize: 5, hiddenSize: 8, numLayers: 2 }) },
  decoder: { embedding: new Embedding({ numEmbeddings: 26, embeddingDim: 5 }), rnn: new LSTM({ inputSize: 5, hiddenSize: 8, numLayers: 2 }) },
  attention: new LuongAttention({ querySize: 8, keySize: 8 }),
  startIndex: 25,
});
const word = [...'gates'];
const codes = (letters: string[]) => tensor(letters.map((letter) => [letter.charCodeAt(0) - 97]), { dtype: 'int32' });
const look = () => inspect(model, { input: codes(word), target: codes(word.toReversed().slice(0, 4)) }, {
  loss: crossEntropy,
  title: 'Say “gates” backwards',
  inputs: [...word, 'z', ...word.toReversed().slice(0, 3)],
});`;

describe('an encoder and its decoder in the inspector in VS Code', function () {
  this.timeout(180_000);
  let notebook: vscode.NotebookDocument;
  let trace: TraceData;
  let now: Seen;

  before(async () => {
    await setTheme(themes.light);
    await vscode.commands.executeCommand('workbench.action.closeSidebar');
    notebook = await openNotebook(translate, 'look()');
    await selectOurKernel(vscode.window.activeNotebookEditor!);
    await runCell(notebook, 0);
    await runCell(notebook, 1);
    await showPicture();
    const item = notebook
      .cellAt(1)
      .outputs.flatMap(({ items }) => items)
      .find(({ mime }) => mime === traceMime);
    assert.ok(item);
    trace = parseTrace(JSON.parse(new TextDecoder().decode(item.data)));
    now = await seen();
  });
  after(async () => {
    await closeNotebooks();
    await setTheme(themes.dark);
  });

  /** What is clicked has to stand within the window. */
  const showPicture = async () => {
    const editor = vscode.window.activeNotebookEditor!;
    const shown = new vscode.NotebookRange(1, 2);
    editor.selection = shown;
    editor.revealRange(shown, vscode.NotebookEditorRevealType.AtTop);
    await sleep(800);
  };
  const clicked = async (selector: string) => {
    await click(selector);
    now = await seenAfter(now);
  };
  const pressed = async (key: string) => {
    await press(key);
    now = await seenAfter(now);
  };
  const cellAt = (layer: number, t: number) =>
    `${view} button[data-kind="cell"][data-layer="${layer}"][data-t="${t}"]`;
  const ownNorm = (role: 'valueNorm' | 'adjointNorm') => {
    const { nodes } = trace.layers[Number(now.layer)]!;
    return `‖·‖ ${written(nodes[Number(now.node)]![role].data[Number(now.t)]!)}`;
  };

  it('stand beside each other; the walk goes from one into the other, and back', async () => {
    await clicked(`${view} .rail.forward`);
    assert.deepEqual([now.phase, now.t], ['forward', '4']);
    await clicked(cellAt(0, 2));
    assert.deepEqual([now.phase, now.layer, now.t], ['forward', '0', '2']);
    assert.match(now.spoken, /encoder\.rnn\.l0/);
    await clicked(cellAt(1, 4));
    assert.equal(now.norms.at(-1), ownNorm('valueNorm'));
    await pressed('Shift+ArrowRight');
    assert.deepEqual([now.phase, now.t], ['forward', '5']);
    assert.match(now.spoken, /decoder/);
    assert.equal(now.norms.at(-1), ownNorm('valueNorm'));
    await pressed('End');
    for (let t = 0; t < 5; t++) await pressed('Shift+ArrowLeft');
    assert.equal(now.phase, 'backward');
    assert.match(now.spoken, /encoder/);
    assert.equal(now.norms[0], ownNorm('adjointNorm'));
    await pressed('Shift+ArrowLeft');
    assert.match(now.spoken, /decoder/);
    assert.deepEqual([now.phase, now.t], ['backward', '5']);
  });

  it('say at which step of the source a step of the target looks, in words and in a table', async () => {
    const [attention] = trace.attention!;
    const { keys, weight } = attention!;
    await clicked(cellAt(3, 7));
    const own = weight.data.subarray(2 * keys.length, 3 * keys.length);
    const most = own.indexOf(Math.max(...own));
    const text = `t = ${keys[most]!} (“${trace.inputs![most]!}”), with ${Math.round(100 * own[most]!)} % of its attention`;
    await waitForFrame(
      `document.querySelector('${view} .panel').textContent.includes(${JSON.stringify(text)})`,
    );
    await click(`${view} .controls button:has-text("Show data")`);
    await waitForFrame(
      `Array.from(document.querySelectorAll('${view} td'), (one) => one.textContent).includes('${written(own[most]!)}')`,
    );
    await click(`${view} .controls button:has-text("Hide data")`);
  });

  for (const [name, theme] of Object.entries(themes))
    it(`look as they should in ${name}`, async () => {
      await setTheme(theme);
      await showPicture();
      await click(`${view} label:has(input[value="cell"])`);
      await clicked(`${view} .rail.backward`);
      await clicked(cellAt(3, 6));
      await hover('.part.statusbar');
      await sleep(300);
      await screenshot(`inspector-seq2seq-${name}`, { scale: 2, height: 1000 });
    });
});
