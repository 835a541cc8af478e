/**
 * One notebook's state: takes requests, runs cells one at a time, and says what happened.
 *
 * compile (`compile/`) → run (`evaluator.ts`) → events (`outputQueue.ts`). What a cell starts and leaves
 * behind (timers, promises) stays its own: `flows` carries the execution along.
 */
import type { ExecuteRequest, KernelEvent, KernelRequest } from '../contract/protocol.js';
import { MessageError, parseRequest } from '../contract/parseRequest.js';
import type { SteeredRun } from '../notebook/host.js';
import { CellErrors } from './cellErrors.js';
import { CellNames } from './cellNames.js';
import { CellScripts, type CellPosition } from './cellScripts.js';
import { CellStops } from './cellStops.js';
import { createCellRuntime } from './createCellRuntime.js';
import { CellSyntaxError } from './compile/cellSyntaxError.js';
import { compileCell, type CompiledCell } from './compile/compileCell.js';
import { runtimeName } from './compile/runtimeCall.js';
import { Comms } from './comm.js';
import { complete } from './complete.js';
import { installConsole } from './consoleStreams.js';
import { toErrorReport } from './errorReport.js';
import { Evaluator, type Outcome } from './evaluator.js';
import { Execution, flows } from './execution.js';
import type { Interrupts } from './interrupts.js';
import { FileScripts } from './files/fileScripts.js';
import { ImportedNames } from './importedNames.js';
import { isError } from './isError.js';
import { setImmediate } from './kernelTimers.js';
import { installLargestVariables } from './largestVariables.js';
import { LiveCells } from './liveCells.js';
import { Modules } from './modules.js';
import { installNotebookHost, type PendingInputs } from './notebookFunctions.js';
import { OutputQueue, type Send } from './outputQueue.js';
import { installProcessHooks } from './processHooks.js';
import { installPromiseInspection } from './promiseInspection.js';
import { asBundle, isPromiseLike, toBundle } from './resultBundle.js';
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
  readonly #queue: ExecuteRequest[] = [];
  readonly #executions = new Map<number, Execution>();
  readonly #requests = new StoppableRequests();
  readonly #names = new CellNames();
  readonly #imported: ImportedNames;
  readonly #errors: CellErrors;
  readonly #stops: CellStops;
  readonly #live = new LiveCells();
  readonly #variables = new VariableRequests(this.#names, this.#evaluator, () => this.#imported);
  readonly #comms = new Comms((event) => this.#emit(event));
  readonly #trainings = new Trainings(
    (event) => this.#emit(event),
    (execution) => this.#stops.trainingChanged(execution),
  );
  #timers: UserTimers | undefined;
  #executionCount = 0;

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
    this.#stops = new CellStops({
      live: this.#live,
      requests: this.#requests,
      trainings: this.#trainings,
      inputs: this.#inputs,
      modules: this.#modules,
      interrupts,
      emit: (event) => this.#emit(event),
      fail: (execution, error) => this.#fail(execution, error),
      failElsewhere: (execution, error) => this.#failElsewhere(execution, error),
      stray: (execution, error) => this.#errors.stray(execution, error),
      startNext: () => this.#startNext(),
      later: (work) => this.#later(work),
    });
    interrupts.serve({
      find: (parent) => this.#stops.meant(parent),
      stop: (execution) => this.#stops.stop(execution),
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
      execution: (script) => this.#executions.get(script),
    });
    const { filename, dirname } = this.#modules.meta;
    this.#evaluator.declare({
      [runtimeName]: runtime,
      require: this.#modules.require,
      __filename: filename,
      __dirname: dirname,
    });
    installConsole((name, text) => {
      const execution = this.#owner();
      if (execution) this.#interrupts.protect(() => this.#output.write(execution.id, name, text));
      return execution !== undefined;
    });
    this.#timers = installUserTimers({
      run: (flow, work, terminated) => this.#interrupts.runUserCode(flow, work, terminated),
      failed: (error, flow) => this.#later(() => this.#failElsewhere(flow.execution, error)),
      terminated: ({ execution }) => {
        // Where its cell still runs, that is stopped along with it, and says so.
        if (execution.isFinished) this.#errors.stray(execution, new Interrupted());
      },
    });
    installNotebookHost({
      owner: () => this.#owner(),
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
        this.#requests.came(request.id);
        this.#queue.push(request);
        this.#startNext();
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
      case 'comm':
        this.#comms.handle(request);
        break;
      case 'shutdown':
        this.#output.drain(() => this.end(0));
        break;
    }
  }

  // -------------------------------------------------------------------------------------------------
  // A cell's way

  #startNext(): void {
    if (this.#live.running) return;
    const request = this.#queue.shift();
    if (request) this.#start(request);
  }

  #start({ id, cell, code }: ExecuteRequest): void {
    const executionCount = ++this.#executionCount;
    const execution = new Execution(id, cell, executionCount);
    this.#live.begin(execution);
    this.#executions.set(executionCount, execution);
    this.#emit({ type: 'status', state: 'busy', parent: id });
    this.#frames.renew();
    this.#scripts.add({ cell, executionCount, source: code });
    if (this.#requests.begins(id) === 'stopped') {
      this.#fail(execution, new Interrupted());
      return;
    }
    const compiled = this.#compile(execution, code);
    if (!compiled) return;
    const proceed = () => this.#later(() => this.#runBody(execution, compiled));
    if (this.#modules.notice()) this.#loadAgain(execution, compiled, proceed);
    else this.#runBody(execution, compiled);
  }

  /** Brings up to date what earlier cells imported from files that changed. */
  #loadAgain(execution: Execution, compiled: CompiledCell, proceed: () => void): void {
    const importing = new Set([...compiled.imported.values()].map(({ specifier }) => specifier));
    const failed = (error: unknown) => this.#later(() => this.#fail(execution, error));
    this.#run(execution, () => {
      execution.wait(this.#imported.loadAgain(importing)).then(() => {
        const script = this.#imported.assignments(compiled.declared);
        if (script === undefined) proceed();
        else this.#evaluator.run(script, proceed);
      }, failed);
    });
  }

  #runBody(execution: Execution, compiled: CompiledCell): void {
    if (execution.isFinished) return;
    this.#imported.add(compiled.declared.keys(), compiled.imported);
    const url = CellScripts.url(execution.executionCount);
    const script = `${compiled.code}\n//# sourceURL=${url}`;
    this.#run(execution, () => {
      // One turn later: a promise that was rejected and never awaited has been noticed by then.
      this.#evaluator.run(script, (outcome) => this.#later(() => this.#ran(execution, outcome)));
    });
  }

  /** Code of the user, as the cell's. Where it is terminated, `#stop` ends the cell. */
  #run(execution: Execution, work: () => void): void {
    this.#interrupts.runUserCode({ execution, isDetached: false }, work);
  }

  /** Kernel work in the event loop's next turn. */
  #later(work: () => void): void {
    setImmediate(() => this.#interrupts.kernel(work));
  }

  #compile(execution: Execution, source: string): CompiledCell | undefined {
    const { executionCount, cell } = execution;
    try {
      const compiled = compileCell(loadTypeScript(), source, {
        script: executionCount,
        ...this.#names.compileOptions,
      });
      this.#scripts.setMap(executionCount, compiled);
      execution.sets = this.#names.add(compiled, cell);
      return compiled;
    } catch (error) {
      const at =
        error instanceof CellSyntaxError
          ? this.#scripts.locateOffset(executionCount, error.start, error.length)
          : undefined;
      this.#fail(execution, error, at);
      return undefined;
    }
  }

  #ran(execution: Execution, outcome: Outcome): void {
    execution.unwound();
    if (execution.isFinished) return;
    if (outcome.kind === 'terminated') {
      this.#fail(execution, new Interrupted());
      return;
    }
    if (outcome.kind === 'thrown') {
      const { error, at } = outcome;
      const url = CellScripts.url(execution.executionCount);
      this.#fail(execution, error, at && this.#scripts.locate(url, at.line, at.column));
      return;
    }
    const result = execution.takeResult();
    if (result) this.#show(execution, result.value);
    else this.#succeed(execution);
  }

  #show(execution: Execution, value: unknown): void {
    const failed = (error: unknown) => this.#later(() => this.#fail(execution, error));
    const shown = (bundle: unknown) => this.#later(() => this.#showBundle(execution, bundle));
    this.#run(execution, () => {
      try {
        const bundle = toBundle(value);
        if (isPromiseLike(bundle)) execution.wait(bundle).then(shown, failed);
        else shown(bundle);
      } catch (error) {
        failed(error);
      }
    });
  }

  #showBundle(execution: Execution, shown: unknown): void {
    if (execution.isFinished) return;
    const { id, executionCount } = execution;
    try {
      this.#emit({ type: 'result', parent: id, executionCount, data: asBundle(shown) });
    } catch (error) {
      this.#fail(execution, error);
      return;
    }
    this.#succeed(execution);
  }

  #succeed(execution: Execution): void {
    if (execution.stoppedTraining) {
      this.#fail(execution, new Interrupted(execution.stoppedTraining));
      return;
    }
    this.#finish(execution, 'ok');
  }

  /** The error is the cell's: it ends it, or comes after its end. */
  #fail(execution: Execution, error: unknown, at?: CellPosition): void {
    if (execution.isFinished) {
      this.#errors.stray(execution, error);
      return;
    }
    this.#errors.report(execution, error, at);
    this.#finish(execution, 'error');
  }

  /** The same for an error outside the body, which must not run on into the next cell. */
  #failElsewhere(execution: Execution, error: unknown): void {
    const isRunning = !execution.isFinished;
    // How promises and timers of a stopped cell end is no news: that it was stopped, it has said.
    if (error instanceof Interrupted && !isRunning) return;
    this.#fail(execution, error);
    if (isRunning) execution.cancel(isError(error) ? error : new Interrupted());
  }

  #finish(execution: Execution, status: 'ok' | 'error'): void {
    const { id: parent, executionCount, started } = execution;
    execution.isFinished = true;
    execution.takeResult();
    const durationMs = performance.now() - started;
    const sets = execution.sets.length > 0 ? { sets: execution.sets } : {};
    this.#emit({ type: 'executeReply', parent, status, executionCount, durationMs, ...sets });
    this.#emit({ type: 'status', state: 'idle', parent });
    this.#requests.ends(parent);
    this.#live.end(execution);
    this.#later(() => this.#startNext());
  }

  // -------------------------------------------------------------------------------------------------
  // What comes from elsewhere

  #train(run: SteeredRun): () => void {
    const owner = this.#owner();
    const flow = flows.getStore() ?? (owner && { execution: owner, isDetached: true });
    if (!flow) return () => undefined;
    const changed = this.#trainings.add(run, flow);
    return () => this.#interrupts.protect(changed);
  }

  /** A line of the kernel's own, below the cell that runs. */
  #note(text: string): void {
    const owner = this.#owner();
    if (owner) this.#interrupts.protect(() => this.#output.write(owner.id, 'stderr', text));
  }

  /** Whose output this is: who started the code, else the cell that runs, else the last one. */
  #owner(): Execution | undefined {
    return (
      flows.getStore()?.execution ??
      this.#live.running ??
      this.#executions.get(this.#executionCount)
    );
  }

  /** The cell that an error without one comes from: the one that its frames name. */
  #ownerOf(error: unknown): Execution | undefined {
    const flow = flows.getStore();
    if (flow) return flow.execution;
    const frames = isError(error) ? this.#frames.of(error) : [];
    const named = frames.findLast((frame) => frame.cell)?.cell?.script.executionCount;
    return (named === undefined ? undefined : this.#executions.get(named)) ?? this.#owner();
  }

  #uncaught(error: unknown): void {
    if (isError(error) && this.#interrupts.isReset(error)) return;
    if (this.#errors.isReported(error)) return;
    const owner = this.#ownerOf(error);
    this.#interrupts.kernel(() => {
      if (owner) {
        this.#failElsewhere(owner, error);
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
