import assert from 'node:assert/strict';
import * as vscode from 'vscode';
import type { gradientNumbers } from '../../src/tools/gradientNumbers.js';
import type { NotebookChange } from '../../src/notebook/notebookSessions.js';
import { RunCellTool } from '../../src/tools/runCellTool.js';
import type { trainingNumbers } from '../../src/tools/trainingNumbers.js';
import { trainingCell } from '../process/training.js';
import { waitForFrame } from './host.js';
import { openSaved, payloadOf } from './inspectorPage.js';
import {
  cellEnds,
  closeNotebooks,
  openNotebook,
  runCell,
  startCell,
  textOf,
  until,
} from './notebooks.js';

async function invoke<T>(name: string, input: object): Promise<T> {
  const { content } = await vscode.lm.invokeTool(name, { input, toolInvocationToken: undefined });
  const [part] = content;
  assert.ok(part instanceof vscode.LanguageModelTextPart);
  return JSON.parse(part.value) as T;
}

interface RunReport {
  succeeded: boolean;
  note?: string;
  output: string;
  errors: { name: string; message: string; stack: string }[];
  training: ReturnType<typeof trainingNumbers>[];
}

/** VS Code shows no dialog in tests, and takes the answer to be yes: the question is looked at below. */
const runCellTool = (input: object) => invoke<RunReport>('unroll_runCell', input);

/** What the session of a notebook tells when the cell begins; a test cannot reach into the extension. */
const begun =
  (cell: vscode.NotebookCell): vscode.Event<NotebookChange> =>
  (listener) => {
    listener({ kind: 'begins', cell, notebook: cell.notebook });
    return new vscode.Disposable(() => undefined);
  };

