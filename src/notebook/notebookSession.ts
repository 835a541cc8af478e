/** One notebook and its kernel: cells run one after the other, in a process that starts with the first. */
import { randomUUID } from 'node:crypto';
import * as vscode from 'vscode';
import type { CellEvent, CommOutcome, KernelClient } from '../../kernel/client/kernelClient.js';
import type { Json } from '../../kernel/contract/mime.js';
import type {
  DebugReply,
  ErrorReport,
  InputRequest,
  TimerSummary,
  TrainingRequest,
  VariableSummary,
} from '../../kernel/contract/protocol.js';
import { askForInput } from './askForInput.js';
import type { CellDiagnostics } from './cellDiagnostics.js';
import { CellStop } from './cellStop.js';
import { lostWithWindow } from './formerKernels.js';
import type { KernelState, SessionChange } from './kernelState.js';
import { NotebookOutputs } from './outputs/notebookOutputs.js';
import { NotebookTrainings } from './notebookTrainings.js';
import { RunQueue } from './runQueue.js';

interface RunningCell {
  id: string;
  execution: vscode.NotebookCellExecution;
  stop: CellStop;
  /** Takes back what the cell asks the user when it ends. */
  questions: vscode.CancellationTokenSource;
}

export type SteerAction = Omit<TrainingRequest, 'type' | 'parent'>;

interface Outcome {
  success: boolean | undefined;
  executionOrder?: number;
}

