/** Constructs, wires and hands over; nothing starts and nothing is read before the first cell runs. */
import * as vscode from 'vscode';
import { SpareKernel } from '../kernel/client/kernelClient.js';
import { CellDebugging } from './debug/debugCell.js';
import { registerCommands } from './commands/registerCommands.js';
import { registerExport } from './export/exportNotebook.js';
import { registerFirstHours } from './firstHours/registerFirstHours.js';
import { rememberLog } from './firstHours/rememberedLog.js';
import { startNotebookKernel } from './kernelProcess/startNotebookKernel.js';
import { LanguageService } from './language/languageService.js';
import { createControllers, preferControllers } from './notebook/controller.js';
import { FormerKernels } from './notebook/formerKernels.js';
import { tellOfNotebookInFront } from './notebook/notebookInFront.js';
import { NotebookSessions } from './notebook/notebookSessions.js';
import { OurNotebooks } from './notebook/ourNotebooks.js';
import { openVirtualReadOnly } from './notebook/virtualNotebooks.js';
import { keepOutputs } from './textNotebook/keptOutputs.js';
import { registerTextNotebooks } from './textNotebook/textNotebookSerializer.js';
import { registerStatus } from './status/registerStatus.js';
import { registerTools } from './tools/registerTools.js';
import { registerVariables } from './variables/registerVariables.js';
import { forwardRendererMessages } from './notebook/rendererMessages.js';

export function activate(context: vscode.ExtensionContext): void {
  const { subscriptions, extension, workspaceState } = context;
  const remembered = rememberLog(vscode.window.createOutputChannel('Unroll', { log: true }));
  const { log } = remembered;
  const kernelPath = vscode.Uri.joinPath(extension.extensionUri, 'dist', 'kernel.js').fsPath;
  const spare = new SpareKernel();
  const controllers = createControllers();
  const sessions = new NotebookSessions(
    controllers,
    (notebook) => startNotebookKernel(kernelPath, notebook, spare, log),
    new FormerKernels(workspaceState, log),
    log,
  );
  const notebooks = new OurNotebooks(controllers);
  // Disposed in this order: kernels end before what they write to.
  subscriptions.push(
    forwardRendererMessages(sessions, log),
    sessions,
    spare,
    registerCommands(extension, sessions),
    registerExport(extension.extensionUri, log),
    registerFirstHours(extension, notebooks, sessions, remembered),
    new CellDebugging(extension.extensionUri, sessions, log),
    preferControllers(controllers),
    tellOfNotebookInFront(notebooks),
    openVirtualReadOnly(notebooks, log),
    registerTextNotebooks(),
    registerStatus(sessions, notebooks),
    registerTools(sessions, notebooks),
    registerVariables(sessions, notebooks, extension.extensionUri),
    keepOutputs(controllers, log),
    new LanguageService(notebooks, sessions, extension.extensionUri, log),
    notebooks,
    ...controllers,
    log,
  );
}
