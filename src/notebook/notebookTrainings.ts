/**
 * Which cells of a notebook train, and which of them are paused: what the buttons in the toolbars go by, through
 * two context keys that hold the addresses of cells.
 */
import * as vscode from 'vscode';
import type { TrainingEvent } from '../../kernel/contract/protocol.js';

/** All notebooks share the keys. */
const all = new Set<NotebookTrainings>();

export class NotebookTrainings implements vscode.Disposable {
  readonly #runs = new Map<number, { cell: vscode.NotebookCell; event: TrainingEvent }>();

  constructor() {
    all.add(this);
  }

  noteTraining(cell: vscode.NotebookCell, event: TrainingEvent): void {
    if (event.status === 'running' || event.status === 'paused') {
      this.#runs.set(event.run, { cell, event });
    } else this.#runs.delete(event.run);
    tellToolbars();
  }

  /** The kernel has ended. */
  clear(): void {
    this.#runs.clear();
    tellToolbars();
  }

  /** The run that was told of last, under way. */
  get last(): TrainingEvent | undefined {
    return [...this.#runs.values()].at(-1)?.event;
  }

  isPaused(cell: vscode.NotebookCell): boolean {
    const own = [...this.#runs.values()].filter((one) => one.cell === cell);
    return own.length > 0 && own.every(({ event }) => event.status === 'paused');
  }

  cells(status: 'running' | 'paused'): string[] {
    const found = [...this.#runs.values()].filter(({ event }) => event.status === status);
    return found.map(({ cell }) => cell.document.uri.toString());
  }

  dispose(): void {
    all.delete(this);
    this.clear();
  }
}

function tellToolbars(): void {
  const notebooks = [...all];
  for (const [key, status] of [
    ['unroll.trainingCells', 'running'],
    ['unroll.pausedCells', 'paused'],
  ] as const) {
    const cells = notebooks.flatMap((one) => one.cells(status));
    // An array that is empty counts as true, hence a key of its own for "any".
    void vscode.commands.executeCommand('setContext', key, cells);
    void vscode.commands.executeCommand('setContext', `${key}.any`, cells.length > 0);
  }
}
