import { startKernel, type CellEvent } from '../client/kernelClient.js';
import type { ErrorReport, ExecuteReply } from '../contract/protocol.js';
import { OutputCollector } from './cellOutputs.js';
import { sourceOf, type Notebook, type NotebookCell } from './nbformat.js';

export interface RunOptions {
  kernelPath: string;
  /** The notebook's folder; imports are resolved from there. */
  folder: string;
  /** Longest time for one cell, in seconds. */
  timeout?: number;
  /** Told of every event of every cell as it comes. */
  onEvent(event: CellEvent, cell: NotebookCell): void;
  onCell(cell: NotebookCell, index: number, count: number): void;
  /** Aborted when the run should end: the running cell is interrupted, the rest is not run. */
  signal: AbortSignal;
}

export interface RunResult {
  /** The cell that failed, with its error. */
  failure?: { cell: NotebookCell; error: ErrorReport };
}

/**
 * Runs the code cells of a notebook in order in a kernel of its own, puts outputs and execution counts into
 * the notebook, and stops at the first cell that fails.
 */
export async function runNotebook(notebook: Notebook, options: RunOptions): Promise<RunResult> {
  const kernel = startKernel({ kernelPath: options.kernelPath, cwd: options.folder });
  const collector = new OutputCollector();
  const outputsOf = new Map<string, NotebookCell>();
  const interrupt = (): void => kernel.interrupt();
  options.signal.addEventListener('abort', interrupt);
  const take = (event: CellEvent): void => {
    const cell = outputsOf.get(event.parent);
    if (!cell) return;
    collector.add(event, (cell.outputs ??= []));
    options.onEvent(event, cell);
  };
  kernel.onStray(take);
  const cells = notebook.cells.filter((cell) => cell.cell_type === 'code');
  try {
    for (const [index, cell] of cells.entries()) {
      options.onCell(cell, index, cells.length);
      outputsOf.set(cell.id, cell);
      let error: ErrorReport | undefined;
      const reply = await withTimeout(options.timeout, interrupt, () =>
        kernel.execute(
          {
            id: cell.id,
            cell: { id: cell.id, index: notebook.cells.indexOf(cell) },
            code: sourceOf(cell),
          },
          (event) => {
            if (event.type === 'error') error = event.error;
            take(event);
          },
        ),
      );
      recordReply(cell, reply);
      if (reply.status !== 'ok') return { failure: { cell, error: error ?? unexplained(reply) } };
    }
    return {};
  } finally {
    options.signal.removeEventListener('abort', interrupt);
    await kernel.shutdown();
  }
}

function recordReply(cell: NotebookCell, reply: ExecuteReply): void {
  cell.execution_count = reply.executionCount || null;
}

function unexplained({ status }: ExecuteReply): ErrorReport {
  const message = `The cell ended as '${status}' without an error of its own.`;
  return { name: 'CellFailedError', message, frames: [], stack: `CellFailedError: ${message}` };
}

/** Runs work and calls `onTimeout` if it takes longer; the work then ends by itself. */
async function withTimeout<T>(
  seconds: number | undefined,
  onTimeout: () => void,
  work: () => Promise<T>,
): Promise<T> {
  const timer = seconds === undefined ? undefined : setTimeout(onTimeout, seconds * 1000);
  try {
    return await work();
  } finally {
    clearTimeout(timer);
  }
}
