/** What VS Code's kernel picker offers for a Jupyter notebook, and which notebooks prefer it. */
import * as vscode from 'vscode';
import {
  controllerId,
  isMadeForUs,
  language,
  notebookType,
  textNotebookType,
} from './kernelspec.js';

const textControllerId = `text-${controllerId}`;

/** One for each type of notebook: VS Code wants it so. */
export function createControllers(): vscode.NotebookController[] {
  return [
    createController(controllerId, notebookType),
    createController(textControllerId, textNotebookType),
  ];
}

/** As the kernel picker does. VS Code picks one when a cell is run; whoever runs cells otherwise has to. */
export async function pickOurKernel(notebook: vscode.NotebookDocument): Promise<void> {
  const notebookEditor = vscode.window.visibleNotebookEditors.find(
    (one) => one.notebook === notebook,
  );
  if (!notebookEditor) return;
  await vscode.commands.executeCommand('notebook.selectKernel', {
    notebookEditor,
    id: notebook.notebookType === textNotebookType ? textControllerId : controllerId,
    extension: 'unroll.unroll',
  });
}

function createController(id: string, type: string): vscode.NotebookController {
  const controller = vscode.notebooks.createNotebookController(id, type, 'TypeScript (Unroll)');
  controller.description = 'Recurrent networks in TypeScript cells';
  controller.supportedLanguages = [language];
  controller.supportsExecutionOrder = true;
  // No interruptHandler: it would not be told which cell is meant. VS Code cancels each execution's own
  // token instead, so that stopping a cell that waits leaves the one that runs alone.
  return controller;
}

/** Preferred where a notebook is made for us, now and when it comes to be. */
export function preferControllers(
  controllers: readonly vscode.NotebookController[],
): vscode.Disposable {
  const prefer = (notebook: vscode.NotebookDocument) => {
    const controller = controllers.find((one) => one.notebookType === notebook.notebookType);
    if (!controller) return;
    const { Preferred, Default } = vscode.NotebookControllerAffinity;
    const affinity = isMadeForUs(notebook.metadata) ? Preferred : Default;
    controller.updateNotebookAffinity(notebook, affinity);
  };
  for (const notebook of vscode.workspace.notebookDocuments) prefer(notebook);
  return vscode.Disposable.from(
    vscode.workspace.onDidOpenNotebookDocument(prefer),
    vscode.workspace.onDidChangeNotebookDocument(({ notebook, metadata }) => {
      if (metadata) prefer(notebook);
    }),
  );
}
