import assert from 'node:assert/strict';
import { writeFile } from 'node:fs/promises';
import { networkInterfaces } from 'node:os';
import path from 'node:path';
import * as vscode from 'vscode';
import {
  debugCell,
  evaluate,
  inspectorOf,
  isOpen,
  placeIn,
  placeOf,
  press,
  pressAndStop,
  scopesOf,
  sessionEnds,
  setBreakpoint,
  shownBy,
  stops,
  useDebugger,
} from './debugSession.js';
import { errorsOf, openNotebook, runCell, until } from './notebooks.js';

const workspaceFile = (name: string): string =>
  path.join(vscode.workspace.workspaceFolders?.[0]?.uri.fsPath ?? '', name);

/** Of this machine, for others. */
function otherAddresses(): string[] {
  const all = Object.values(networkInterfaces()).flatMap((one) => one ?? []);
  return all
    .filter(({ internal, family }) => !internal && family === 'IPv4')
    .map(({ address }) => address);
}

function loadedBundles(): string[] {
  const cache = require.cache as Record<string, object | undefined>;
  return Object.keys(cache).map((file) => path.basename(file));
}

describe('debugging a cell', function () {
  this.timeout(90_000);
  useDebugger();

  it('loads the debugger only when it is first used', async () => {
    await vscode.extensions.getExtension('unroll.unroll')?.activate();
    assert.ok(loadedBundles().includes('extension.cjs'));
    assert.ok(!loadedBundles().includes('notebookDebugger.cjs'));
  });

  it('stops at a breakpoint, steps over, into a function of another cell and out, and keeps variables', async () => {
    const notebook = await openNotebook(
      'function double(value: number) {\n  let twice = value * 2;\n  return twice;\n}',
      'const start: number = 20;\ninterface Unused {\n  a: number;\n}\nlet first = start + 1;\nlet answer = double(first);\nanswer',
      'answer + first',
    );
    await runCell(notebook, 0);
    const [functions, cell] = notebook.getCells() as [vscode.NotebookCell, vscode.NotebookCell];
    setBreakpoint(cell.document.uri, 5);
    const debugging = debugCell(cell);
    const stop = await stops();
    assert.equal(placeOf(stop), placeIn(cell, 5));
    assert.equal(stop.frames[0]?.source?.name, 'Cell 2');
    const relay = inspectorOf(stop.session);
    const inspector = new URL(
      (await evaluate(stop, 'require("node:inspector").url()')).slice(1, -1),
    );
    for (const port of [relay, inspector]) {
      assert.equal(port.hostname, '127.0.0.1');
      assert.equal(await isOpen(port), true);
      for (const address of otherAddresses()) assert.equal(await isOpen(port, address), false);
    }
    const list = await fetch(`http://${inspector.host}/json/list`);
    assert.equal(list.ok, false, 'the secret part of the address is published');
    assert.equal(await evaluate(stop, 'start * 2'), '40');
    const variables = (await scopesOf(stop))['Notebook'] ?? {};
    assert.equal(variables['start'], '20');
    assert.ok(!('__unroll' in variables), Object.keys(variables).join());

    assert.equal(placeOf(await pressAndStop('stepOver')), placeIn(cell, 6));
    const inside = await pressAndStop('stepInto');
    assert.equal(placeOf(inside), placeIn(functions, 2));
    assert.equal(await evaluate(inside, 'value = 25'), '25');
    assert.deepEqual(
      inside.frames.slice(0, 2).map(({ source }) => source?.name),
      ['Cell 1', 'Cell 2'],
    );
    const next = await pressAndStop('stepOver');
    assert.equal((await scopesOf(next))['Local: double']?.['twice'], '50');
    assert.equal(placeOf(await pressAndStop('stepOut')), placeIn(cell, 7));
    await press('continue');
    await debugging;
    assert.equal(await shownBy(cell), '50');
    await sessionEnds();
    assert.deepEqual([await isOpen(relay), await isOpen(inspector)], [false, false]);
    assert.equal(await runCell(notebook, 2), '71');
  });

  it('steps from a cell into a file of the workspace, and stops at breakpoints there', async () => {
    const file = workspaceFile('debugged.ts');
    await writeFile(
      file,
      'export interface Pair {\n  a: number;\n  b: number;\n}\n\nexport function sum(pair: Pair): number {\n  const total = pair.a + pair.b;\n  return total;\n}\n',
    );
    const notebook = await openNotebook(
      'import { sum } from "./debugged";\nconst pair = { a: 1, b: 2 };\nsum(pair)',
    );
    const cell = notebook.cellAt(0);
    setBreakpoint(cell.document.uri, 3);
    const debugging = debugCell(cell);
    assert.equal(placeOf(await stops()), placeIn(cell, 3));
    assert.equal(placeOf(await pressAndStop('stepInto')), `${file}:7`);
    const next = await pressAndStop('stepOver');
    assert.equal(placeOf(next), `${file}:8`);
    assert.equal(await evaluate(next, 'total + pair.a'), '4');
    await press('continue');
    await debugging;
    assert.equal(await shownBy(cell), '3');

    vscode.debug.removeBreakpoints(vscode.debug.breakpoints);
    setBreakpoint(vscode.Uri.file(file), 8);
    const again = debugCell(cell);
    assert.equal(placeOf(await stops()), `${file}:8`);
    await press('continue');
    await again;
  });

  it('passes over the library, unless it is asked not to', async () => {
    const notebook = await openNotebook(
      'import { zeros } from "unroll";\nconst a = zeros([2]);\na.shape',
    );
    const cell = notebook.cellAt(0);
    setBreakpoint(cell.document.uri, 2);
    const debugging = debugCell(cell);
    await stops();
    assert.equal(placeOf(await pressAndStop('stepInto')), placeIn(cell, 3));
    await press('continue');
    await debugging;
    const settings = vscode.workspace.getConfiguration('unroll.debug');
    await settings.update('stepIntoUnroll', true, vscode.ConfigurationTarget.Workspace);
    try {
      const again = debugCell(cell);
      await stops();
      assert.match(placeOf(await pressAndStop('stepInto')), /unroll\.js:\d+$/);
      await press('continue');
      await again;
    } finally {
      await settings.update('stepIntoUnroll', undefined, vscode.ConfigurationTarget.Workspace);
    }
  });

  it('leaves the cell when it is stopped, and the variables stay', async () => {
    const notebook = await openNotebook(
      'let kept = 1;',
      'kept = 2;\nkept = 3;\nconsole.log("went on");\nkept = 4;',
      'kept',
    );
    await runCell(notebook, 0);
    const cell = notebook.cellAt(1);
    setBreakpoint(cell.document.uri, 2);
    const debugging = debugCell(cell);
    const inspector = inspectorOf((await stops()).session);
    await vscode.commands.executeCommand('unroll.interruptKernel');
    await debugging;
    await until(
      () => errorsOf(cell)[0]?.name === 'Interrupted',
      () => `the cell to be interrupted; it shows ${JSON.stringify(errorsOf(cell))}`,
    );
    await sessionEnds();
    assert.equal(await isOpen(inspector), false);
    // Not even the line that it stood at has run.
    assert.equal(await runCell(notebook, 2), '2');
  });

  it('ends when the kernel is restarted, and the next cell can be debugged', async () => {
    const notebook = await openNotebook('const a = 1;\na + 1');
    const cell = notebook.cellAt(0);
    setBreakpoint(cell.document.uri, 2);
    const debugging = debugCell(cell);
    await stops();
    await vscode.commands.executeCommand('unroll.restartKernel');
    await debugging;
    await sessionEnds();
    assert.match(errorsOf(cell)[0]?.message ?? '', /restarted/);
    const again = debugCell(cell);
    assert.equal(placeOf(await stops()), placeIn(cell, 2));
    await press('continue');
    await again;
    assert.equal(await shownBy(cell), '2');
  });

  it('lets the cell go on where the user disconnects', async () => {
    const notebook = await openNotebook('let a = 1;\na += 1;\na');
    const cell = notebook.cellAt(0);
    setBreakpoint(cell.document.uri, 2);
    const debugging = debugCell(cell);
    await stops();
    await vscode.commands.executeCommand('workbench.action.debug.disconnect');
    await debugging;
    assert.equal(await shownBy(cell), '2');
  });

  it('trains while it is debugged', async () => {
    const notebook = await openNotebook(
      `import { LSTM, Linear, Module, Adam, mse, rand, fit } from 'unroll';
class Net extends Module {
  lstm = new LSTM({ inputSize: 16, hiddenSize: 64, batchFirst: true });
  head = new Linear({ inFeatures: 64, outFeatures: 1 });
  forward(x) {
    const { output } = this.lstm.forward(x);
    return this.head.forward(output);
  }
}
const model = new Net();
const data = { input: rand([32, 20, 16]), target: rand([32, 20, 1]) };
let before = 1;
const optimizer = new Adam(model.parameters(), { lr: 0.01 });
for (let step = 0; step < 5; step++) {
  optimizer.zeroGrad();
  mse(model.forward(data.input), data.target).backward();
  optimizer.step();
}
"trained"`,
    );
    const cell = notebook.cellAt(0);
    setBreakpoint(cell.document.uri, 12);
    const debugging = debugCell(cell);
    await stops();
    await press('continue');
    await debugging;
    assert.match(await shownBy(cell), /trained/);
  });
});
