import assert from 'node:assert/strict';
import { setTimeout as sleep } from 'node:timers/promises';
import * as vscode from 'vscode';
import { lossMime, type LossPayload } from '../../kernel/contract/mime.js';
import { trainingCell } from '../process/training.js';
import { click } from './host.js';
import {
  cellEnds,
  closeNotebooks,
  errorsOf,
  openNotebook,
  runCell,
  startCell,
  until,
} from './notebooks.js';

const decoder = new TextDecoder();

/** What the cell's loss curve shows. */
function curveOf(cell: vscode.NotebookCell): LossPayload | undefined {
  const item = cell.outputs.flatMap(({ items }) => items).find(({ mime }) => mime === lossMime);
  return item && (JSON.parse(decoder.decode(item.data)) as LossPayload);
}

const stepOf = (cell: vscode.NotebookCell) => curveOf(cell)?.series[0]?.step.at(-1) ?? 0;

async function trains(notebook: vscode.NotebookDocument, index: number): Promise<void> {
  await until(
    () => stepOf(notebook.cellAt(index)) > 5,
    () => `cell ${String(index)} to train`,
  );
}

describe('training in a notebook', () => {
  afterEach(closeNotebooks);

  it('that is stopped ends at its next step, with its history', async () => {
    const notebook = await openNotebook(
      trainingCell,
      'const kept = await fit(training(100_000));',
      'kept.step.length > 5',
    );
    await runCell(notebook, 0);
    await startCell(notebook, 1);
    await trains(notebook, 1);
    await vscode.commands.executeCommand('notebook.cell.cancelExecution', {
      ranges: [{ start: 1, end: 2 }],
      document: notebook.uri,
    });
    await cellEnds(notebook, 1);
    assert.match(errorsOf(notebook.cellAt(1))[0]?.message ?? '', /training ended after step \d+/);
    assert.equal(curveOf(notebook.cellAt(1))?.status, 'stopped');
    assert.equal(await runCell(notebook, 2), 'true');
  });

  it('is paused and resumed by commands on its cell; other cells run meanwhile, and the rate changes', async () => {
    const notebook = await openNotebook(
      trainingCell,
      'run = fit(training(2500)); await run; "trained"',
      'run.status',
    );
    await runCell(notebook, 0);
    await startCell(notebook, 1);
    await trains(notebook, 1);
    const cell = notebook.cellAt(1);
    await vscode.commands.executeCommand('unroll.pauseTraining', cell);
    assert.equal(await runCell(notebook, 2), "'paused'");
    await until(
      () => curveOf(cell)?.paused === true,
      () => 'the curve to say that it is paused',
    );
    const step = stepOf(cell);
    await vscode.commands.executeCommand('unroll.changeLearningRate', undefined, 0.002);
    await sleep(300);
    assert.equal(stepOf(cell), step);
    await vscode.commands.executeCommand('unroll.resumeTraining', cell);
    assert.match(await cellEnds(notebook, 1), /trained/);
    await until(
      () => cell.executionSummary?.success === true,
      () => 'the cell to have succeeded',
    );
    assert.deepEqual(curveOf(cell)?.marks, [{ step: step + 1, text: 'lr 0.01 → 0.002' }]);
    assert.equal(await runCell(notebook, 2), "'done'");
  });

  it('ends at its next step by its own command, and the cell goes on', async () => {
    const notebook = await openNotebook(trainingCell, 'await fit(training(100_000)); "went on"');
    await runCell(notebook, 0);
    await startCell(notebook, 1);
    await trains(notebook, 1);
    await vscode.commands.executeCommand('unroll.stopTraining');
    assert.match(await cellEnds(notebook, 1), /went on/);
    await until(
      () => notebook.cellAt(1).executionSummary?.success === true,
      () => 'the cell to have succeeded',
    );
  });

  it('is paused, resumed and stopped by the buttons of its cell', async () => {
    const notebook = await openNotebook(
      trainingCell,
      'run = fit(training(100_000)); await run; "went on"',
      'run.status',
    );
    await runCell(notebook, 0);
    await startCell(notebook, 1);
    await trains(notebook, 1);
    const cell = notebook.cellAt(1);
    const press = async (title: string) => {
      // The buttons show at the cell that has the focus.
      vscode.window.activeNotebookEditor!.selections = [new vscode.NotebookRange(1, 2)];
      await click(`.cell-title-toolbar .action-label[aria-label^="${title}"]`);
    };
    await press('Pause Training');
    await until(
      () => curveOf(cell)?.paused === true,
      () => 'the curve to say that it is paused',
    );
    const step = stepOf(cell);
    await press('Resume Training');
    await until(
      () => stepOf(cell) > step,
      () => 'the training to go on',
    );
    await press('Stop Training');
    assert.match(await cellEnds(notebook, 1), /went on/);
    assert.equal(await runCell(notebook, 2), "'stopped'");
  });
});
