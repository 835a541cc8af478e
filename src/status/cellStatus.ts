/** What stands below a cell: how far its training is, that it is stale, the package that it misses. */
import * as vscode from 'vscode';
import type { Staleness } from '../cellText/staleCells.js';
import { notebookTypes } from '../notebook/kernelspec.js';
import type { NotebookSessions } from '../notebook/notebookSessions.js';
import type { TrainingProgress } from '../notebook/notebookTrainings.js';
import type { MissingPackages } from '../packages/missingPackages.js';
import type { CellRuns } from './cellRuns.js';

/** Training tells of itself more often than anybody can read. */
const restMs = 250;

export class CellStatus implements vscode.NotebookCellStatusBarItemProvider, vscode.Disposable {
  readonly #changes = new vscode.EventEmitter<void>();
  readonly onDidChangeCellStatusBarItems = this.#changes.event;
  readonly #listeners: vscode.Disposable;
  #timer: NodeJS.Timeout | undefined;

  constructor(
    private readonly sessions: NotebookSessions,
    private readonly runs: CellRuns,
    private readonly missing: MissingPackages,
  ) {
    const soon = () => this.#renewSoon();
    this.#listeners = vscode.Disposable.from(
      this.#changes,
      runs.onDidChange(soon),
      missing.onDidChange(soon),
      sessions.onDidChange(({ kind }) => {
        if (kind === 'training' || kind === 'state') soon();
      }),
      ...notebookTypes.map((type) =>
        vscode.notebooks.registerNotebookCellStatusBarItemProvider(type, this),
      ),
    );
  }

  provideCellStatusBarItems(cell: vscode.NotebookCell): vscode.NotebookCellStatusBarItem[] {
    if (cell.kind !== vscode.NotebookCellKind.Code) return [];
    const progress = this.sessions.get(cell.notebook)?.trainings.progressOf(cell);
    const stale = progress ? undefined : this.runs.of(cell);
    const packageName = this.missing.of(cell);
    return [
      ...(progress ? [trainingItem(cell, progress)] : []),
      ...(packageName === undefined ? [] : [packageItem(cell, packageName)]),
      ...(stale ? [staleItem(cell, stale)] : []),
    ];
  }

  dispose(): void {
    clearTimeout(this.#timer);
    this.#listeners.dispose();
  }

  #renewSoon(): void {
    this.#timer ??= setTimeout(() => {
      this.#timer = undefined;
      this.#changes.fire();
    }, restMs);
  }
}

function toItem(
  text: string,
  tooltip: string,
  command: vscode.Command,
): vscode.NotebookCellStatusBarItem {
  const item = new vscode.NotebookCellStatusBarItem(
    text,
    vscode.NotebookCellStatusBarAlignment.Left,
  );
  item.tooltip = tooltip;
  item.command = command;
  item.priority = 10;
  item.accessibilityInformation = { label: `${text.replace(/\$\([\w~-]+\) /, '')}. ${tooltip}` };
  return item;
}

function trainingItem(cell: vscode.NotebookCell, progress: TrainingProgress) {
  const { step, totalSteps, loss, isPaused } = progress;
  const total =
    Number.isFinite(totalSteps) && totalSteps > 0 ? `/${totalSteps.toLocaleString('en-US')}` : '';
  const shown = loss === undefined ? '' : ` · loss ${shortNumber(loss)}`;
  const verb = isPaused ? 'resume' : 'pause';
  return toItem(
    `$(${isPaused ? 'debug-pause' : 'pulse'}) ${isPaused ? 'paused at ' : ''}step ${step}${total}${shown}`,
    `Click to ${verb} the training`,
    { title: `Unroll: ${verb} training`, command: `unroll.${verb}Training`, arguments: [cell] },
  );
}

function packageItem(cell: vscode.NotebookCell, name: string) {
  return toItem(
    `$(cloud-download) Install ${name}`,
    `${name} is not installed. Click to install it in a terminal, with the project’s package manager`,
    {
      title: 'Unroll: Install Missing Package',
      command: 'unroll.installPackage',
      arguments: [cell],
    },
  );
}

const reasons: Record<Staleness['reason'], string> = {
  edited: 'was edited since it ran',
  ranAgain: 'ran again with other code or values',
  stale: 'is stale itself',
};

function staleItem(cell: vscode.NotebookCell, { cell: index, reason }: Staleness) {
  const order = cell.notebook.cellAt(index).executionSummary?.executionOrder;
  const name = order === undefined ? `cell ${index + 1}` : `cell [${order}]`;
  return toItem(
    '$(history) Stale',
    `It reads what ${name} sets, and that cell ${reasons[reason]}. Click to run what it needs`,
    { title: 'Unroll: Run Stale Cells', command: 'unroll.runStaleCells', arguments: [cell] },
  );
}

function shortNumber(value: number): string {
  return Math.abs(value) >= 1e-3 && Math.abs(value) < 1e5
    ? value.toPrecision(4)
    : value.toExponential(2);
}
