/**
 * Brings the kernel's events to the editor: at most 20 updates per second, each with all that came since
 * the last. VS Code takes output only from an execution; for what comes after a cell has ended (timers,
 * promises) one is opened for a moment, with the cell's earlier order, times and success.
 */
import * as vscode from 'vscode';
import { type OutputItem, toOutputItems, toOutputMetadata } from './outputItems.js';
import {
  type OutputEvent,
  type OutputOperation,
  OutputPlan,
  type PlannedOutput,
} from './outputPlan.js';
import { PacedWork } from './pacedWork.js';

export interface CellEnd {
  executionOrder: number | undefined;
  success: boolean | undefined;
  startTime: number;
  endTime: number;
}

/** What the editor was told of an output. */
interface Shown {
  output: vscode.NotebookCellOutput;
  /** The editor has it; from then on its absence means that the user removed it. */
  hasLanded: boolean;
}

const updateEveryMs = 50;
/** While the momentary execution is open VS Code ignores a click on Run: it must be open seldom. */
const lateUpdateEveryMs = 250;
/** Marks an output in its metadata, to find it again in the document; not written to files. */
const mark = 'unrollOutput';

export class NotebookOutputs {
  readonly #plan = new OutputPlan<vscode.NotebookCell>();
  readonly #shown = new WeakMap<PlannedOutput<vscode.NotebookCell>, Shown>();
  readonly #ended = new WeakMap<vscode.NotebookCell, CellEnd>();
  readonly #updates = new PacedWork(
    () => this.#update(),
    () => (this.#running ? updateEveryMs : lateUpdateEveryMs),
  );
  /** More than one where a cell is paused while others run. */
  readonly #executions = new Set<vscode.NotebookCellExecution>();
  #made = 0;

  constructor(
    private readonly controller: vscode.NotebookController,
    private readonly log: vscode.LogOutputChannel,
  ) {}

  /** The execution has started: its cell's old outputs go, and it carries all updates until `end`. */
  begin(execution: vscode.NotebookCellExecution): void {
    this.#updates.flush();
    this.#executions.add(execution);
    this.#plan.clear(execution.cell);
    this.#updates.request();
  }

  add(cell: vscode.NotebookCell, event: OutputEvent): void {
    if (cell.index < 0) return;
    this.#plan.add(cell, event);
    this.#updates.request();
  }

  /** Everything that came is shown, then the execution ends. */
  end(execution: vscode.NotebookCellExecution, end: CellEnd): void {
    this.#updates.flush();
    this.#executions.delete(execution);
    this.#ended.set(execution.cell, end);
    if (end.executionOrder !== undefined) execution.executionOrder = end.executionOrder;
    execution.end(end.success, end.endTime);
  }

  dispose(): void {
    this.#updates.dispose();
  }

  /** Any of them may change the outputs of all cells. */
  get #running(): vscode.NotebookCellExecution | undefined {
    return this.#executions.values().next().value;
  }

  async #update(): Promise<void> {
    const operations = this.#plan.take();
    try {
      const running = this.#running;
      if (running) await this.#apply(operations, running);
      else await this.#applyLate(operations);
    } catch (error) {
      // The cell or the notebook went away while its output was on the way.
      this.log.debug(`Output could not be shown: ${String(error)}`);
    }
  }

  #applyLate(operations: OutputOperation<vscode.NotebookCell>[]): Promise<unknown> {
    const cell = operations.map(cellOf).find(({ index }) => index >= 0);
    if (!cell) return Promise.resolve();
    const end = this.#ended.get(cell);
    const execution = this.controller.createNotebookCellExecution(cell);
    execution.executionOrder = end?.executionOrder;
    execution.start(end?.startTime);
    try {
      return this.#apply(operations, execution);
    } finally {
      execution.end(end?.success, end?.endTime);
    }
  }

  /** An execution may change the outputs of any cell of its notebook. */
  #apply(
    operations: OutputOperation<vscode.NotebookCell>[],
    execution: vscode.NotebookCellExecution,
  ): Promise<unknown> {
    const present = operations.filter((operation) => cellOf(operation).index >= 0);
    // A cell's own, where it has one: its output is then there before the execution ends.
    const own = (cell: vscode.NotebookCell) =>
      [...this.#executions].find((one) => one.cell === cell) ?? execution;
    return Promise.all(
      present.map((operation) => this.#applyOne(operation, own(cellOf(operation)))),
    );
  }

  async #applyOne(
    operation: OutputOperation<vscode.NotebookCell>,
    execution: vscode.NotebookCellExecution,
  ): Promise<void> {
    const cell = cellOf(operation);
    if (operation.kind === 'clear') {
      await execution.clearOutput(cell);
      return;
    }
    const items = toOutputItems(operation.content).map(toItem);
    const shown = this.#shown.get(operation.output);
    if (operation.kind === 'append' || !shown || wasRemoved(shown, cell)) {
      const metadata = { ...toOutputMetadata(operation.content), [mark]: ++this.#made };
      const output = new vscode.NotebookCellOutput(items, metadata);
      const added: Shown = { output, hasLanded: false };
      this.#shown.set(operation.output, added);
      await execution.appendOutput(output, cell);
      added.hasLanded = true;
    } else if (operation.kind === 'extend') {
      await execution.appendOutputItems(items, shown.output);
    } else {
      await execution.replaceOutputItems(items, shown.output);
    }
  }
}

function cellOf(operation: OutputOperation<vscode.NotebookCell>): vscode.NotebookCell {
  return operation.kind === 'clear' ? operation.cell : operation.output.cell;
}

function toItem({ mime, data }: OutputItem): vscode.NotebookCellOutputItem {
  return new vscode.NotebookCellOutputItem(data, mime);
}

/** The user cleared the outputs while the cell ran. */
function wasRemoved({ output, hasLanded }: Shown, cell: vscode.NotebookCell): boolean {
  const id: unknown = output.metadata?.[mark];
  return hasLanded && !cell.outputs.some(({ metadata }) => metadata?.[mark] === id);
}
