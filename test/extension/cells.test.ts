import assert from 'node:assert/strict';
import * as vscode from 'vscode';
import { press, type, waitForFrame } from './host.js';
import {
  cellEnds,
  closeNotebooks,
  errorsOf,
  mimesOf,
  openNotebook,
  runAll,
  runCell,
  runCode,
  startCell,
  textOf,
  until,
} from './notebooks.js';

/** VS Code's field for a line of text. */
const question = "document.querySelector('.quick-input-widget')";

describe('cells of a notebook', () => {
  afterEach(closeNotebooks);

  it('show the value of their last expression and their order', async () => {
    const notebook = await openNotebook('const twice = (n: number) => 2 * n;\ntwice(21)');
    assert.equal(await runCell(notebook, 0), '42');
    const { executionSummary } = notebook.cellAt(0);
    assert.equal(executionSummary?.executionOrder, 1);
    assert.equal(executionSummary.success, true);
    await runCell(notebook, 0);
    assert.equal(notebook.cellAt(0).executionSummary?.executionOrder, 2);
  });

  it('await at the top level and declare names again', async () => {
    const notebook = await openNotebook(
      'const value: number = await Promise.resolve(1);\nvalue',
      'const value = "again";\nvalue + value',
    );
    assert.equal(await runCell(notebook, 0), '1');
    assert.match(await runCell(notebook, 1), /againagain/);
  });

  it('keep console text in the order printed, one output for a run of one stream', async () => {
    const notebook = await openNotebook(
      'for (let i = 0; i < 3; i++) console.log(i);\nconsole.error("warned");\nconsole.log("end");',
    );
    assert.equal(await runCell(notebook, 0), '0\n1\n2\nwarned\nend\n');
    assert.deepEqual(mimesOf(notebook.cellAt(0)), [
      ['application/vnd.code.notebook.stdout'],
      ['application/vnd.code.notebook.stderr'],
      ['application/vnd.code.notebook.stdout'],
    ]);
  });

  it('run one after the other when all are started', async () => {
    const notebook = await openNotebook(
      'const seen: string[] = [];\nawait new Promise((done) => setTimeout(done, 300));\nseen.push("first");',
      'seen.push("second");',
      'seen.join()',
    );
    await runAll(notebook);
    assert.match(await cellEnds(notebook, 2), /first,second/);
    const orders = notebook.getCells().map((cell) => cell.executionSummary?.executionOrder);
    assert.deepEqual(orders, [1, 2, 3]);
  });

  it('that fail show the error with its line, and those behind them do not run', async () => {
    const notebook = await openNotebook(
      '1',
      'const ok = true;\nthrow new RangeError("too far");',
      'console.log("must not run")',
    );
    await runAll(notebook);
    await cellEnds(notebook, 1);
    const [error] = errorsOf(notebook.cellAt(1));
    assert.equal(error?.name, 'RangeError');
    assert.equal(error.message, 'too far');
    assert.match(error.stack, /^RangeError: too far\n\nCell In\[2\], line 2\n/);
    assert.match(error.stack, /> 2 \| throw new RangeError/);
    assert.equal(notebook.cellAt(1).executionSummary?.success, false);
    const { executionSummary, outputs } = notebook.cellAt(2);
    assert.equal(executionSummary?.executionOrder, undefined);
    assert.equal(executionSummary?.success, undefined);
    assert.equal(outputs.length, 0);
  });

  it('that are empty end at once, without an order', async () => {
    const notebook = await openNotebook('  \n', '"behind"');
    await runAll(notebook);
    assert.match(await cellEnds(notebook, 1), /behind/);
    assert.equal(notebook.cellAt(0).executionSummary?.executionOrder, undefined);
    assert.equal(notebook.cellAt(1).executionSummary?.executionOrder, 1);
  });

  it('with a syntax error show its line', async () => {
    const notebook = await openNotebook('const fine = 1;\nconst = 2;');
    await runCell(notebook, 0);
    const [error] = errorsOf(notebook.cellAt(0));
    assert.equal(error?.name, 'SyntaxError');
    assert.match(error.stack, /Cell In\[1\], line 2/);
  });

  it('ask the user, and go on with the answer', async () => {
    const notebook = await openNotebook(
      `import { input } from 'unroll';\nconst name = await input('Who trains?');\nname`,
    );
    await startCell(notebook, 0);
    await waitForFrame(`${question}?.innerText.includes('Who trains?')`);
    await type('Ada');
    await press('Enter');
    assert.equal(await cellEnds(notebook, 0), "'Ada'");
  });

  it('that ask are stopped with their question', async () => {
    const notebook = await openNotebook(
      `import { input } from 'unroll';\nawait input('Still there?');`,
    );
    await startCell(notebook, 0);
    await waitForFrame(`${question}?.innerText.includes('Still there?')`);
    await vscode.commands.executeCommand('unroll.interruptKernel');
    await cellEnds(notebook, 0);
    assert.equal(errorsOf(notebook.cellAt(0))[0]?.name, 'Interrupted');
    await waitForFrame(`${question}?.style.display === 'none'`);
  });

  it('of two notebooks share nothing', async () => {
    const one = await openNotebook('const secret = 7;\nprocess.pid');
    const pid = await runCell(one, 0);
    const other = await openNotebook('typeof secret + process.pid');
    const answer = await runCell(other, 0);
    assert.match(answer, /undefined/);
    assert.ok(!answer.includes(pid), `both run in process ${pid}`);
  });
});

