/** Tells the walkthrough which of its steps the user has done, by context keys that its steps complete on. */
import * as vscode from 'vscode';
import type { OurNotebooks } from '../notebook/ourNotebooks.js';

/** Done when a cell has ended well that shows such an output; undefined: any cell. */
const steps: readonly [context: string, shows: RegExp | undefined][] = [
  ['unroll.hasRun', undefined],
  ['unroll.hasWatched', /unroll\.loss/],
  ['unroll.hasInspected', /unroll\.(trace|comparison)/],
];

export function watchProgress(notebooks: OurNotebooks): vscode.Disposable {
  return vscode.workspace.onDidChangeNotebookDocument(({ notebook, cellChanges }) => {
    const ended = cellChanges.filter(({ executionSummary }) => executionSummary?.success);
    if (ended.length === 0 || !notebooks.has(notebook)) return;
    const mimes = ended.flatMap(({ cell }) =>
      cell.outputs.flatMap(({ items }) => items.map(({ mime }) => mime)),
    );
    for (const [context, shows] of steps)
      if (!shows || mimes.some((mime) => shows.test(mime))) void tell(context);
  });
}

/** For a moment only: a key that holds already when VS Code first reads the walkthrough never ticks a step off. */
async function tell(context: string): Promise<void> {
  await vscode.commands.executeCommand('setContext', context, true);
  await vscode.commands.executeCommand('setContext', context, false);
}
