/** Commands on the kernel of one notebook: the one whose toolbar was clicked, else the active one. */
import * as vscode from 'vscode';
import type { NotebookSessions } from '../notebook/notebookSessions.js';

/** What VS Code hands to a command of the notebook toolbar. */
interface ToolbarContext {
  notebookEditor?: { notebookUri?: vscode.Uri };
}

export function interruptKernel(sessions: NotebookSessions, context?: ToolbarContext): void {
  const notebook = findNotebook(context);
  if (notebook) sessions.get(notebook)?.interrupt();
}

export async function restartKernel(
  sessions: NotebookSessions,
  context?: ToolbarContext,
): Promise<void> {
  const notebook = findNotebook(context);
  if (notebook) await restart(sessions, notebook);
}

export async function restartAndRunAll(
  sessions: NotebookSessions,
  context?: ToolbarContext,
): Promise<void> {
  const notebook = findNotebook(context);
  if (!notebook) return;
  await restart(sessions, notebook);
  await vscode.commands.executeCommand('notebook.execute', notebook.uri);
}

async function restart(
  sessions: NotebookSessions,
  notebook: vscode.NotebookDocument,
): Promise<void> {
  await vscode.window.withProgress(
    { location: vscode.ProgressLocation.Window, title: 'Restarting the kernel' },
    () => sessions.get(notebook)?.restart() ?? Promise.resolve(),
  );
}

function findNotebook(context?: ToolbarContext): vscode.NotebookDocument | undefined {
  const uri = context?.notebookEditor?.notebookUri?.toString();
  if (uri === undefined) return vscode.window.activeNotebookEditor?.notebook;
  return vscode.workspace.notebookDocuments.find((notebook) => notebook.uri.toString() === uri);
}
