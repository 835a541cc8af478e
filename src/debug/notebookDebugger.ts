/** Debugs cells with VS Code's JavaScript debugger: a bundle of its own, loaded when the first cell is debugged. */
import { randomUUID } from 'node:crypto';
import * as path from 'node:path';
import * as vscode from 'vscode';
import { folderOf } from '../notebook/folderOf.js';
import type { NotebookSession } from '../notebook/notebookSession.js';
import { CellSources } from './cellSources.js';
import { createSourceTracker } from './sourceTracker.js';

/** The debugger could not be had; says why. */
export class DebuggingError extends Error {
  override name = 'DebuggingError';
}

const attachWithinMs = 20_000;
/** In a configuration: which run of the debugger it belongs to. */
const mark = '__unrollDebugging';

interface DebuggedNotebook {
  id: string;
  session: NotebookSession;
  sources: CellSources;
  root: vscode.DebugSession | undefined;
  attached: () => void;
  /** Cells that were started with it and have not ended. */
  cells: number;
}

export class NotebookDebugger implements vscode.Disposable {
  readonly #debugged = new Map<vscode.NotebookDocument, Promise<DebuggedNotebook>>();
  readonly #byId = new Map<string, DebuggedNotebook>();
  readonly #subscriptions: vscode.Disposable;

  constructor(
    private readonly extensionUri: vscode.Uri,
    private readonly log: vscode.LogOutputChannel,
  ) {
    const createDebugAdapterTracker = (session: vscode.DebugSession) => this.#track(session);
    this.#subscriptions = vscode.Disposable.from(
      vscode.debug.registerDebugAdapterTrackerFactory('pwa-node', { createDebugAdapterTracker }),
      vscode.debug.onDidStartDebugSession((session) => {
        const debugged = this.#byId.get(idOf(session));
        if (debugged && !session.parentSession) debugged.root = session;
      }),
    );
  }

  /**
   * Runs the cell under the debugger; resolves when it has ended.
   *
   * @throws {DebuggingError}
   */
  async debug(cell: vscode.NotebookCell, session: NotebookSession): Promise<void> {
    const { notebook } = cell;
    let attaching = this.#debugged.get(notebook);
    if (!attaching) {
      attaching = this.#attach(notebook, session);
      this.#debugged.set(notebook, attaching);
      attaching.catch(() => this.#debugged.delete(notebook));
    }
    const debugged = await attaching;
    debugged.cells++;
    try {
      await session.runToEnd([cell]);
    } finally {
      debugged.cells--;
      if (debugged.cells === 0) await vscode.debug.stopDebugging(debugged.root);
    }
  }

  dispose(): void {
    this.#subscriptions.dispose();
  }

  async #attach(
    notebook: vscode.NotebookDocument,
    session: NotebookSession,
  ): Promise<DebuggedNotebook> {
    const reply = await session.debug('open');
    if (reply?.url === undefined || reply.cellFolder === undefined) {
      const why = reply?.problem ?? 'it ended';
      throw new DebuggingError(`The kernel opened no port for a debugger: ${why}`);
    }
    const id = randomUUID();
    const sources = new CellSources(notebook, reply.cellFolder);
    let attached: () => void = () => undefined;
    const isAttached = new Promise<void>((resolve) => (attached = resolve));
    const debugged: DebuggedNotebook = {
      id,
      session,
      sources,
      root: undefined,
      attached,
      cells: 0,
    };
    this.#byId.set(id, debugged);
    const ended = this.#whenEnded(notebook, debugged);
    const folder = vscode.workspace.getWorkspaceFolder(notebook.uri);
    const configuration = this.#configuration(notebook, reply.url, id);
    const hasStarted = await vscode.debug.startDebugging(folder, configuration, {
      suppressSaveBeforeStart: true,
    });
    const late = new Promise<'late'>((resolve) => {
      setTimeout(() => resolve('late'), attachWithinMs).unref();
    });
    const outcome = hasStarted ? await Promise.race([isAttached, ended, late]) : 'refused';
    if (outcome === undefined) return debugged;
    await vscode.debug.stopDebugging(debugged.root);
    await this.#end(notebook, debugged);
    throw new DebuggingError(
      'The JavaScript debugger did not attach to the kernel. ' +
        'Is the built-in extension "JavaScript Debugger" disabled?',
    );
  }

  #configuration(
    notebook: vscode.NotebookDocument,
    url: string,
    id: string,
  ): vscode.DebugConfiguration {
    const settings = vscode.workspace.getConfiguration('unroll.debug', notebook.uri);
    const bundles = path.join(this.extensionUri.fsPath, 'dist');
    const ours = settings.get<boolean>('stepIntoUnroll', false)
      ? ['kernel.js', 'typescript.cjs', 'interruptWorker.js']
      : ['**'];
    return {
      type: 'pwa-node',
      request: 'attach',
      name: `Cells of ${path.posix.basename(notebook.uri.path)}`,
      websocketAddress: url,
      continueOnAttach: true,
      autoAttachChildProcesses: false,
      cwd: folderOf(notebook),
      skipFiles: ['<node_internals>/**', ...ours.map((file) => path.join(bundles, file))],
      // Nothing is looked for on disk: each script brings its map along, which is awaited before it runs.
      outFiles: [],
      resolveSourceMapLocations: null,
      pauseForSourceMap: true,
      internalConsoleOptions: 'neverOpen',
      [mark]: id,
    };
  }

  #whenEnded(notebook: vscode.NotebookDocument, debugged: DebuggedNotebook): Promise<'ended'> {
    return new Promise((resolve) => {
      const listener = vscode.debug.onDidTerminateDebugSession((session) => {
        if (idOf(session) !== debugged.id || session.parentSession) return;
        listener.dispose();
        resolve('ended');
        this.#end(notebook, debugged).catch((error: unknown) => {
          this.log.error(`A kernel's debugging could not be ended: ${String(error)}`);
        });
      });
    });
  }

  async #end(notebook: vscode.NotebookDocument, debugged: DebuggedNotebook): Promise<void> {
    if (!this.#byId.delete(debugged.id)) return;
    this.#debugged.delete(notebook);
    await debugged.session.debug('close');
  }

  #track(session: vscode.DebugSession): vscode.DebugAdapterTracker | undefined {
    const debugged = this.#byId.get(idOf(session));
    if (!debugged) return undefined;
    return createSourceTracker(debugged.sources, {
      // The root only looks for what to debug, and has a session below it for that.
      configured: () => {
        if (session.parentSession) debugged.attached();
      },
      moved: (file) => {
        const empty = { source: { path: file }, breakpoints: [] };
        session.customRequest('setBreakpoints', empty).then(undefined, (error: unknown) => {
          this.log.debug(`Breakpoints of a cell's earlier text stay: ${String(error)}`);
        });
      },
    });
  }
}

/** Sessions below ours belong to it. */
function idOf(session: vscode.DebugSession): string {
  const id: unknown = session.configuration[mark];
  if (typeof id === 'string') return id;
  return session.parentSession ? idOf(session.parentSession) : '';
}
