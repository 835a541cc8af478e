/** The notebooks that have run something, each with its session. */
import * as vscode from 'vscode';
import type { KernelClient } from '../../kernel/client/kernelClient.js';
import type { VariableSummary } from '../../kernel/contract/protocol.js';
import { CellDiagnostics } from './cellDiagnostics.js';
import type { FormerKernels } from './formerKernels.js';
import type { SessionChange } from './kernelState.js';
import { NotebookSession } from './notebookSession.js';
import { NotebookSuccessors } from './notebookSuccessors.js';
import { rememberKernel } from './rememberKernel.js';
import { whyNothingRuns } from './whyNothingRuns.js';

export type NotebookChange = SessionChange & { notebook: vscode.NotebookDocument };

/** A notebook that is renamed is closed before it is open under its new name. */
const successorWithinMs = 1000;

export class NotebookSessions implements vscode.Disposable {
  readonly #sessions = new Map<vscode.NotebookDocument, NotebookSession>();
  readonly #selected = new WeakSet<vscode.NotebookDocument>();
  readonly #successors = new NotebookSuccessors();
  readonly #diagnostics = new CellDiagnostics();
  readonly #changes = new vscode.EventEmitter<NotebookChange>();
  /** A notebook's kernel began, ended, ran a cell, trains: what others show of it is to be renewed. */
  readonly onDidChange = this.#changes.event;
  readonly #listeners: vscode.Disposable;

  constructor(
    /** One for each type of notebook. */
    private readonly controllers: readonly vscode.NotebookController[],
    private readonly startKernel: (notebook: vscode.NotebookDocument) => KernelClient,
    private readonly formerKernels: FormerKernels,
    private readonly log: vscode.LogOutputChannel,
  ) {
    this.#listeners = vscode.Disposable.from(
      this.#successors,
      this.#changes,
      this.#diagnostics,
      vscode.workspace.onDidCloseNotebookDocument((notebook) => this.#left(notebook)),
      ...controllers.map((controller) =>
        controller.onDidChangeSelectedNotebooks(({ notebook, selected }) => {
          if (selected) this.#selected.add(notebook);
          else this.#left(notebook);
        }),
      ),
    );
    for (const controller of controllers) {
      controller.executeHandler = (cells, notebook) => this.#run(cells, notebook);
    }
  }

  get(notebook: vscode.NotebookDocument): NotebookSession | undefined {
    return this.#sessions.get(notebook);
  }

  /**
   * The notebook's session, made where there is none, to run cells with.
   *
   * @throws {UntrustedWorkspaceError | VirtualNotebookError}
   */
  toRun(notebook: vscode.NotebookDocument): NotebookSession {
    const reason = whyNothingRuns(notebook);
    if (reason) throw reason;
    return this.#sessions.get(notebook) ?? this.#create(notebook);
  }

  /** Names that the notebook's kernel would complete the code with; undefined where none is idle. */
  async complete(notebook: vscode.NotebookDocument, code: string): Promise<string[] | undefined> {
    return await this.get(notebook)?.complete(code);
  }

  async variables(notebook: vscode.NotebookDocument): Promise<VariableSummary[] | undefined> {
    return await this.get(notebook)?.variables();
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
    const reason = whyNothingRuns(notebook);
    if (reason) {
      session.refuse(cells, reason);
      return;
    }
    session.run(cells);
    await rememberKernel(notebook);
  }

  #create(notebook: vscode.NotebookDocument): NotebookSession {
    const start = () => ({
      kernel: this.startKernel(notebook),
      isSuccessor: this.formerKernels.started(notebook),
    });
    const controller = this.controllers.find((one) => one.notebookType === notebook.notebookType);
    if (!controller)
      throw new Error(`No kernel of ours is for notebooks of type ${notebook.notebookType}.`);
    const changed = (change: SessionChange) => this.#changed(session, change);
    const session = new NotebookSession(controller, start, this.#diagnostics, this.log, changed);
    this.#sessions.set(notebook, session);
    return session;
  }

  /** Closed, or another kernel was picked: the same, to VS Code, when an untitled notebook is saved. */
  #left(notebook: vscode.NotebookDocument): void {
    this.#selected.delete(notebook);
    if (!this.#sessions.has(notebook)) {
      if (notebook.isClosed) this.formerKernels.ended(notebook);
      return;
    }
    if (this.#handOver(notebook)) return;
    setTimeout(() => {
      if (!this.#selected.has(notebook) && !this.#handOver(notebook)) this.#end(notebook);
    }, successorWithinMs);
  }

  /** The session of a notebook that was saved or renamed goes on under the new name. */
  #handOver(notebook: vscode.NotebookDocument): boolean {
    const session = this.#sessions.get(notebook);
    const successor = this.#successors.of(notebook);
    if (!session || !successor || this.#sessions.has(successor)) return false;
    this.#sessions.delete(notebook);
    this.#sessions.set(successor, session);
    this.formerKernels.moved(notebook, successor);
    this.#changes.fire({ kind: 'state', notebook: successor });
    return true;
  }

  /** Told of the notebook that the session is of by now. */
  #changed(session: NotebookSession, change: SessionChange): void {
    for (const [notebook, one] of this.#sessions) {
      if (one === session) this.#changes.fire({ ...change, notebook });
    }
  }

  #end(notebook: vscode.NotebookDocument): void {
    this.#sessions.get(notebook)?.dispose();
    this.#sessions.delete(notebook);
    this.formerKernels.ended(notebook);
    this.#changes.fire({ kind: 'fresh', notebook });
  }
}
