/**
 * Which cells of a notebook train, and which of them are paused: what the buttons in the toolbars go by, through
 * two context keys that hold the addresses of cells.
 */
import * as vscode from 'vscode';
import { lossMime, type LossPayload, type MimeBundle } from '../../kernel/contract/mime.js';
import type { TrainingEvent } from '../../kernel/contract/protocol.js';

/** How far the training of a cell is. */
export interface TrainingProgress {
  step: number;
  totalSteps: number;
  isPaused: boolean;
  /** Of the curve's first series, where there is one by now. */
  loss?: number;
}

/** All notebooks share the keys. */
const all = new Set<NotebookTrainings>();

export class NotebookTrainings implements vscode.Disposable {
  readonly #runs = new Map<number, { cell: vscode.NotebookCell; event: TrainingEvent }>();
  #curves = new WeakMap<vscode.NotebookCell, LossPayload>();

  constructor() {
    all.add(this);
  }

  noteTraining(cell: vscode.NotebookCell, event: TrainingEvent): void {
    if (event.status === 'running' || event.status === 'paused') {
      if (!this.#runs.has(event.run)) this.#curves.delete(cell);
      this.#runs.set(event.run, { cell, event });
    } else this.#runs.delete(event.run);
    tellToolbars();
  }

  /** What a cell displays. @returns whether it is the curve of a training that is under way */
  noteCurve(cell: vscode.NotebookCell, data: MimeBundle): boolean {
    const curve = data[lossMime] as unknown as LossPayload | undefined;
    if (!curve || !this.#runsOf(cell).length) return false;
    this.#curves.set(cell, curve);
    return true;
  }

  /** Undefined where nothing of the cell trains. */
  progressOf(cell: vscode.NotebookCell): TrainingProgress | undefined {
    const last = this.#runsOf(cell).at(-1);
    if (!last) return undefined;
    const { step, totalSteps } = last;
    const [series] = this.#curves.get(cell)?.series ?? [];
    const loss = series?.value.at(-1);
    return {
      step: Math.max(step, series?.step.at(-1) ?? 0),
      totalSteps,
      isPaused: this.isPaused(cell),
      ...(typeof loss === 'number' ? { loss } : {}),
    };
  }

  #runsOf(cell: vscode.NotebookCell): TrainingEvent[] {
    return [...this.#runs.values()].filter((one) => one.cell === cell).map(({ event }) => event);
  }

  /** The kernel has ended. */
  clear(): void {
    this.#runs.clear();
    this.#curves = new WeakMap();
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
