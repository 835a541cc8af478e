/** What is shown of a kernel and its cells, beside the notebook's own: status bars, lens, snippets, and their commands. */
import * as vscode from 'vscode';
import type { NotebookSessions } from '../notebook/notebookSessions.js';
import type { OurNotebooks } from '../notebook/ourNotebooks.js';
import { MissingPackages } from '../packages/missingPackages.js';
import { CellRuns } from './cellRuns.js';
import { registerSnippets } from './cellSnippets.js';
import { CellStatus } from './cellStatus.js';
import { inspectFit, InspectLens } from './inspectLens.js';
import { runAbove, showKernelMenu } from './kernelMenu.js';
import { KernelStatus } from './kernelStatus.js';

export function registerStatus(
  sessions: NotebookSessions,
  notebooks: OurNotebooks,
): vscode.Disposable {
  const runs = new CellRuns(sessions);
  const missing = new MissingPackages(sessions);
  const { registerCommand } = vscode.commands;
  const runStale = async (cell?: vscode.NotebookCell) => {
    const notebook = cell?.notebook ?? vscode.window.activeNotebookEditor?.notebook;
    if (notebook) await runs.runStale(notebook, cell?.index);
  };
  return vscode.Disposable.from(
    new KernelStatus(sessions, notebooks),
    new CellStatus(sessions, runs, missing),
    runs,
    missing,
    new InspectLens(notebooks),
    registerSnippets(),
    registerCommand('unroll.kernelMenu', () => showKernelMenu(sessions)),
    registerCommand('unroll.runAbove', runAbove),
    registerCommand('unroll.runStaleCells', runStale),
    registerCommand('unroll.installPackage', (cell?: vscode.NotebookCell) => missing.install(cell)),
    registerCommand('unroll.inspectFit', inspectFit),
  );
}
