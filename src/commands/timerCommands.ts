/** Timers that earlier cells left running: shown as a list, of which the chosen are cleared. */
import * as vscode from 'vscode';
import type { NotebookSessions } from '../notebook/notebookSessions.js';
import { findNotebook, type ToolbarContext } from './findNotebook.js';

export async function clearTimers(
  sessions: NotebookSessions,
  context?: ToolbarContext,
): Promise<void> {
  const notebook = findNotebook(context);
  const session = notebook && sessions.get(notebook);
  const timers = await session?.timers();
  if (!session || !timers || timers.length === 0) {
    void vscode.window.showInformationMessage('No timer of an earlier cell is pending.');
    return;
  }
  const items = timers.map(({ id, kind, delay, cell }) => ({
    label: `${kind} of ${String(delay)} ms`,
    description: `cell [${String(cell.executionCount)}]`,
    picked: true,
    id,
  }));
  const chosen = await vscode.window.showQuickPick(items, {
    canPickMany: true,
    title: 'Timers of earlier cells',
    placeHolder: 'The chosen ones are cleared',
  });
  if (chosen) await session.timers(chosen.map(({ id }) => id));
}
