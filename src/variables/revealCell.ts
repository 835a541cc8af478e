import * as vscode from 'vscode';

/** Brings the cell into view and selects it. */
export async function revealCell(
  notebook: vscode.NotebookDocument,
  id: string | undefined,
): Promise<void> {
  const cell = notebook.getCells().find(({ document }) => document.uri.toString() === id);
  if (!cell) return;
  const range = new vscode.NotebookRange(cell.index, cell.index + 1);
  const shown = vscode.window.visibleNotebookEditors.find((one) => one.notebook === notebook);
  const editor = await vscode.window.showNotebookDocument(notebook, {
    selections: [range],
    ...(shown?.viewColumn === undefined ? {} : { viewColumn: shown.viewColumn }),
  });
  editor.revealRange(range, vscode.NotebookEditorRevealType.InCenterIfOutsideViewport);
}
