/** Commands on the kernel of one notebook: the one whose toolbar was clicked, else the active one. */
import * as vscode from 'vscode';
import type { NotebookSession } from '../notebook/notebookSession.js';
import type { NotebookSessions } from '../notebook/notebookSessions.js';
import { findNotebook, type ToolbarContext } from './findNotebook.js';

const shownForMs = 4000;

export function interruptKernel(sessions: NotebookSessions, context?: ToolbarContext): void {
  const notebook = findNotebook(context);
  const session = notebook && sessions.get(notebook);
  const isRunning = session?.state === 'busy' || session?.state === 'paused';
  // A key does it, too: no message to be clicked away.
  if (!isRunning) vscode.window.setStatusBarMessage('No cell of this notebook runs.', shownForMs);
  session?.interrupt();
}

export async function restartKernel(
  sessions: NotebookSessions,
  context?: ToolbarContext,
): Promise<void> {
  const notebook = findNotebook(context);
  const session = notebook && sessions.get(notebook);
  if (!session?.hasKernel) {
    void vscode.window.showInformationMessage(
      'No kernel runs for this notebook. It starts with the first cell that you run.',
    );
    return;
  }
  if (await mayRestart(session, context)) await restart(session);
}

export async function restartAndRunAll(
  sessions: NotebookSessions,
  context?: ToolbarContext,
): Promise<void> {
  const notebook = findNotebook(context);
  if (!notebook) return;
  const session = sessions.get(notebook);
  if (session) {
    if (!(await mayRestart(session, context))) return;
    await restart(session);
  }
  await vscode.commands.executeCommand('notebook.execute', notebook.uri);
}

/**
 * The toolbar's button is one slip of the hand from "Run All", and a trained network may be lost: it
 * asks. A command that was called by its name does not.
 */
async function mayRestart(session: NotebookSession, context?: ToolbarContext): Promise<boolean> {
  if (!context?.notebookEditor || !session.hasKernel) return true;
  const answer = await vscode.window.showWarningMessage(
    'Restart the kernel?',
    { modal: true, detail: 'All variables of this notebook will be lost.' },
    'Restart',
  );
  return answer === 'Restart';
}

async function restart(session: NotebookSession): Promise<void> {
  const options = { location: vscode.ProgressLocation.Window, title: 'Restarting the kernel' };
  await vscode.window.withProgress(options, () => session.restart());
}