describe('outputs of a cell', () => {
  afterEach(closeNotebooks);

  it('put a picture of ours before its fallbacks', async () => {
    const notebook = await openNotebook(
      `import { display, lossChart } from 'unroll';
       const curve = { step: [1, 2], seconds: [1, 2], loss: [2, 1] };
       await display(lossChart({ ...curve, validation: { step: [], seconds: [], loss: [] }, changes: [] } as never));`,
    );
    await runCell(notebook, 0);
    assert.deepEqual(mimesOf(notebook.cellAt(0)), [
      ['application/vnd.unroll.loss.v1+json', 'application/vnd.vegalite.v5+json', 'text/plain'],
    ]);
  });

  it('are replaced in place under the same display id, also in an earlier cell', async () => {
    const notebook = await openNotebook(
      `import { display } from 'unroll';
       await display(1, { id: 'progress' });
       console.log('below');
       for (let i = 2; i <= 400; i++) await display(i, { id: 'progress' });`,
      `await display('from the other cell', { id: 'progress' });`,
    );
    await runCell(notebook, 0);
    assert.equal(textOf(notebook.cellAt(0)), '400below\n');
    await runCell(notebook, 1);
    assert.equal(notebook.cellAt(1).outputs.length, 0);
    await until(
      () => textOf(notebook.cellAt(0)).startsWith("'from the other cell'"),
      () => `the first cell to change: ${textOf(notebook.cellAt(0))}`,
    );
  });

  it('go when the cell clears them, at once or with the next one', async () => {
    const notebook = await openNotebook(
      `import { clearOutput } from 'unroll';
       console.log('old'); clearOutput(); console.log('new'); clearOutput({ wait: true });`,
    );
    assert.equal(await runCell(notebook, 0), 'new\n');
    await runCode(notebook, `console.log('a'); clearOutput({ wait: true }); console.log('b');`);
    assert.equal(textOf(notebook.cellAt(0)), 'b\n');
  });

  it('come late from a timer, and leave order, times and success as they were', async () => {
    const notebook = await openNotebook(
      `console.log('in time'); void setTimeout(() => console.log('late'), 300);`,
    );
    await runCell(notebook, 0);
    const cell = notebook.cellAt(0);
    const before = cell.executionSummary;
    await until(
      () => textOf(cell) === 'in time\nlate\n',
      () => `late output: ${textOf(cell)}`,
    );
    await until(
      () => cell.executionSummary?.timing !== undefined,
      () => 'the execution to end',
    );
    assert.deepEqual(cell.executionSummary, before);
  });

  it('come back when the user clears them while the cell runs', async () => {
    const notebook = await openNotebook(
      `for (let i = 0; i < 30; i++) {
         console.log(i);
         await new Promise((done) => setTimeout(done, 100));
       }`,
    );
    await startCell(notebook, 0);
    const cell = notebook.cellAt(0);
    await until(
      () => textOf(cell).includes('2\n'),
      () => 'output',
    );
    await vscode.commands.executeCommand('notebook.clearAllCellsOutputs');
    const text = await cellEnds(notebook, 0);
    assert.ok(!text.startsWith('0\n'), `not cleared: ${text}`);
    assert.match(text, /28\n29\n$/);
  });
});
