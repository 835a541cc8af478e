/** The notebooks that have run something, each with its session. */
import * as vscode from 'vscode';
import type { KernelClient } from '../../kernel/client/kernelClient.js';
import { rememberKernel } from './rememberKernel.js';
import { NotebookSession } from './notebookSession.js';

/** Nothing runs in a workspace that the user does not trust. */
class UntrustedWorkspaceError extends Error {
  override name = 'UntrustedWorkspaceError';

  constructor() {
    super(
      'This workspace is not trusted, so its cells do not run. ' +
        'To trust it, use the command "Workspaces: Manage Workspace Trust".',
    );
  }
}

export class NotebookSessions implements vscode.Disposable {
  readonly #sessions = new Map<vscode.NotebookDocument, NotebookSession>();
  readonly #listeners: vscode.Disposable;

  constructor(
    private readonly controller: vscode.NotebookController,
    private readonly startKernel: (notebook: vscode.NotebookDocument) => KernelClient,
    private readonly log: vscode.LogOutputChannel,
  ) {
    this.#listeners = vscode.Disposable.from(
      vscode.workspace.onDidCloseNotebookDocument((notebook) => this.#end(notebook)),
      controller.onDidChangeSelectedNotebooks(({ notebook, selected }) => {
        if (!selected) this.#end(notebook);
      }),
    );
    controller.executeHandler = (cells, notebook) => this.#run(cells, notebook);
  }

  get(notebook: vscode.NotebookDocument): NotebookSession | undefined {
    return this.#sessions.get(notebook);
  }

  dispose(): void {
    this.#listeners.dispose();
    for (const session of this.#sessions.values()) session.dispose();
    this.#sessions.clear();
  }

  /** Takes the cells before it returns: VS Code gives up those that nobody took. */
  async #run(
    cells: readonly vscode.NotebookCell[],
    notebook: vscode.NotebookDocument,
  ): Promise<void> {
    const session = this.#sessions.get(notebook) ?? this.#create(notebook);
    if (!vscode.workspace.isTrusted) {
      session.refuse(cells, new UntrustedWorkspaceError());
      return;
    }
    session.run(cells);
    await rememberKernel(notebook);
  }

  #create(notebook: vscode.NotebookDocument): NotebookSession {
    const start = () => this.startKernel(notebook);
    const session = new NotebookSession(this.controller, start, this.log);
    this.#sessions.set(notebook, session);
    return session;
  }

  #end(notebook: vscode.NotebookDocument): void {
    this.#sessions.get(notebook)?.dispose();
    this.#sessions.delete(notebook);
  }
}
