/**
 * One notebook's state: puts the parts together, takes requests, and says what happened.
 *
 * A cell: compile (`compile/`) → run (`cellRuns.ts`, `evaluator.ts`) → events (`outputQueue.ts`). What it starts and
 * leaves behind (timers, promises) stays its own: `flows` carries the execution along.
 */
import type { KernelEvent, KernelRequest } from '../contract/protocol.js';
import { MessageError, parseRequest } from '../contract/parseRequest.js';
import type { SteeredRun } from '../notebook/host.js';
import { CellErrors } from './cellErrors.js';
import { CellNames } from './cellNames.js';
import { CellRuns } from './cellRuns.js';
import { CellScripts } from './cellScripts.js';
import { CellStops } from './cellStops.js';
import { createCellRuntime } from './createCellRuntime.js';
import { runtimeName } from './compile/runtimeCall.js';
import { Comms } from './comm.js';
import { complete } from './complete.js';
import { Debugging } from './debugging.js';
import { installConsole } from './consoleStreams.js';
import { toErrorReport } from './errorReport.js';
import { Evaluator } from './evaluator.js';
import { flows } from './execution.js';
import type { Interrupts } from './interrupts.js';
import { FileScripts } from './files/fileScripts.js';
import { ImportedNames } from './importedNames.js';
import { isError } from './isError.js';
import { installLargestVariables } from './largestVariables.js';
import { LiveCells } from './liveCells.js';
import { Modules } from './modules.js';
import { installNotebookHost, type PendingInputs } from './notebookFunctions.js';
import { OutputQueue, type Send } from './outputQueue.js';
import { installProcessHooks } from './processHooks.js';
import { installPromiseInspection } from './promiseInspection.js';
import { Interrupted } from './sessionErrors.js';
import { StackFrames } from './stackFrames.js';
import { StoppableRequests } from './stoppableRequests.js';
import { loadTypeScript } from './typescript.js';
import { Trainings } from './trainings.js';
import { installUserTimers, type UserTimers } from './userTimers.js';
import { VariableRequests } from './variableRequests.js';
import { warmUpCompiler } from './warmUpCompiler.js';

export interface SessionOptions {
  /** The notebook's folder: imports are resolved from there. */
  folder: string;
  /** URL of the folder that holds the bundles: the library, the compiler, the interrupt worker. */
  bundles: URL;
  /** They are listened to already. */
  interrupts: Interrupts;
  send: Send;
  exit: (code: number) => void;
}

