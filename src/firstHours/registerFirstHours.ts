/** What helps in the first hours: offers in an empty notebook, the walkthrough's progress, the log, the report. */
import * as vscode from 'vscode';
import type { NotebookSessions } from '../notebook/notebookSessions.js';
import type { OurNotebooks } from '../notebook/ourNotebooks.js';
import { offerInEmptyNotebooks } from './emptyNotebookHints.js';
import type { RememberedLog } from './rememberedLog.js';
import { showReport } from './report.js';
import { watchProgress } from './walkthroughProgress.js';

export function registerFirstHours(
  { id, packageJSON: manifest }: vscode.Extension<unknown>,
  notebooks: OurNotebooks,
  sessions: NotebookSessions,
  { log, lines }: RememberedLog,
): vscode.Disposable {
  const { registerCommand, executeCommand } = vscode.commands;
  return vscode.Disposable.from(
    watchProgress(notebooks),
    offerInEmptyNotebooks(notebooks),
    registerCommand('unroll.showLog', () => log.show()),
    registerCommand('unroll.report', () =>
      showReport({ manifest: manifest as unknown, notebooks, sessions, lines }),
    ),
    registerCommand('unroll.openWalkthrough', () =>
      executeCommand('workbench.action.openWalkthrough', `${id}#firstHours`, false),
    ),
  );
}
