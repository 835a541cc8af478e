/** What the cells of each notebook were when they ran, and so which of them are stale. */
import * as vscode from 'vscode';
import {
  type CellRun,
  type NotebookCellState,
  staleCells,
  type Staleness,
  toRun,
} from '../cellText/staleCells.js';
import type { NotebookChange, NotebookSessions } from '../notebook/notebookSessions.js';
import { runCells } from './kernelMenu.js';

export class CellRuns implements vscode.Disposable {
  readonly #runs = new WeakMap<vscode.NotebookDocument, Map<string, CellRun>>();
  /** Computed once for all cells of a notebook, until something changes. */
  readonly #stale = new WeakMap<vscode.NotebookDocument, (Staleness | undefined)[]>();
  readonly #changes = new vscode.EventEmitter<void>();
  readonly onDidChange = this.#changes.event;
  readonly #listeners: vscode.Disposable;

  constructor(sessions: NotebookSessions) {
    this.#listeners = vscode.Disposable.from(
      this.#changes,
      sessions.onDidChange((change) => this.#note(change)),
      vscode.workspace.onDidChangeNotebookDocument(({ notebook, contentChanges, cellChanges }) => {
        const isChanged = contentChanges.length > 0 || cellChanges.some((one) => one.document);
        if (isChanged && this.#runs.has(notebook)) this.#renew(notebook);
      }),
    );
  }

  /** Why the cell is stale; undefined where it is not. */
  of(cell: vscode.NotebookCell): Staleness | undefined {
    return this.#all(cell.notebook)[cell.index];
  }

  /** Runs what is stale, and the edited cells that made it so, in the order of the notebook. */
  async runStale(notebook: vscode.NotebookDocument, to = notebook.cellCount - 1): Promise<void> {
    const stale = this.#all(notebook);
    const meant = new Set<number>();
    stale.slice(0, to + 1).forEach((one, index) => {
      if (!one) return;
      meant.add(index);
      if (one.reason === 'edited') meant.add(one.cell);
    });
    if (meant.size === 0)
      void vscode.window.showInformationMessage(
        'No cell is stale: what it uses has not changed since it ran.',
      );
    await runCells(
      notebook,
      [...meant].sort((a, b) => a - b),
    );
  }

  dispose(): void {
    this.#listeners.dispose();
  }

  #all(notebook: vscode.NotebookDocument): (Staleness | undefined)[] {
    if (!this.#runs.has(notebook)) return [];
    let found = this.#stale.get(notebook);
    if (!found) this.#stale.set(notebook, (found = staleCells(this.#states(notebook))));
    return found;
  }

  #states(notebook: vscode.NotebookDocument): NotebookCellState[] {
    const runs = this.#runs.get(notebook);
    return notebook.getCells().map(({ document }) => {
      const run = runs?.get(document.uri.toString());
      return { code: document.getText(), ...(run ? { run } : {}) };
    });
  }

  #note(change: NotebookChange): void {
    const { notebook } = change;
    if (change.kind === 'fresh') {
      this.#runs.delete(notebook);
      this.#renew(notebook);
    }
    if (change.kind !== 'ran' || change.cell.index < 0) return;
    const runs = this.#runs.get(notebook) ?? new Map<string, CellRun>();
    this.#runs.set(notebook, runs);
    const { cell, code, sets } = change;
    runs.set(cell.document.uri.toString(), toRun(this.#states(notebook), cell.index, code, sets));
    this.#renew(notebook);
  }

  #renew(notebook: vscode.NotebookDocument): void {
    this.#stale.delete(notebook);
    this.#changes.fire();
  }
}
