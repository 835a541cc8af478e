/**
 * A cell's way: compiled, run to its end, its value shown, its reply sent; then the next one. What a cell starts and
 * leaves behind (timers, promises) stays its own.
 */
import type { ExecuteRequest, KernelEvent } from '../contract/protocol.js';
import type { CellErrors } from './cellErrors.js';
import type { CellNames } from './cellNames.js';
import { CellScripts, type CellPosition } from './cellScripts.js';
import { CellSyntaxError } from './compile/cellSyntaxError.js';
import { compileCell, type CompiledCell } from './compile/compileCell.js';
import { cellMapComment } from './debugging.js';
import type { Evaluator, Outcome } from './evaluator.js';
import { Execution, flows } from './execution.js';
import { handOn } from './handOn.js';
import type { ImportedNames } from './importedNames.js';
import type { Interrupts } from './interrupts.js';
import { isError } from './isError.js';
import { setImmediate } from './kernelTimers.js';
import type { LiveCells } from './liveCells.js';
import type { Modules } from './modules.js';
import { asBundle, isPromiseLike, toBundle } from './resultBundle.js';
import { Interrupted } from './sessionErrors.js';
import type { StackFrames } from './stackFrames.js';
import type { StoppableRequests } from './stoppableRequests.js';
import { loadTypeScript } from './typescript.js';

interface Parts {
  evaluator: Evaluator;
  scripts: CellScripts;
  frames: StackFrames;
  modules: Modules;
  names: CellNames;
  imported: ImportedNames;
  errors: CellErrors;
  interrupts: Interrupts;
  requests: StoppableRequests;
  live: LiveCells;
  isDebugged: () => boolean;
  emit: (event: KernelEvent) => void;
}

export class CellRuns {
  readonly #queue: ExecuteRequest[] = [];
  readonly #executions = new Map<number, Execution>();
  #executionCount = 0;

  constructor(private readonly parts: Parts) {}

  /** Runs the cell once those before it have ended. */
  add(request: ExecuteRequest): void {
    this.parts.requests.came(request.id);
    this.#queue.push(request);
    this.startNext();
  }

  byScript(script: number): Execution | undefined {
    return this.#executions.get(script);
  }

  /** Whose output this is: who started the code, else the cell that runs, else the last one. */
  owner(): Execution | undefined {
    return (
      flows.getStore()?.execution ??
      this.parts.live.running ??
      this.#executions.get(this.#executionCount)
    );
  }

