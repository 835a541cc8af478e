/** What is said of errors: each once, also of those that keep coming after their cell's end. */
import type { KernelEvent } from '../contract/protocol.js';
import type { CellPosition } from './cellScripts.js';
import { toErrorReport } from './errorReport.js';
import type { Execution } from './execution.js';
import type { StackFrames } from './stackFrames.js';

export class CellErrors {
  /** Errors that were shown: the same one often comes again, as an unhandled rejection. */
  readonly #reported = new WeakSet<object>();

  constructor(
    private readonly frames: StackFrames,
    private readonly emit: (event: KernelEvent) => void,
    /** On stderr. */
    private readonly write: (parent: string, text: string) => void,
  ) {}

  /** It came after the cell's end. */
  stray(execution: Execution, error: unknown): void {
    if (this.isReported(error)) return;
    const { stack } = toErrorReport(error, this.frames, execution.whereThrown(error));
    const times = execution.countStray(stack);
    if (times === 1) this.report(execution, error);
    if (times !== 2) return;
    const text = 'The same error came again. From now on it is not shown.\n';
    this.write(execution.id, text);
  }

  isReported(error: unknown): boolean {
    return typeof error === 'object' && error !== null && this.#reported.has(error);
  }

  report(execution: Execution, error: unknown, at?: CellPosition): void {
    const report = toErrorReport(error, this.frames, at ?? execution.whereThrown(error));
    if (typeof error === 'object' && error !== null) this.#reported.add(error);
    this.emit({ type: 'error', parent: execution.id, error: report });
  }
}
