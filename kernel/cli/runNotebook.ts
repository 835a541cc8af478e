import { type KernelClient, startKernel, type CellEvent } from '../client/kernelClient.js';
import type { ErrorReport, ExecuteReply, InputRequest } from '../contract/protocol.js';
import { OutputCollector } from './cellOutputs.js';
import { hasTag, isTypeScript, sourceOf, type Notebook, type NotebookCell } from './nbformat.js';

export interface RunOptions {
  kernelPath: string;
  /** The notebook's folder; imports are resolved from there. */
  folder: string;
  /** For what cells print beyond what a notebook holds. */
  outputFolder: string;
  /** How the notebook that is written names this folder. */
  outputFolderName: string;
  /** Longest time for one cell, in seconds. */
  timeout?: number;
  /** Run the cells behind one that failed, too. */
  keepGoing: boolean;
  /** Told of every event of every cell as it comes. */
  onEvent(event: CellEvent, cell: NotebookCell): void;
  /** Told before each cell, which waits for it. */
  onCell(cell: NotebookCell, index: number, count: number): Promise<void>;
  /** Answers a cell's question; rejects where nobody can be asked. */
  onInput(request: InputRequest): Promise<string | null>;
  /** Aborted when the run should end: the running cell is interrupted, the rest is not run. */
  signal: AbortSignal;
  /** Aborted when the run should end at once: the kernel is ended. */
  kill: AbortSignal;
}

export interface CellFailure {
  cell: NotebookCell;
  error: ErrorReport;
}

export interface RunResult {
  /** The cells that failed, each with its error. */
  failures: CellFailure[];
  /** Cells that ran. */
  ran: number;
}

/** What does not heed an interrupt within this time is ended together with its kernel. */
const heedsWithinMs = 1900;
/** A cell with this tag may fail: https://jupyterbook.org/en/stable/content/execute.html */
const mayFail = 'raises-exception';

/**
 * Runs the code cells of a notebook in order in a kernel of its own, and puts outputs and execution counts into
 * the notebook. Stops at the first cell that fails, unless told to keep going.
 */
export async function runNotebook(notebook: Notebook, options: RunOptions): Promise<RunResult> {
  const env = { UNROLL_OUTPUT_FOLDER: options.outputFolder };
  const kernel = startKernel({ kernelPath: options.kernelPath, cwd: options.folder, env });
  const run = new NotebookRun(notebook, kernel, options);
  const interrupt = (): void => run.stop(undefined);
  const kill = (): void => kernel.dispose();
  options.signal.addEventListener('abort', interrupt);
  options.kill.addEventListener('abort', kill);
  try {
    return await run.all();
  } finally {
    options.signal.removeEventListener('abort', interrupt);
    options.kill.removeEventListener('abort', kill);
    await kernel.shutdown();
  }
}

class NotebookRun {
  readonly #collector: OutputCollector;
  readonly #cells = new Map<string, NotebookCell>();
  /** The seconds that the running cell took, once they were too many. */
  #tooLong: number | undefined;
  #isRunning = false;

  constructor(
    private readonly notebook: Notebook,
    private readonly kernel: KernelClient,
    private readonly options: RunOptions,
  ) {
    this.#collector = new OutputCollector(options.outputFolderName);
    kernel.onStray((event) => this.#take(event));
  }

  async all(): Promise<RunResult> {
    const { options } = this;
    const cells = this.notebook.cells.filter(isTypeScript);
    const result: RunResult = { failures: [], ran: 0 };
    for (const [index, cell] of cells.entries()) {
      if (options.signal.aborted) break;
      await options.onCell(cell, index, cells.length);
      const error = await this.#runCell(cell);
      result.ran++;
      if (!error || (hasTag(cell, mayFail) && !isStop(error))) continue;
      result.failures.push({ cell, error });
      if (!options.keepGoing) break;
    }
    return result;
  }

  /** Interrupts the running cell; ends the kernel where it does not heed that. */
  stop(tooLong: number | undefined): void {
    if (!this.#isRunning) return;
    this.#tooLong ??= tooLong;
    this.kernel.interrupt();
    const cell = this.#cells.size;
    setTimeout(() => {
      if (!this.#isRunning || cell !== this.#cells.size) return;
      // What became of the restart shows in the next cell.
      this.kernel.restart().catch(() => undefined);
    }, heedsWithinMs).unref();
  }

  /** @returns The error that the cell ended with, if it did. */
  async #runCell(cell: NotebookCell): Promise<ErrorReport | undefined> {
    const { timeout } = this.options;
    this.#cells.set(cell.id, cell);
    this.#tooLong = undefined;
    this.#isRunning = true;
    const timer =
      timeout === undefined ? undefined : setTimeout(() => this.stop(timeout), timeout * 1000);
    let error: ErrorReport | undefined;
    const reference = { id: cell.id, index: this.notebook.cells.indexOf(cell) };
    const reply = await this.kernel.execute(
      { id: cell.id, cell: reference, code: sourceOf(cell) },
      (event) => {
        const told = event.type === 'error' ? this.#explain(event) : event;
        if (told.type === 'error') error = told.error;
        this.#take(told);
      },
    );
    clearTimeout(timer);
    this.#isRunning = false;
    cell.execution_count = reply.executionCount || null;
    return reply.status === 'ok' ? undefined : (error ?? unexplained(reply));
  }

  #explain(event: Extract<CellEvent, { type: 'error' }>): typeof event {
    if (this.#tooLong === undefined) return event;
    return { ...event, error: toTimeoutReport(event.error, this.#tooLong) };
  }

  #take(event: CellEvent): void {
    const cell = this.#cells.get(event.parent);
    if (!cell) return;
    if (event.type === 'inputRequest') this.#ask(event);
    this.#collector.add(event, (cell.outputs ??= []));
    this.options.onEvent(event, cell);
  }

  #ask(request: InputRequest): void {
    this.options.onInput(request).then(
      (value) => this.kernel.replyInput(request.id, value),
      (error: unknown) => {
        const reason = error instanceof Error ? error.message : String(error);
        this.kernel.replyInput(request.id, null, reason);
      },
    );
  }
}

/** The user, or the time limit, ended the cell: no tag excuses that. */
const isStop = ({ name }: ErrorReport): boolean =>
  name === 'Interrupted' || name === 'CellTimeoutError' || name === 'KernelReplacedError';

function toTimeoutReport({ name: was, stack, frames }: ErrorReport, seconds: number): ErrorReport {
  const name = 'CellTimeoutError';
  const end = was === 'KernelReplacedError' ? ' together with its kernel: variables are gone' : '';
  const message = `The cell took longer than ${seconds} s (--timeout) and was stopped${end}.`;
  const where = /\n[^]*/.exec(stack)?.[0] ?? '';
  return { name, message, frames, stack: `${name}: ${message}${where}` };
}

function unexplained({ status }: ExecuteReply): ErrorReport {
  const message = `The cell ended as '${status}' without an error of its own.`;
  return { name: 'CellFailedError', message, frames: [], stack: `CellFailedError: ${message}` };
}
