/** Debugs cells with VS Code's JavaScript debugger: a bundle of its own, loaded when the first cell is debugged. */
import * as vscode from 'vscode';
import type { NotebookSession } from '../notebook/notebookSession.js';
import { DebugRun, runIdOf } from './debugRun.js';

interface Debugged {
  run: DebugRun;
  /** Rejects with a `DebuggingError`. */
  started: Promise<void>;
}

export class NotebookDebugger implements vscode.Disposable {
  /** At most one for each notebook. */
  readonly #debugged = new Map<vscode.NotebookDocument, Debugged>();
  /** Until their sessions are over. */
  readonly #runs = new Map<string, DebugRun>();
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
      vscode.debug.onDidTerminateDebugSession((session) => this.#terminated(session)),
    );
  }

  /**
   * Runs the cell under the debugger; resolves when it has ended.
   *
   * @throws {DebuggingError}
   */
  async debug(cell: vscode.NotebookCell, session: NotebookSession): Promise<void> {
    const { notebook } = cell;
    const debugged = this.#debugged.get(notebook) ?? this.#start(cell, session);
    const { run, started } = debugged;
    await started;
    await run.runCell(cell);
    if (run.cells > 0) return;
    // Before the session ends: a cell that is debugged from now on needs another.
    if (this.#debugged.get(notebook) === debugged) this.#debugged.delete(notebook);
    await run.stop();
  }

  dispose(): void {
    this.#subscriptions.dispose();
  }

  #start(cell: vscode.NotebookCell, session: NotebookSession): Debugged {
    const { notebook } = cell;
    const run = new DebugRun(notebook, session, this.log);
    const bundles = vscode.Uri.joinPath(this.extensionUri, 'dist').fsPath;
    this.#runs.set(run.id, run);
    const debugged = { run, started: run.start(cell, bundles) };
    this.#debugged.set(notebook, debugged);
    run.ended.then(
      () => {
        this.#runs.delete(run.id);
        if (this.#debugged.get(notebook) === debugged) this.#debugged.delete(notebook);
      },
      () => undefined,
    );
    return debugged;
  }

  #runOf(session: vscode.DebugSession): DebugRun | undefined {
    return this.#runs.get(runIdOf(session) ?? '');
  }

  #terminated(session: vscode.DebugSession): void {
    const ending = this.#runOf(session)?.terminated(session);
    ending?.then(undefined, (error: unknown) => {
      this.log.error(`A kernel's port for the debugger could not be closed: ${String(error)}`);
    });
  }
}
