/** What the kernel in the status bar offers. */
import * as vscode from 'vscode';
import { findNotebook } from '../commands/findNotebook.js';
import type { NotebookSessions } from '../notebook/notebookSessions.js';

interface Choice extends vscode.QuickPickItem {
  command: string;
}

export async function showKernelMenu(sessions: NotebookSessions): Promise<void> {
  const notebook = findNotebook();
  const session = notebook && sessions.get(notebook);
  const state = session?.state ?? 'none';
  const isRunning = state === 'busy' || state === 'paused';
  const trains = session?.trainings;
  const choices: (Choice | false)[] = [
    isRunning &&
      choice('debug-stop', 'Interrupt', 'unroll.interruptKernel', 'stops the cell; variables stay'),
    trains !== undefined &&
      trains.cells('running').length > 0 &&
      choice(
        'debug-pause',
        'Pause Training',
        'unroll.pauseTraining',
        'at its next step; other cells run meanwhile',
      ),
    trains !== undefined &&
      trains.cells('paused').length > 0 &&
      choice('debug-continue', 'Resume Training', 'unroll.resumeTraining'),
    session?.hasKernel === true &&
      choice('debug-restart', 'Restart', 'unroll.restartKernel', 'all variables are lost'),
    choice('run-all', 'Restart and Run All', 'unroll.restartAndRunAll'),
    choice('run-above', 'Run All Above', 'unroll.runAbove', 'the cells above the selected one'),
    choice(
      'refresh',
      'Run Stale Cells',
      'unroll.runStaleCells',
      'those that an earlier cell’s change left out of date',
    ),
    choice('symbol-variable', 'Show Variables', 'unroll.showVariables'),
  ];
  const chosen = await vscode.window.showQuickPick(
    choices.filter((one) => one !== false),
    { title: 'Unroll: Kernel', placeHolder: 'What the kernel is to do', matchOnDescription: true },
  );
  if (chosen) await vscode.commands.executeCommand(chosen.command);
}

function choice(icon: string, name: string, command: string, description = ''): Choice {
  return { label: `$(${icon}) ${name}`, description, command };
}

/** Runs the cells above the selected one. */
export async function runAbove(): Promise<void> {
  const editor = vscode.window.activeNotebookEditor;
  if (editor?.selection.start === 0)
    void vscode.window.showInformationMessage('No cell stands above the selected one.');
  else if (editor) await runCells(editor.notebook, indices(0, editor.selection.start));
}

/** Runs the cells as one request: one that fails ends it. */
export async function runCells(
  { uri: document }: vscode.NotebookDocument,
  cells: readonly number[],
): Promise<void> {
  if (cells.length === 0) return;
  const ranges = cells.map((start) => ({ start, end: start + 1 }));
  await vscode.commands.executeCommand('notebook.cell.execute', { ranges, document });
}

const indices = (from: number, to: number): number[] =>
  Array.from({ length: Math.max(0, to - from) }, (_, i) => from + i);
