/**
 * One debug session of one notebook, from the opened port to its closing: `starting → attached → ending → over`.
 *
 * A cell that is stopped ends where it is held before its session does (`interruptWorker.ts`), so the debugger always
 * takes its leave of a kernel that runs.
 */
import { randomUUID } from 'node:crypto';
import * as path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import * as vscode from 'vscode';
import { folderOf } from '../notebook/folderOf.js';
import type { NotebookSession } from '../notebook/notebookSession.js';
import { CellBreakpoints } from './cellBreakpoints.js';
import { CellSources } from './cellSources.js';
import { type InspectorRelay, startRelay } from './inspectorRelay.js';
import { Resumptions } from './resumptions.js';
import { createSourceTracker } from './sourceTracker.js';

/** The debugger could not be had; says why. */
export class DebuggingError extends Error {
  override name = 'DebuggingError';
}

const attachWithinMs = 20_000;
/** VS Code itself waits for two seconds for a debugger to take its leave, and for each session alone. */
const leavesWithinMs = 5000;
/** In a configuration: which run it belongs to. */
const mark = '__unrollDebugging';

export class DebugRun {
  readonly id = randomUUID();
  #state: 'starting' | 'attached' | 'ending' | 'over' = 'starting';
  /** Cells that are debugged with it and have not ended. */
  #cells = 0;
  #root: vscode.DebugSession | undefined;
  /** The root and what is below it. */
  readonly #sessions = new Set<vscode.DebugSession>();
  readonly #attached = new Signal();
  /** VS Code has ended all sessions. */
  readonly #left = new Signal();
  readonly #over = new Signal();
  readonly #breakpoints = new CellBreakpoints();
  readonly #resumptions = new Resumptions();
  #started: Promise<void> | undefined;
  #sources: CellSources | undefined;
  #relay: InspectorRelay | undefined;

  /** @param bundles Folder of the kernel's own code, which is not stepped into. */
  constructor(
    private readonly notebook: vscode.NotebookDocument,
    readonly session: NotebookSession,
    private readonly bundles: string,
    private readonly log: vscode.LogOutputChannel,
  ) {}

  get takesCells(): boolean {
    return this.#state === 'starting' || this.#state === 'attached';
  }

  /** Resolves when the kernel's port is closed. */
  get over(): Promise<void> {
    return this.#over.given;
  }

  /**
   * Runs the cell under the debugger; resolves when it has ended. The session ends with the last one.
   *
   * @param before Resolves when the session before this one is over: both would have the same port.
   * @throws {DebuggingError}
   */
  async debug(cell: vscode.NotebookCell, before: Promise<void> | undefined): Promise<void> {
    this.#cells++;
    try {
      await (this.#started ??= this.#start(cell, before));
      await this.#breakpoints.renew(cell, this.#sources?.fileOf(cell.document.uri.toString()));
      await this.session.runToEnd([cell]);
    } finally {
      if (--this.#cells === 0) await this.#end();
    }
  }

  /** VS Code began a session of this run. */
  began(session: vscode.DebugSession): void {
    this.#sessions.add(session);
    if (session.parentSession) session.name = session.parentSession.name;
    else this.#root = session;
  }

  /** VS Code ended one, whoever asked for it. Until the last is gone the port stays: each takes its leave of the kernel. */
  terminated(session: vscode.DebugSession): void {
    this.#sessions.delete(session);
    this.#resumptions.ended(session.id);
    if (this.#sessions.size > 0) return;
    this.#left.give();
    if (this.takesCells) void this.#end();
  }

  track(session: vscode.DebugSession): vscode.DebugAdapterTracker | undefined {
    if (!this.#sources) return undefined;
    const sources = createSourceTracker(this.#sources, {
      // The root only looks for what to debug, and has a session below it for that.
      attached: () => {
        if (session.parentSession) this.#attached.give();
      },
      set: (cellUri, file) => {
        const before = session.parentSession && this.#breakpoints.set(cellUri, file);
        if (before === undefined) return;
        const empty = { source: { path: before }, breakpoints: [] };
        session.customRequest('setBreakpoints', empty).then(undefined, (error: unknown) => {
          this.log.debug(`Breakpoints of a cell's earlier text stay: ${String(error)}`);
        });
      },
    });
    return {
      onWillReceiveMessage: (message) => {
        this.#resumptions.asked(session.id, message as object);
        sources.onWillReceiveMessage?.(message);
      },
      onDidSendMessage: (message) => {
        this.#resumptions.answered(session.id, message as object);
        sources.onDidSendMessage?.(message);
      },
    };
  }

  /** The window goes, and the kernel with it. */
  dispose(): void {
    this.#relay?.close();
  }

  async #start(cell: vscode.NotebookCell, before: Promise<void> | undefined): Promise<void> {
    await before;
    const reply = await this.session.openDebugger(cell);
    if (reply?.url === undefined || reply.cellFolder === undefined) {
      const why = reply?.problem ?? 'it ended';
      throw new DebuggingError(`The kernel opened no port for a debugger: ${why}`);
    }
    this.#sources = new CellSources(this.notebook, reply.cellFolder);
    this.#relay = await startRelay(reply.url);
    const folder = vscode.workspace.getWorkspaceFolder(this.notebook.uri);
    const configuration = this.#configuration(this.#relay.url);
    const options = { suppressSaveBeforeStart: true };
    const hasStarted = await vscode.debug.startDebugging(folder, configuration, options);
    if (hasStarted) {
      await within(attachWithinMs, Promise.race([this.#attached.given, this.#left.given]));
    }
    if (this.#left.isGiven) {
      throw new DebuggingError('The debug session ended before the cell began: it was not run.');
    }
    if (!this.#attached.isGiven) {
      throw new DebuggingError(
        'The JavaScript debugger did not attach to the kernel. ' +
          'Is the built-in extension "JavaScript Debugger" disabled?',
      );
    }
    this.#state = 'attached';
  }

  /** Whatever is still held goes on without a debugger. */
  async #end(): Promise<void> {
    if (!this.takesCells) return;
    this.#state = 'ending';
    try {
      if (this.#root && this.#sessions.size > 0) await this.#leave(this.#root);
      this.#relay?.close();
      await this.session.closeDebugger();
    } catch (error) {
      this.log.error(`A debug session did not end in order: ${String(error)}`);
    } finally {
      this.#state = 'over';
      this.#over.give();
    }
  }

  async #leave(root: vscode.DebugSession): Promise<void> {
    await within(leavesWithinMs, this.#resumptions.settled());
    const leaving = Promise.all([vscode.debug.stopDebugging(root), this.#left.given]);
    await within(leavesWithinMs, leaving);
    for (const { name } of this.#sessions) {
      this.log.warn(`VS Code has not ended the debug session "${name}"; its port is closed.`);
    }
  }

  #configuration(url: string): vscode.DebugConfiguration {
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
      skipFiles: ['<node_internals>/**', ...skipped.map((file) => path.join(this.bundles, file))],
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

/** Given once. */
class Signal {
  isGiven = false;
  #resolve: () => void = () => undefined;
  readonly given = new Promise<void>((resolve) => (this.#resolve = resolve));

  give(): void {
    this.isGiven = true;
    this.#resolve();
  }
}

async function within(ms: number, work: Promise<unknown>): Promise<void> {
  const timer = new AbortController();
  const late = sleep(ms, undefined, { ref: false, signal: timer.signal }).catch(() => undefined);
  try {
    await Promise.race([work, late]);
  } finally {
    timer.abort();
  }
}
