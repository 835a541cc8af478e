import assert from 'node:assert/strict';
import * as vscode from 'vscode';
import { click } from './host.js';
import { closeNotebooks, errorsOf, openNotebook, runCell, until } from './notebooks.js';

describe('a call of fit', function () {
  this.timeout(120_000);
  afterEach(closeNotebooks);
  const setUp = `
    import { crossEntropy, fit, LSTM, Linear, Module, mse, randn, SGD } from 'unroll';
    class Net extends Module {
      lstm = new LSTM({ inputSize: 2, hiddenSize: 4 }); head = new Linear({ inFeatures: 4, outFeatures: 1 });
      forward(input: any) { return { output: this.head.forward(this.lstm.forward(input).output) }; }
    }
    const model = new Net(); const optimizer = new SGD(model.parameters(), { lr: 0.1 });
    const batches = [{ input: randn([5, 2, 2]), target: randn([5, 2, 1]) }];`;

  it('has “Inspect BPTT” above it, which adds a cell that runs', async () => {
    const notebook = await openNotebook(
      setUp,
      'await fit({ model, data: batches, loss: mse, optimizer, steps: 2 });',
      '"last"',
    );
    await runCell(notebook, 0);
    const { document } = notebook.cellAt(1);
    const lenses = await vscode.commands.executeCommand<vscode.CodeLens[]>(
      'vscode.executeCodeLensProvider',
      document.uri,
    );
    assert.deepEqual(
      lenses.map(({ command, range }) => [command?.title, range.start.character]),
      [['Inspect BPTT', 6]],
    );
    await click('.codelens-decoration a:has-text("Inspect BPTT")');
    await until(
      () => notebook.cellCount === 4,
      () => 'a cell more',
    );
    const added = notebook.cellAt(2);
    assert.match(
      added.document.getText(),
      /const \[batch\] = batches;\ninspect\(model, batch!, \{ loss: mse \}\)$/,
    );
    await runCell(notebook, 2);
    assert.deepEqual(errorsOf(added), []);
    const mimes = added.outputs.flatMap(({ items }) => items.map(({ mime }) => mime));
    assert.ok(mimes.includes('application/vnd.unroll.trace.v1+json'), mimes.join());
    await vscode.commands.executeCommand('unroll.inspectFit', document.uri);
    assert.equal(notebook.cellCount, 4, 'the cell that is there already is shown');
  });

  it('in a loop or a function is inspected in front of it, with the names that are known there', async () => {
    const loop = `for (const lr of [0.1, 0.01]) {
  const net = new Net();
  await fit({ model: net, data: batches, loss: mse, optimizer: new SGD(net.parameters(), { lr }), steps: 2 });
}`;
    const bare =
      'const train = (net: Net) => fit({ model: net, data: batches, loss: mse, optimizer });';
    const notebook = await openNotebook(setUp, loop, bare);
    await runCell(notebook, 0);
    const lensesOf = async (index: number) =>
      await vscode.commands.executeCommand<vscode.CodeLens[]>(
        'vscode.executeCodeLensProvider',
        notebook.cellAt(index).document.uri,
      );
    const [lens, ...others] = await lensesOf(1);
    assert.deepEqual([lens?.command?.title, others], ['Inspect BPTT', []]);
    assert.match(lens?.command?.tooltip ?? '', /lines in front of the call/);
    const { command, arguments: given = [] } = lens!.command!;
    await vscode.commands.executeCommand(command, ...(given as unknown[]));
    assert.equal(notebook.cellCount, 3, 'no cell is added');
    const { document } = notebook.cellAt(1);
    assert.match(
      document.getText(),
      /^import \{ display, inspect \}[^]*const net[^]*\{\n {4}\/\/ One batch[^]*inspect\(net, batch!, \{ loss: mse \}\)\);\n {2}\}\n {2}await fit/,
    );
    assert.equal(await runCell(notebook, 1).then(() => errorsOf(notebook.cellAt(1)).length), 0);
    const mimes = notebook.cellAt(1).outputs.flatMap(({ items }) => items.map(({ mime }) => mime));
    const traces = mimes.filter((mime) => mime === 'application/vnd.unroll.trace.v1+json');
    assert.equal(traces.length, 2, 'one for each pass');
    const [inBare] = await lensesOf(2);
    assert.match(inBare?.command?.tooltip ?? '', /without braces/);
    await vscode.commands.executeCommand('unroll.inspectFit', notebook.cellAt(2).document.uri);
    assert.equal(notebook.cellAt(2).document.getText(), bare, 'what has no room stays as it is');
  });

  it('has no lens in other files', async () => {
    const document = await vscode.workspace.openTextDocument({
      language: 'typescript',
      content: 'fit({ model, data });',
    });
    const lenses = await vscode.commands.executeCommand<vscode.CodeLens[]>(
      'vscode.executeCodeLensProvider',
      document.uri,
    );
    assert.ok(!lenses.some(({ command }) => command?.title === 'Inspect BPTT'));
  });
});