export class Session {
  readonly #evaluator = new Evaluator();
  readonly #scripts = new CellScripts();
  readonly #files = new FileScripts();
  readonly #frames: StackFrames;
  readonly #modules: Modules;
  readonly #output: OutputQueue;
  readonly #interrupts: Interrupts;
  readonly #inputs: PendingInputs = new Map();
  readonly #requests = new StoppableRequests();
  readonly #names = new CellNames();
  readonly #imported: ImportedNames;
  readonly #errors: CellErrors;
  readonly #runs: CellRuns;
  readonly #stops: CellStops;
  readonly #live = new LiveCells();
  readonly #variables = new VariableRequests(this.#names, this.#evaluator, () => this.#imported);
  readonly #debugging = new Debugging();
  readonly #comms = new Comms((event) => this.#emit(event));
  readonly #trainings = new Trainings(
    (event) => this.#emit(event),
    (execution) => this.#stops.trainingChanged(execution),
  );
  #timers: UserTimers | undefined;

  constructor(private readonly options: SessionOptions) {
    const { folder, bundles, interrupts, send } = options;
    this.#interrupts = interrupts;
    this.#frames = new StackFrames(this.#scripts, this.#files, new URL('.', bundles).href);
    this.#modules = new Modules({
      folder,
      libraryUrl: new URL('unroll.js', bundles).href,
      typescript: loadTypeScript,
      scripts: this.#files,
      protect: (work) => this.#interrupts.protect(work),
      blame: (error, script, offset, length) => {
        const at = this.#files.locateOffset(script, offset, length);
        if (at) this.#frames.set(error, at);
      },
      loadedAgain: (changed, importers) => this.#imported.tell(changed, importers),
    });
    this.#imported = new ImportedNames({
      modules: this.#modules,
      frames: this.#frames,
      folder,
      spell: (name) => this.#names.expression(name),
      say: (text) => this.#note(text),
    });
    this.#output = new OutputQueue(send, (work) => this.#interrupts.kernel(work));
    this.#errors = new CellErrors(
      this.#frames,
      (event) => this.#emit(event),
      (parent, text) => this.#output.write(parent, 'stderr', text),
    );
    this.#runs = new CellRuns({
      evaluator: this.#evaluator,
      scripts: this.#scripts,
      frames: this.#frames,
      modules: this.#modules,
      names: this.#names,
      imported: this.#imported,
      errors: this.#errors,
      interrupts,
      requests: this.#requests,
      live: this.#live,
      isDebugged: () => this.#debugging.isOpen,
      emit: (event) => this.#emit(event),
    });
    this.#stops = new CellStops({
      live: this.#live,
      requests: this.#requests,
      trainings: this.#trainings,
      inputs: this.#inputs,
      modules: this.#modules,
      interrupts,
      emit: (event) => this.#emit(event),
      fail: (execution, error) => this.#runs.fail(execution, error),
      failElsewhere: (execution, error) => this.#runs.failElsewhere(execution, error),
      stray: (execution, error) => this.#errors.stray(execution, error),
      startNext: () => this.#runs.startNext(),
      later: (work) => this.#runs.later(work),
    });
    interrupts.serve({
      find: (parent) => this.#stops.meant(parent),
      stop: (execution) => this.#stops.stop(execution),
      hasten: (execution) => this.#stops.hasten(execution),
      terminated: (flow, isTold) => this.#stops.terminated(flow, isTold),
      refused: (reason) => this.#emit({ type: 'refused', reason }),
    });
  }

  /** Takes over the process: console, timers, errors, `process.exit`. Requests may come then. */
  install(): void {
    this.#frames.install();
    const runtime = createCellRuntime({
      modules: this.#modules,
      frames: this.#frames,
      scripts: this.#scripts,
      files: this.#files,
      renewed: (name) => this.#imported.renewed(name),
      execution: (script) => this.#runs.byScript(script),
      isDebugged: () => this.#debugging.isOpen,
    });
    const { filename, dirname } = this.#modules.meta;
    this.#evaluator.declare({
      [runtimeName]: runtime,
      require: this.#modules.require,
      __filename: filename,
      __dirname: dirname,
    });
    installConsole((name, text) => {
      const execution = this.#runs.owner();
      if (execution) this.#interrupts.protect(() => this.#output.write(execution.id, name, text));
      return execution !== undefined;
    });
    this.#timers = installUserTimers({
      run: (flow, work, terminated) => this.#interrupts.runUserCode(flow, work, terminated),
      failed: (error, flow) =>
        this.#runs.later(() => this.#runs.failElsewhere(flow.execution, error)),
      isDebugged: () => this.#debugging.isOpen,
      terminated: ({ execution }) => {
        // Where its cell still runs, that is stopped along with it, and says so.
        if (execution.isFinished) this.#errors.stray(execution, new Interrupted());
      },
    });
    installNotebookHost({
      owner: () => this.#runs.owner(),
      emit: (event) => this.#interrupts.protect(() => this.#output.emit(event)),
      inputs: this.#inputs,
      training: (run) => this.#interrupts.protect(() => this.#train(run)),
      answer: (target, handler) => this.#comms.answer(target, handler),
    });
    installPromiseInspection();
    installLargestVariables(() => this.#variables.list());
    installProcessHooks((error) => this.#uncaught(error));
  }

  /** Loads the compiler, so that the first cell does not wait for it. */
  warmUp(): void {
    this.#interrupts.kernel(warmUpCompiler);
  }

  /** Ends the process in order. */
  end(code: number): void {
    this.#interrupts.close(() => this.options.exit(code));
  }

  /** What the front end sent; what is no request is refused. */
  handle(message: unknown): void {
    this.#interrupts.kernel(() => {
      try {
        this.#handle(parseRequest(message));
      } catch (error) {
        if (!(error instanceof MessageError)) throw error;
        this.#refuse(error, message);
      }
    });
  }

  /** Nobody is to wait for the end of a cell that could not be read. */
  #refuse(error: MessageError, message: unknown): void {
    const { id, type } = (message ?? {}) as { id?: unknown; type?: unknown };
    const { name, message: reason } = error;
    this.#emit({ type: 'refused', reason, ...(typeof id === 'string' ? { id } : {}) });
    if (type !== 'execute' || typeof id !== 'string') return;
    const report = { name, message: reason, frames: [], stack: `${name}: ${reason}` };
    this.#emit({ type: 'error', parent: id, error: report });
    const reply = { status: 'error', executionCount: 0, durationMs: 0 } as const;
    this.#emit({ type: 'executeReply', parent: id, ...reply });
  }

  #handle(request: KernelRequest): void {
    switch (request.type) {
      case 'adopt':
        throw new MessageError('adopt: expected before anything else, got by a kernel that runs');
      case 'execute':
        this.#runs.add(request);
        break;
      case 'interrupt':
        if (this.#live.running) this.#stops.stop(this.#live.running);
        break;
      case 'inputReply':
        this.#inputs.get(request.id)?.(request);
        break;
      case 'variables':
      case 'slice':
      case 'forget':
      case 'memory':
        this.#emit(this.#variables.answer(request));
        break;
      case 'training':
        this.#trainings.steer(request);
        break;
      case 'timers': {
        if (request.clear !== undefined) this.#timers?.clear(request.clear);
        const timers = this.#timers?.list() ?? [];
        this.#emit({ type: 'timersReply', id: request.id, timers });
        break;
      }
      case 'complete':
        this.#emit({
          type: 'completeReply',
          id: request.id,
          ...complete(request, [...this.#names.setBy.keys()], (name) => this.#valueOf(name)),
        });
        break;
      case 'debug':
        this.#emit(this.#debugging.handle(request));
        break;
      case 'comm':
        this.#comms.handle(request);
        break;
      case 'shutdown':
        this.#output.drain(() => this.end(0));
        break;
    }
  }

  // -------------------------------------------------------------------------------------------------
  // What comes from elsewhere

  #train(run: SteeredRun): () => void {
    const owner = this.#runs.owner();
    const flow = flows.getStore() ?? (owner && { execution: owner, isDetached: true });
    if (!flow) return () => undefined;
    const changed = this.#trainings.add(run, flow);
    return () => this.#interrupts.protect(changed);
  }

  /** A line of the kernel's own, below the cell that runs. */
  #note(text: string): void {
    const owner = this.#runs.owner();
    if (owner) this.#interrupts.protect(() => this.#output.write(owner.id, 'stderr', text));
  }

  #uncaught(error: unknown): void {
    if (isError(error) && this.#interrupts.isReset(error)) return;
    if (this.#errors.isReported(error)) return;
    const owner = this.#runs.ownerOf(error);
    this.#interrupts.kernel(() => {
      if (owner) {
        this.#runs.failElsewhere(owner, error);
        return;
      }
      process.stderr.write(`${toErrorReport(error, this.#frames).stack}\n`);
      this.end(1);
    });
  }

  /** The value of a name or a path, without side effects. */
  #valueOf(path: string): { value: unknown } | undefined {
    return this.#evaluator.valueOf(this.#names.expression(path));
  }

  #emit(event: KernelEvent): void {
    this.#interrupts.protect(() => this.#output.emit(event));
  }
}
