/** What an empty notebook offers below its one cell, until something is typed: examples, and the walkthrough. */
import * as vscode from 'vscode';
import { notebookTypes } from '../notebook/kernelspec.js';
import type { OurNotebooks } from '../notebook/ourNotebooks.js';

const offers: readonly [text: string, command: string, tooltip: string][] = [
  ['$(book) Open an Example…', 'unroll.openExample', 'Notebooks that train, each with a result'],
  ['$(mortar-board) Get Started', 'unroll.openWalkthrough', 'Five steps, ten minutes'],
];

export function offerInEmptyNotebooks(notebooks: OurNotebooks): vscode.Disposable {
  const changes = new vscode.EventEmitter<void>();
  const provider: vscode.NotebookCellStatusBarItemProvider = {
    onDidChangeCellStatusBarItems: changes.event,
    provideCellStatusBarItems: ({ notebook }) =>
      isEmpty(notebook) && notebooks.has(notebook) ? offers.map(toItem) : [],
  };
  return vscode.Disposable.from(
    changes,
    notebooks.onDidChange(() => changes.fire()),
    vscode.workspace.onDidChangeNotebookDocument(({ notebook, contentChanges }) => {
      // A second cell beside an empty one takes the offers away from the first.
      if (contentChanges.length > 0 && notebook.cellCount <= 2) changes.fire();
    }),
    ...notebookTypes.map((type) =>
      vscode.notebooks.registerNotebookCellStatusBarItemProvider(type, provider),
    ),
  );
}

function isEmpty(notebook: vscode.NotebookDocument): boolean {
  if (notebook.cellCount !== 1) return false;
  const { kind, document } = notebook.cellAt(0);
  return kind === vscode.NotebookCellKind.Code && document.getText().trim() === '';
}

function toItem([
  text,
  command,
  tooltip,
]: (typeof offers)[number]): vscode.NotebookCellStatusBarItem {
  const item = new vscode.NotebookCellStatusBarItem(
    text,
    vscode.NotebookCellStatusBarAlignment.Left,
  );
  item.command = command;
  item.tooltip = tooltip;
  return item;
}
