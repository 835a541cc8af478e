import assert from 'node:assert/strict';
import { setTimeout as sleep } from 'node:timers/promises';
import * as vscode from 'vscode';
import { traceMime } from '../../kernel/contract/mime.js';
import { parseTrace } from '../../kernel/contract/parseTrace.js';
import { click, hover, press, screenshot } from './host.js';
import { seen, seenAfter, setTheme, themes, view, written } from './inspectorPage.js';
import { closeNotebooks, edit, openNotebook, runCell, selectOurKernel } from './notebooks.js';

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
inspect(model, { input: codes(word), target: codes(word.toReversed().slice(0, 4)) }, {
  loss: crossEntropy,
  title: 'Say “gates” backwards',
  inputs: [...word, 'z', ...word.toReversed().slice(0, 3)],
});`;

describe('an encoder and its decoder in the inspector in VS Code', function () {
  this.timeout(180_000);
  after(async () => {
    await closeNotebooks();
    await setTheme(themes.dark);
  });

  it('stand beside each other; the walk goes from one into the other, and back', async () => {
    await setTheme(themes.light);
    await vscode.commands.executeCommand('workbench.action.closeSidebar');
    const notebook = await openNotebook(translate);
    await selectOurKernel(vscode.window.activeNotebookEditor!);
    await edit(notebook, 0, translate);
    await runCell(notebook, 0);
    const item = notebook
      .cellAt(0)
      .outputs.flatMap(({ items }) => items)
      .find(({ mime }) => mime === traceMime);
    assert.ok(item);
    const trace = parseTrace(JSON.parse(new TextDecoder().decode(item.data)));
    const layerOf = (name: string) => trace.layers.findIndex((layer) => layer.name === name);
    const top = layerOf('encoder.rnn.l1');
    const cell = (layer: number, t: number) =>
      `${view} button[data-kind="cell"][data-layer="${layer}"][data-t="${t}"]`;
    let now = await seen();
    const clicked = async (selector: string) => {
      await click(selector);
      now = await seenAfter(now);
    };
    const pressed = async (key: string) => {
      await press(key);
      now = await seenAfter(now);
    };
    const outputNorm = (role: 'valueNorm' | 'adjointNorm') => {
      const { nodes, output } = trace.layers[Number(now.layer)]!;
      return `‖·‖ ${written(nodes[output]![role].data[Number(now.t)]!)}`;
    };
    await clicked(`${view} .rail.forward`);
    await clicked(cell(top, 4));
    assert.deepEqual([now.phase, now.t], ['forward', '4']);
    assert.equal(now.norms.at(-1), outputNorm('valueNorm'));
    await pressed('Shift+ArrowRight');
    assert.deepEqual([now.phase, now.t], ['forward', '5']);
    assert.match(now.spoken, /decoder/);
    assert.equal(now.norms.at(-1), outputNorm('valueNorm'));
    await clicked(`${view} .rail.backward`);
    await clicked(cell(layerOf('decoder.rnn.l0'), 5));
    assert.equal(now.phase, 'backward');
    await pressed('Shift+ArrowRight');
    assert.deepEqual([now.phase, now.t], ['backward', '4']);
    assert.match(now.spoken, /encoder/);
    assert.equal(now.norms[0], outputNorm('adjointNorm'));
    await clicked(cell(top, 2));
    await hover('.part.statusbar');
    await sleep(300);
    await screenshot('inspector-seq2seq-light', { scale: 2 });
  });
});