describe('tools for language models', function () {
  this.timeout(120_000);
  afterEach(closeNotebooks);

  it('are listed with descriptions and schemas', () => {
    const own = vscode.lm.tools.filter(({ name }) => name.startsWith('unroll_'));
    assert.deepEqual(own.map(({ name }) => name).sort(), [
      'unroll_listVariables',
      'unroll_readGradients',
      'unroll_readTraining',
      'unroll_runCell',
    ]);
    for (const { description, inputSchema } of own) {
      assert.ok(description.length > 100);
      assert.equal((inputSchema as { type: string }).type, 'object');
    }
  });

  it('run a cell, and say what came of it', async () => {
    const notebook = await openNotebook(
      'console.log("hello"); 6 * 7',
      'const missing = 1;\nmissing.no.thing',
    );
    const good = await runCellTool({ cell: 0 });
    assert.deepEqual([good.succeeded, good.errors, good.training], [true, [], []]);
    assert.match(good.output, /hello\n+42/);
    assert.match(textOf(notebook.cellAt(0)), /42/);
    const bad = await runCellTool({ cell: 1, notebook: notebook.uri.toString() });
    assert.equal(bad.succeeded, false);
    assert.match(bad.errors[0]?.stack ?? '', /TypeError[^]*line 2/);
  });

  it('have the user asked before a cell runs, with its code', async () => {
    const notebook = await openNotebook('"first"', 'console.log("`must` be seen")');
    const { confirmationMessages: question } = new RunCellTool(
      { get: () => undefined, onDidChange: new vscode.EventEmitter<NotebookChange>().event },
      { has: () => true },
    ).prepareInvocation({
      input: { cell: 1 },
    });
    assert.equal(question?.title, 'Unroll: Run Cell?');
    const { message } = question;
    assert.ok(message instanceof vscode.MarkdownString && message.isTrusted !== true);
    assert.match(
      message.value,
      /Cell 2 of Untitled[^]*```typescript\nconsole\.log\("`must` be seen"\)/,
    );
    assert.equal(textOf(notebook.cellAt(1)), '');
  });

  it('name what is not there, and run nothing', async () => {
    const notebook = await openNotebook('console.log("must not run")');
    await assert.rejects(invoke('unroll_runCell', { cell: 7 }), /there is no cell 7/);
    await assert.rejects(invoke('unroll_runCell', {}), /there is no cell undefined/);
    await assert.rejects(invoke('unroll_runCell', { cell: -1 }), /there is no cell -1/);
    await assert.rejects(
      invoke('unroll_listVariables', { notebook: 'none.ipynb' }),
      /no open notebook none\.ipynb/,
    );
    assert.equal(textOf(notebook.cellAt(0)), '');
  });

  it('say which notebooks there are where none is in front, and take the one that is named', async () => {
    const first = await openNotebook('"first"');
    const second = await openNotebook('"second"');
    const report = await runCellTool({ cell: 0, notebook: first.uri.toString() });
    assert.match(report.output, /first/);
    assert.equal(textOf(second.cellAt(0)), '');
    const file = await vscode.workspace.openTextDocument({ content: 'a text' });
    await vscode.window.showTextDocument(file);
    await until(
      () => vscode.window.activeNotebookEditor === undefined,
      () => 'the text to be in front',
    );
    await assert.rejects(
      invoke('unroll_listVariables', {}),
      /No notebook is in front; say which one is meant\. Open notebooks: .*Untitled-\d+\.ipynb, Untitled-\d+\.ipynb/,
    );
  });

  it('run and list nothing where the notebook has another kernel, and say what to do', async () => {
    const other = vscode.notebooks.createNotebookController('tools', 'jupyter-notebook', 'Other');
    other.supportedLanguages = ['typescript'];
    other.executeHandler = () => assert.fail('the other kernel ran');
    try {
      await openNotebook('1');
      const notebookEditor = vscode.window.activeNotebookEditor!;
      const picked = { notebookEditor, id: 'tools', extension: 'unroll.unroll' };
      await vscode.commands.executeCommand('notebook.selectKernel', picked);
      await assert.rejects(
        invoke('unroll_runCell', { cell: 0 }),
        /the user has to choose it first/,
      );
      const { kernel, note } = await invoke<{ kernel: string; note: string }>(
        'unroll_listVariables',
        {},
      );
      assert.deepEqual([kernel, /Select Notebook Kernel/.test(note)], ['other', true]);
    } finally {
      other.dispose();
    }
  });

  it('wait for a busy kernel, and say so where the cell was taken out of the queue', async () => {
    const notebook = await openNotebook(
      'console.log("started"); await new Promise(() => undefined);',
      '"ran"',
      'console.log("endless"); while (true) {}',
    );
    const busy = notebook.cellAt(0);
    await startCell(notebook, 0);
    await until(
      () => textOf(busy).includes('started'),
      () => 'the cell to start',
    );
    await assert.rejects(invoke('unroll_runCell', { cell: 0 }), /Cell 0 runs already/);
    const waiting = runCellTool({ cell: 1 });
    await waitForFrame(`document.querySelector('.codicon-notebook-state-pending') && true`);
    await assert.rejects(invoke('unroll_runCell', { cell: 1 }), /Cell 1 runs already, or waits to/);
    await vscode.commands.executeCommand('unroll.interruptKernel');
    const report = await waiting;
    assert.equal(report.succeeded, false);
    assert.match(report.note ?? '', /taken out before its turn/);
    assert.equal(textOf(notebook.cellAt(1)), '');

    await cellEnds(notebook, 0);
    await startCell(notebook, 2);
    await until(
      () => textOf(notebook.cellAt(2)).includes('endless'),
      () => 'the last cell to start',
    );
    const listed = await invoke<{ kernel: string; note?: string }>('unroll_listVariables', {});
    assert.deepEqual(
      [listed.kernel, listed.note],
      ['busy', 'The kernel is busy and has not answered.'],
    );
    await vscode.commands.executeCommand('unroll.interruptKernel');
    await cellEnds(notebook, 2);
  });

  it('stop the cell when the model’s request is cancelled, and report what it printed until then', async () => {
    const notebook = await openNotebook('console.log("started"); while (true) {}', '"next"');
    const source = new vscode.CancellationTokenSource();
    const sessions = { get: () => undefined, onDidChange: begun(notebook.cellAt(0)) };
    const tool = new RunCellTool(sessions, { has: () => true });
    const report = tool.invoke(
      { input: { cell: 0 }, toolInvocationToken: undefined },
      source.token,
    );
    await until(
      () => textOf(notebook.cellAt(0)).includes('started'),
      () => 'the cell to start',
    );
    source.cancel();
    const [part] = (await report).content as [vscode.LanguageModelTextPart];
    const { succeeded, output, errors } = JSON.parse(part.value) as RunReport;
    assert.deepEqual([succeeded, output, errors[0]?.name], [false, 'started\n', 'Interrupted']);
    assert.equal(await runCell(notebook, 1), "'next'");
  });

  it('list variables', async () => {
    const notebook = await openNotebook(
      '1',
      'import { zeros } from "unroll"; const weights = zeros([4, 3]);',
    );
    const none = await invoke<{ kernel: string; note: string }>('unroll_listVariables', {});
    assert.deepEqual([none.kernel, none.note], ['none', 'No kernel runs: no cell has run yet.']);
    await runCell(notebook, 1);
    const { kernel, variables } = await invoke<{
      kernel: string;
      variables: Record<string, unknown>[];
    }>('unroll_listVariables', {});
    assert.equal(kernel, 'idle');
    assert.deepEqual(
      variables.find(({ name }) => name === 'weights'),
      {
        ...{ name: 'weights', type: 'Tensor', shape: [4, 3], bytes: 48, cell: 1 },
        preview: 'Tensor float32 [4, 3] [0, 0, 0, 0, 0, 0, … 6 more]',
      },
    );
  });

  it('read the loss series of a run as numbers', async () => {
    const notebook = await openNotebook(
      trainingCell,
      'const losses = (await fit(training(300))).loss; JSON.stringify([losses[0], losses.at(-1)])',
    );
    await runCell(notebook, 0);
    const report = await runCellTool({ cell: 1 });
    assert.equal(report.training[0]?.status, 'done');
    const { curves } = await invoke<{
      curves: (ReturnType<typeof trainingNumbers> & { cell: number })[];
    }>('unroll_readTraining', { maxPoints: 50 });
    assert.equal(curves.length, 1);
    const [{ cell, status, totalSteps, series }] = curves as [(typeof curves)[number]];
    assert.deepEqual([cell, status, totalSteps], [1, 'done', 300]);
    const [training] = series;
    assert.ok(training);
    assert.equal(training.step.length, training.value.length);
    assert.ok(training.step.length <= 50 && training.step.length > 10, `${training.step.length}`);
    const [first, last] = JSON.parse(
      textOf(notebook.cellAt(1)).match(/\[[\d.,e-]+\]/)![0],
    ) as number[];
    const near = (a: number | null | undefined, b: number) =>
      Math.abs((a ?? NaN) - b) <= 1e-4 * Math.abs(b);
    assert.ok(near(training.first.value, first!), `${training.first.value} ${first}`);
    assert.ok(near(training.last.value, last!), `${training.last.value} ${last}`);
    assert.equal(training.last.step, 300);
  });

  it('read gradient statistics and the verdict as numbers, from a saved output too', async () => {
    await openSaved('toolsTrace', payloadOf('trace-lstm-truncated'));
    const { traces } = await invoke<{
      traces: (ReturnType<typeof gradientNumbers> & { cell: number })[];
    }>('unroll_readGradients', { cell: 0 });
    assert.equal(traces.length, 1);
    const [trace] = traces;
    const payload = payloadOf('trace-lstm-truncated') as {
      timeSteps: number;
      verdict: { sentence: string };
      gradient: { norm: number; parameters: { name: string; gradientNorm: number }[] };
      layers: { name: string }[];
    };
    assert.equal(trace?.verdict.sentence, payload.verdict.sentence);
    assert.equal(trace.gradientNorm, Number(payload.gradient.norm.toPrecision(6)));
    assert.deepEqual(
      trace.parameters.map(({ name, gradientNorm }) => [name, gradientNorm]),
      payload.gradient.parameters.map(({ name, gradientNorm }) => [
        name,
        Number(gradientNorm.toPrecision(6)),
      ]),
    );
    assert.deepEqual(
      trace.layers.map(({ name }) => name),
      payload.layers.map(({ name }) => name),
    );
    const [h] = trace.layers[0]!.states;
    assert.equal(h?.adjointNorm.length, payload.timeSteps);
    assert.ok(h.adjointNorm.every((one) => one !== null));
    const forget = trace.layers[0]!.gates.find(({ label }) => label === 'f');
    assert.ok(forget && forget.mean! > 0 && forget.mean! < 1);
  });
});
