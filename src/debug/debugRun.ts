/** One debug session of one notebook: from the opened port to its closing. */
import { randomUUID } from 'node:crypto';
import * as path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import * as vscode from 'vscode';
import { folderOf } from '../notebook/folderOf.js';
import type { NotebookSession } from '../notebook/notebookSession.js';
import { CellSources } from './cellSources.js';
import { type InspectorRelay, startRelay } from './inspectorRelay.js';
import { createSourceTracker } from './sourceTracker.js';

/** The debugger could not be had; says why. */
export class DebuggingError extends Error {
  override name = 'DebuggingError';
}

const attachWithinMs = 20_000;
const leavesWithinMs = 2000;
/** In a configuration: which run it belongs to. */
const mark = '__unrollDebugging';

export class DebugRun {
  readonly id = randomUUID();
  /** Cells that were started with it and have not ended. */
  cells = 0;
  #root: vscode.DebugSession | undefined;
  /** The root and what is below it. */
  readonly #sessions = new Set<vscode.DebugSession>();
  #hasEnded = false;
  #attached: () => void = () => undefined;
  readonly #isAttached = new Promise<'attached'>((resolve) => {
    this.#attached = () => resolve('attached');
  });
  #end: () => void = () => undefined;
  /** Resolves when the session is over. */
  readonly ended = new Promise<'ended'>((resolve) => (this.#end = () => resolve('ended')));
  #sources: CellSources | undefined;
  #relay: InspectorRelay | undefined;

  constructor(
    private readonly notebook: vscode.NotebookDocument,
    private readonly session: NotebookSession,
    private readonly log: vscode.LogOutputChannel,
  ) {
    // Where the debugger holds the cell, the kernel cannot stop it.
    session.letGo = () =>
      this.stop().catch((error: unknown) => {
        this.log.error(`The debugger could not be stopped: ${String(error)}`);
      });
  }

  /**
   * Opens the kernel's port and attaches the debugger to it.
   *
   * @param bundles Folder of the kernel's own code, which is not stepped into.
   * @throws {DebuggingError}
   */
  async start(cell: vscode.NotebookCell, bundles: string): Promise<void> {
    const reply = await this.session.openDebugger(cell);
    if (reply?.url === undefined || reply.cellFolder === undefined) {
      const why = reply?.problem ?? 'it ended';
      throw new DebuggingError(`The kernel opened no port for a debugger: ${why}`);
    }
    this.#sources = new CellSources(this.notebook, reply.cellFolder);
    this.#relay = await startRelay(reply.url);
    const folder = vscode.workspace.getWorkspaceFolder(this.notebook.uri);
    const configuration = this.#configuration(this.#relay.url, bundles);
    const options = { suppressSaveBeforeStart: true };
    const hasStarted = await vscode.debug.startDebugging(folder, configuration, options);
    if (hasStarted && (await this.#attaches())) return;
    await this.stop();
    throw new DebuggingError(
      'The JavaScript debugger did not attach to the kernel. ' +
        'Is the built-in extension "JavaScript Debugger" disabled?',
    );
  }

  async runCell(cell: vscode.NotebookCell): Promise<void> {
    this.cells++;
    await this.session.runToEnd([cell]).finally(() => this.cells--);
  }

  /** Detaches the debugger; code that it held goes on. */
  async stop(): Promise<void> {
    if (this.#hasEnded) return;
    if (this.#root) {
      await vscode.debug.stopDebugging(this.#root);
      // The debugger takes its leave of the kernel in order, before the port is closed.
      await Promise.race([this.ended, sleep(leavesWithinMs, undefined, { ref: false })]);
    }
    await this.over();
  }

  /** VS Code began a session of this run. */
  began(session: vscode.DebugSession): void {
    this.#sessions.add(session);
    if (session.parentSession) session.name = session.parentSession.name;
    else this.#root = session;
  }

  /** VS Code ended one, whoever asked for it. With the last, the port is closed: each takes its leave of the kernel. */
  async terminated(session: vscode.DebugSession): Promise<void> {
    this.#sessions.delete(session);
    if (this.#sessions.size === 0) await this.over();
  }

  /** The session is gone: the port is closed. */
  async over(): Promise<void> {
    if (this.#hasEnded) return;
    this.#hasEnded = true;
    this.#root = undefined;
    this.session.letGo = undefined;
    this.#relay?.close();
    this.#end();
    await this.session.closeDebugger();
  }

  track(session: vscode.DebugSession): vscode.DebugAdapterTracker | undefined {
    if (!this.#sources) return undefined;
    return createSourceTracker(this.#sources, {
      // The root only looks for what to debug, and has a session below it for that.
      attached: () => {
        if (session.parentSession) this.#attached();
      },
      moved: (file) => {
        const empty = { source: { path: file }, breakpoints: [] };
        session.customRequest('setBreakpoints', empty).then(undefined, (error: unknown) => {
          this.log.debug(`Breakpoints of a cell's earlier text stay: ${String(error)}`);
        });
      },
    });
  }

  async #attaches(): Promise<boolean> {
    let timer: NodeJS.Timeout | undefined;
    const late = new Promise<'late'>((resolve) => {
      timer = setTimeout(() => resolve('late'), attachWithinMs);
    });
    const outcome = await Promise.race([this.#isAttached, this.ended, late]);
    clearTimeout(timer);
    return outcome === 'attached';
  }

  #configuration(url: string, bundles: string): vscode.DebugConfiguration {
    const settings = vscode.workspace.getConfiguration('unroll.debug', this.notebook.uri);
    const skipped = settings.get<boolean>('stepIntoUnroll', false)
      ? ['kernel.js', 'typescript.cjs', 'interruptWorker.js']
      : ['**'];
    return {
      type: 'pwa-node',
      request: 'attach',
      name: `Cells of ${path.posix.basename(this.notebook.uri.path)}`,
      websocketAddress: url,
      continueOnAttach: true,
      autoAttachChildProcesses: false,
      cwd: folderOf(this.notebook),
      skipFiles: ['<node_internals>/**', ...skipped.map((file) => path.join(bundles, file))],
      // Nothing is looked for on disk: each script brings its map along, which is awaited before it runs.
      outFiles: [],
      resolveSourceMapLocations: null,
      pauseForSourceMap: true,
      // Names are as they are written; to look for others takes the text of every script.
      sourceMapRenames: false,
      internalConsoleOptions: 'neverOpen',
      [mark]: this.id,
    };
  }
}

/** Which run a session belongs to; those below another belong to that one's. */
export function runIdOf(session: vscode.DebugSession): string | undefined {
  const id: unknown = session.configuration[mark];
  if (typeof id === 'string') return id;
  return session.parentSession && runIdOf(session.parentSession);
}
