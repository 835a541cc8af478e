/** The Variables view, the pages of values and the commands on them. */
import * as vscode from 'vscode';
import type { NotebookSessions } from '../notebook/notebookSessions.js';
import type { OurNotebooks } from '../notebook/ourNotebooks.js';
import { ValuePages } from './valuePages.js';
import { VariablesView, variablesViewId } from './variablesView.js';

/** What the list's context menu hands over: `data-vscode-context` of the row. */
interface RowContext {
  unrollVariable?: string;
}

export function registerVariables(
  sessions: NotebookSessions,
  notebooks: OurNotebooks,
  extensionUri: vscode.Uri,
): vscode.Disposable {
  const pages = new ValuePages(sessions, extensionUri);
  const view = new VariablesView(sessions, notebooks, pages, extensionUri);
  const onVariable = (command: string, act: (name: string) => unknown) =>
    vscode.commands.registerCommand(command, (row?: RowContext) =>
      row?.unrollVariable === undefined ? undefined : act(row.unrollVariable),
    );
  return vscode.Disposable.from(
    pages,
    view,
    vscode.commands.registerCommand('unroll.showVariables', () =>
      vscode.commands.executeCommand(`${variablesViewId}.focus`),
    ),
    onVariable('unroll.openVariable', (name) => view.open(name)),
    onVariable('unroll.revealVariable', (name) => view.reveal(name)),
    onVariable('unroll.deleteVariable', (name) => view.confirmForget(name)),
  );
}
