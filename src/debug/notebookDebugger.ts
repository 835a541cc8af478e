/** Debugs cells with VS Code's JavaScript debugger: a bundle of its own, loaded when the first cell is debugged. */
import * as vscode from 'vscode';
import type { NotebookSession } from '../notebook/notebookSession.js';
import { DebugRun, runIdOf } from './debugRun.js';

export class NotebookDebugger implements vscode.Disposable {
  /** Until they are over: for each notebook one that takes cells at most, and one that ends. */
  readonly #runs = new Set<DebugRun>();
  readonly #subscriptions: vscode.Disposable;

  constructor(
    private readonly extensionUri: vscode.Uri,
    private readonly log: vscode.LogOutputChannel,
  ) {
    const createDebugAdapterTracker = (session: vscode.DebugSession) =>
      this.#runOf(session)?.track(session);
    this.#subscriptions = vscode.Disposable.from(
      vscode.debug.registerDebugAdapterTrackerFactory('pwa-node', { createDebugAdapterTracker }),
      vscode.debug.onDidStartDebugSession((session) => this.#runOf(session)?.began(session)),
      vscode.debug.onDidTerminateDebugSession((session) =>
        this.#runOf(session)?.terminated(session),
      ),
    );
  }

  /**
   * Runs the cell under the debugger; resolves when it has ended.
   *
   * @throws {DebuggingError}
   */
  async debug(cell: vscode.NotebookCell, session: NotebookSession): Promise<void> {
    const ofNotebook = [...this.#runs].filter((run) => run.session === session);
    const run = ofNotebook.find(({ takesCells }) => takesCells) ?? this.#begin(cell, session);
    await run.debug(cell, ofNotebook.at(-1)?.over);
  }

  dispose(): void {
    this.#subscriptions.dispose();
    for (const run of this.#runs) run.dispose();
  }

  #begin({ notebook }: vscode.NotebookCell, session: NotebookSession): DebugRun {
    const bundles = vscode.Uri.joinPath(this.extensionUri, 'dist').fsPath;
    const run = new DebugRun(notebook, session, bundles, this.log);
    this.#runs.add(run);
    void run.over.then(() => this.#runs.delete(run));
    return run;
  }

  #runOf(session: vscode.DebugSession): DebugRun | undefined {
    const id = runIdOf(session);
    return [...this.#runs].find((run) => run.id === id);
  }
}