  /** The cell that an error without one comes from: the one that its frames name. */
  ownerOf(error: unknown): Execution | undefined {
    const flow = flows.getStore();
    if (flow) return flow.execution;
    const frames = isError(error) ? this.parts.frames.of(error) : [];
    const named = frames.findLast((frame) => frame.cell)?.cell?.script.executionCount;
    return (named === undefined ? undefined : this.#executions.get(named)) ?? this.owner();
  }

  startNext(): void {
    if (this.parts.live.running) return;
    const request = this.#queue.shift();
    if (request) this.#start(request);
  }

  #start({ id, cell, code }: ExecuteRequest): void {
    const executionCount = ++this.#executionCount;
    const execution = new Execution(id, cell, executionCount);
    this.parts.live.begin(execution);
    this.#executions.set(executionCount, execution);
    this.parts.emit({ type: 'status', state: 'busy', parent: id });
    this.parts.frames.renew();
    this.parts.scripts.add({ cell, executionCount, source: code });
    if (this.parts.requests.begins(id) === 'stopped') {
      this.fail(execution, new Interrupted());
      return;
    }
    const compiled = this.#compile(execution, code);
    if (!compiled) return;
    const proceed = () => this.later(() => this.#runBody(execution, compiled));
    if (this.parts.modules.notice()) this.#loadAgain(execution, compiled, proceed);
    else this.#runBody(execution, compiled);
  }

  /** Brings up to date what earlier cells imported from files that changed. */
  #loadAgain(execution: Execution, compiled: CompiledCell, proceed: () => void): void {
    const importing = new Set([...compiled.imported.values()].map(({ specifier }) => specifier));
    const failed = (error: unknown) => this.later(() => this.fail(execution, error));
    this.#run(execution, () => {
      execution.wait(this.parts.imported.loadAgain(importing)).then(() => {
        const script = this.parts.imported.assignments(compiled.declared);
        if (script === undefined) proceed();
        else this.parts.evaluator.run(script, proceed);
      }, failed);
    });
  }

  #runBody(execution: Execution, compiled: CompiledCell): void {
    if (execution.isFinished) return;
    this.parts.imported.add(compiled.declared.keys(), compiled.imported);
    const url = CellScripts.url(execution.executionCount);
    const { cell } = execution;
    const source = this.parts.scripts.get(execution.executionCount)?.source ?? '';
    const map = cellMapComment(compiled.map, cell, source);
    const script = `${compiled.code}\n//# sourceURL=${url}${map}`;
    this.#run(execution, () => {
      this.parts.evaluator.run(script, (outcome) => {
        if (outcome.kind === 'value' && execution.body) this.#runFunction(execution);
        else this.#ends(execution, outcome);
      });
    });
  }

  /** What awaits, under a debugger. */
  #runFunction(execution: Execution): void {
    this.later(() => {
      const { body } = execution;
      if (!body || execution.isFinished) return;
      execution.body = undefined;
      this.#run(execution, () => {
        handOn(body(), {
          waiting: {},
          resolve: () => this.#ends(execution, { kind: 'value' }),
          reject: (error) => this.#ends(execution, { kind: 'thrown', error }),
        });
      });
    });
  }

  /** One turn later: a promise that was rejected and never awaited has been noticed by then. */
  #ends(execution: Execution, outcome: Outcome): void {
    this.later(() => this.#ran(execution, outcome));
  }

  /** Code of the user, as the cell's. Where it is terminated, `#stop` ends the cell. */
  #run(execution: Execution, work: () => void): void {
    this.parts.interrupts.runUserCode({ execution, isDetached: false }, work);
  }

  /** Kernel work in the event loop's next turn. */
  later(work: () => void): void {
    setImmediate(() => this.parts.interrupts.kernel(work));
  }

  #compile(execution: Execution, source: string): CompiledCell | undefined {
    const { executionCount, cell } = execution;
    try {
      const compiled = compileCell(loadTypeScript(), source, {
        script: executionCount,
        hoistsBody: this.parts.isDebugged(),
        ...this.parts.names.compileOptions,
      });
      this.parts.scripts.setMap(executionCount, compiled);
      execution.sets = this.parts.names.add(compiled, cell);
      return compiled;
    } catch (error) {
      const at =
        error instanceof CellSyntaxError
          ? this.parts.scripts.locateOffset(executionCount, error.start, error.length)
          : undefined;
      this.fail(execution, error, at);
      return undefined;
    }
  }

  #ran(execution: Execution, outcome: Outcome): void {
    execution.unwound();
    if (execution.isFinished) return;
    if (outcome.kind === 'terminated') {
      this.fail(execution, new Interrupted());
      return;
    }
    if (outcome.kind === 'thrown') {
      const { error, at } = outcome;
      const url = CellScripts.url(execution.executionCount);
      this.fail(execution, error, at && this.parts.scripts.locate(url, at.line, at.column));
      return;
    }
    const result = execution.takeResult();
    if (result) this.#show(execution, result.value);
    else this.#succeed(execution);
  }

  #show(execution: Execution, value: unknown): void {
    const failed = (error: unknown) => this.later(() => this.fail(execution, error));
    const shown = (bundle: unknown) => this.later(() => this.#showBundle(execution, bundle));
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
      this.parts.emit({ type: 'result', parent: id, executionCount, data: asBundle(shown) });
    } catch (error) {
      this.fail(execution, error);
      return;
    }
    this.#succeed(execution);
  }

  #succeed(execution: Execution): void {
    if (execution.stoppedTraining) {
      this.fail(execution, new Interrupted(execution.stoppedTraining));
      return;
    }
    this.#finish(execution, 'ok');
  }

  /** The error is the cell's: it ends it, or comes after its end. */
  fail(execution: Execution, error: unknown, at?: CellPosition): void {
    if (execution.isFinished) {
      this.parts.errors.stray(execution, error);
      return;
    }
    this.parts.errors.report(execution, error, at);
    this.#finish(execution, 'error');
  }

  /** The same for an error outside the body, which must not run on into the next cell. */
  failElsewhere(execution: Execution, error: unknown): void {
    const isRunning = !execution.isFinished;
    // How promises and timers of a stopped cell end is no news: that it was stopped, it has said.
    if (error instanceof Interrupted && !isRunning) return;
    this.fail(execution, error);
    if (isRunning) execution.cancel(isError(error) ? error : new Interrupted());
  }

  #finish(execution: Execution, status: 'ok' | 'error'): void {
    const { id: parent, executionCount, started } = execution;
    execution.isFinished = true;
    execution.takeResult();
    const durationMs = performance.now() - started;
    const sets = execution.sets.length > 0 ? { sets: execution.sets } : {};
    this.parts.emit({ type: 'executeReply', parent, status, executionCount, durationMs, ...sets });
    this.parts.emit({ type: 'status', state: 'idle', parent });
    this.parts.requests.ends(parent);
    this.parts.live.end(execution);
    this.later(() => this.startNext());
  }
}