export class NotebookSession implements vscode.Disposable {
  readonly #outputs: NotebookOutputs;
  /** The runs of `fit` in its kernel. */
  readonly trainings = new NotebookTrainings();
  readonly #queue = new RunQueue<vscode.NotebookCellExecution>(
    (execution) => this.#run(execution).finally(() => this.#over(execution)),
    (execution) => {
      execution.end(undefined);
      this.#over(execution);
      this.changed({ kind: 'dropped', cell: execution.cell });
    },
  );
  /** Those that run, and those that wait to. */
  readonly #atWork = new Set<vscode.NotebookCell>();
  /** Who waits for the end of which. */
  readonly #waiting = new Map<vscode.NotebookCellExecution, () => void>();
  /** Which cell a request ran: its output may come late. */
  readonly #cells = new Map<string, vscode.NotebookCell>();
  #kernel: KernelClient | undefined;
  /** Of the kernel's process. */
  #process: 'starting' | 'ready' | 'ended' = 'starting';
  /** More than one where a training is paused. */
  readonly #running = new Map<vscode.NotebookCellExecution, RunningCell>();

  constructor(
    private readonly controller: vscode.NotebookController,
    /** `isSuccessor`: of one that was lost with the window. */
    private readonly startKernel: () => { kernel: KernelClient; isSuccessor: boolean },
    private readonly diagnostics: CellDiagnostics,
    private readonly log: vscode.LogOutputChannel,
    private readonly changed: (change: SessionChange) => void,
  ) {
    this.#outputs = new NotebookOutputs(controller, log);
  }

  get hasKernel(): boolean {
    return this.#kernel !== undefined;
  }

  /** For questions; it never starts a process to answer one. */
  get kernel(): Pick<KernelClient, 'variables' | 'slice' | 'forget' | 'memory'> | undefined {
    return this.#kernel;
  }

  get state(): KernelState {
    if (!this.#kernel) return 'none';
    const running = [...this.#running.keys()];
    if (running.length === 0) return this.#process === 'ready' ? 'idle' : this.#process;
    return running.every(({ cell }) => this.trainings.isPaused(cell)) ? 'paused' : 'busy';
  }

  /** Whether the cell runs, or waits to. */
  isAtWork(cell: vscode.NotebookCell): boolean {
    return this.#atWork.has(cell);
  }

  /** Queues the cells as one request. */
  run(cells: readonly vscode.NotebookCell[]): void {
    this.#queue.add(this.#executionsOf(cells));
  }

  /** The same; resolves when they have ended, or were taken out. */
  async runToEnd(cells: readonly vscode.NotebookCell[]): Promise<void> {
    const executions = this.#executionsOf(cells);
    const ends = executions.map(
      (execution) => new Promise<void>((resolve) => this.#waiting.set(execution, resolve)),
    );
    this.#queue.add(executions);
    await Promise.all(ends);
  }

  #executionsOf(cells: readonly vscode.NotebookCell[]): vscode.NotebookCellExecution[] {
    const executions = cells.map((cell) => this.controller.createNotebookCellExecution(cell));
    for (const execution of executions) {
      this.#atWork.add(execution.cell);
      execution.token.onCancellationRequested(() => this.#cancel(execution));
    }
    return executions;
  }

  #over(execution: vscode.NotebookCellExecution): void {
    this.#atWork.delete(execution.cell);
    this.#waiting.get(execution)?.();
    this.#waiting.delete(execution);
  }

  /** Ends the cells with an error, without running any. */
  refuse(cells: readonly vscode.NotebookCell[], reason: Error): void {
    for (const cell of cells) {
      const execution = this.controller.createNotebookCellExecution(cell);
      const startTime = this.#begin(execution);
      this.#fail(execution, reason);
      this.#end(execution, startTime, { success: false });
    }
  }

  /** Stops the cell that runs and takes out those that wait. */
  interrupt(): void {
    this.#queue.dropAll();
    // A paused training is stopped only where nothing else runs.
    const all = [...this.#running.values()];
    const active = all.filter(({ execution }) => !this.trainings.isPaused(execution.cell));
    for (const running of active.length > 0 ? active : all) this.#stop(running);
  }

  /** Pauses, resumes, changes or stops training: all of it, or that of one cell. */
  steer(action: SteerAction, cell?: vscode.NotebookCell): void {
    if (action.action === 'pause') {
      // Cells that the user runs from here on need not wait; the kernel keeps them until it has paused.
      for (const execution of this.#running.keys()) {
        if (!cell || execution.cell === cell) this.#queue.setPaused(execution, true);
      }
    }
    if (!cell) this.#kernel?.steer(action);
    for (const [parent, one] of this.#cells) {
      if (one === cell) this.#kernel?.steer({ parent, ...action });
    }
  }

  /** What the kernel would complete the code with; undefined where there is none, or it runs a cell. */
  async complete(code: string): Promise<string[] | undefined> {
    if (this.#running.size > 0) return undefined;
    return (await this.#kernel?.complete(code, code.length))?.matches;
  }

  /** The variables that cells declared; undefined where there is no kernel, or it runs a cell. */
  async variables(): Promise<VariableSummary[] | undefined> {
    if (this.#running.size > 0) return undefined;
    return (await this.#kernel?.variables())?.variables;
  }

  /** Timers of earlier cells, after clearing some; undefined where there is no kernel. */
  async timers(clear?: number[]): Promise<TimerSummary[] | undefined> {
    return (await this.#kernel?.timers(clear))?.timers;
  }

  /** Opens its kernel's port for a debugger that will run the cell; undefined where the kernel ended instead. */
  async openDebugger(cell: vscode.NotebookCell): Promise<DebugReply | undefined> {
    return await (this.#kernel ??= this.#start(cell)).debug('open');
  }

  async closeDebugger(): Promise<void> {
    await this.#kernel?.debug('close');
  }

  /** What a picture asks the kernel; undefined where there has been none. */
  async request(target: string, data: Json): Promise<CommOutcome | undefined> {
    return await this.#kernel?.request(target, data);
  }

  /** A fresh kernel; resolves when it takes cells. Does nothing where no cell has run. */
  async restart(): Promise<void> {
    this.#queue.dropAll();
    this.#isFresh();
    await this.#kernel?.restart();
    this.#isReady();
    await this.#queue.idle();
  }

  dispose(): void {
    this.#queue.dropAll();
    this.#outputs.dispose();
    this.trainings.dispose();
    const kernel = this.#kernel;
    this.#kernel = undefined;
    kernel?.shutdown().then(
      () => kernel.dispose(),
      (error: unknown) => this.log.error(`A kernel could not be ended: ${String(error)}`),
    );
  }

  #stop({ stop }: RunningCell): void {
    stop.ask();
  }

  #cancel(execution: vscode.NotebookCellExecution): void {
    const running = this.#running.get(execution);
    if (running) this.#stop(running);
    else this.#queue.drop(execution);
  }

  // -------------------------------------------------------------------------------------------------
  // A cell's way

  /** @returns Whether the cells behind it may run. */
  async #run(execution: vscode.NotebookCellExecution): Promise<boolean> {
    const startTime = this.#begin(execution);
    const code = execution.cell.document.getText();
    let outcome: Outcome = { success: undefined };
    if (code.trim() !== '') {
      try {
        outcome = await this.#execute(execution, code);
      } catch (error) {
        outcome = { success: false };
        this.#fail(execution, error as Error);
      }
    }
    this.#end(execution, startTime, outcome);
    return outcome.success !== false;
  }

  async #execute(execution: vscode.NotebookCellExecution, code: string): Promise<Outcome> {
    const { cell } = execution;
    const kernel = (this.#kernel ??= this.#start(cell));
    const id = randomUUID();
    const stop = new CellStop(
      (now) => kernel.interrupt(id, now),
      () => this.trainings.progressOf(cell) !== undefined,
      () => this.#replaceKernel(kernel, execution),
    );
    const running = { id, execution, stop, questions: new vscode.CancellationTokenSource() };
    this.#running.set(execution, running);
    if (this.#process === 'ended') this.#isFresh();
    this.changed({ kind: 'state' });
    this.#cells.set(id, cell);
    const reference = { id: cell.document.uri.toString(), index: cell.index };
    const reply = await kernel.execute({ id, cell: reference, code }, (event) => {
      if (event.type === 'status') {
        if (event.state === 'busy') stop.began();
        this.#queue.setPaused(execution, event.state === 'paused');
      }
      this.#receive(kernel, event);
    });
    this.#running.delete(execution);
    stop.over();
    running.questions.cancel();
    running.questions.dispose();
    const { status, executionCount, sets = [] } = reply;
    if (this.#process === 'starting' && executionCount > 0) this.#isReady();
    if (status !== 'aborted') this.changed({ kind: 'ran', cell, code, sets });
    this.changed({ kind: 'state' });
    const success = status === 'aborted' ? undefined : status === 'ok';
    return executionCount > 0 ? { success, executionOrder: executionCount } : { success };
  }

  #begin(execution: vscode.NotebookCellExecution): number {
    const startTime = Date.now();
    this.changed({ kind: 'begins', cell: execution.cell });
    execution.start(startTime);
    this.#outputs.begin(execution);
    this.diagnostics.begin(execution.cell);
    return startTime;
  }

  #end(
    execution: vscode.NotebookCellExecution,
    startTime: number,
    { success, executionOrder }: Outcome,
  ): void {
    this.#outputs.end(execution, { success, executionOrder, startTime, endTime: Date.now() });
  }

  #fail({ cell }: vscode.NotebookCellExecution, { name, message }: Error): void {
    const error: ErrorReport = { name, message, frames: [], stack: `${name}: ${message}` };
    this.#outputs.add(cell, { type: 'error', parent: '', error });
  }

  // -------------------------------------------------------------------------------------------------
  // The kernel

  #start(cell: vscode.NotebookCell): KernelClient {
    const { kernel, isSuccessor } = this.startKernel();
    if (isSuccessor) this.#warn(cell, lostWithWindow);
    kernel.onStray((event) => this.#receive(kernel, event));
    kernel.onExit(({ expected }) => {
      if (expected) return;
      this.trainings.clear();
      this.#process = 'ended';
      this.changed({ kind: 'state' });
    });
    return kernel;
  }

  /** Another process begins; the former one may take a while to go. */
  #isFresh(): void {
    this.trainings.clear();
    this.#process = 'starting';
    this.changed({ kind: 'fresh' });
  }

  #isReady(): void {
    this.#process = 'ready';
    this.changed({ kind: 'state' });
  }

  #replaceKernel(kernel: KernelClient, { cell }: vscode.NotebookCellExecution): void {
    this.#warn(
      cell,
      'The cell could not be stopped, so its kernel was ended and a fresh one started.\n',
    );
    this.#isFresh();
    kernel.restart().then(
      () => {
        this.#isReady();
        this.log.warn('A kernel was replaced: it did not heed an interrupt.');
      },
      (error: unknown) => this.log.error(`A kernel could not be replaced: ${String(error)}`),
    );
  }

  /** A line of our own below the cell. */
  #warn(cell: vscode.NotebookCell, text: string): void {
    this.#outputs.add(cell, { type: 'stream', parent: '', name: 'stderr', text });
  }

  #receive(kernel: KernelClient, event: CellEvent): void {
    const cell = this.#cells.get(event.parent);
    if (!cell) {
      this.log.debug(`A kernel sent ${event.type} for a cell that is not known: ${event.parent}`);
      return;
    }
    if (event.type === 'error') {
      this.diagnostics.add(cell, event.error);
      const packageName = missingPackageOf(event.error);
      if (packageName !== undefined) this.changed({ kind: 'missing', cell, packageName });
    }
    if (event.type === 'display' && this.trainings.noteCurve(cell, event.data))
      this.changed({ kind: 'training', cell });
    switch (event.type) {
      case 'stream':
      case 'display':
      case 'result':
      case 'error':
      case 'clearOutput':
        this.#outputs.add(cell, event);
        break;
      case 'inputRequest':
        this.#ask(kernel, event);
        break;
      case 'training':
        this.trainings.noteTraining(cell, event);
        this.changed({ kind: 'training', cell });
        this.changed({ kind: 'state' });
        break;
      case 'status':
      case 'executeReply':
        break;
    }
  }

  #ask(kernel: KernelClient, request: InputRequest): void {
    const running = [...this.#running.values()].find(({ id }) => id === request.parent);
    const token = running?.questions.token ?? new vscode.CancellationTokenSource().token;
    askForInput(request, kernel, token).then(undefined, (error: unknown) => {
      this.log.error(`A cell's question could not be shown: ${String(error)}`);
    });
  }
}

function missingPackageOf({ missingPackage, cause }: ErrorReport): string | undefined {
  return missingPackage ?? (cause && missingPackageOf(cause));
}
