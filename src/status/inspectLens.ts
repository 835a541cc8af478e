/**
 * "Inspect BPTT" above a call of `fit`: a cell below that inspects one batch of what it trains on; in a function or a block,
 * whose names another cell does not know, lines in front of the call that do the same each time.
 */
import * as vscode from 'vscode';
import { type FitCall, fitCalls, inspectionOf, withInspection } from '../cellText/fitCalls.js';
import { language, notebookTypes } from '../notebook/kernelspec.js';
import type { OurNotebooks } from '../notebook/ourNotebooks.js';

export class InspectLens implements vscode.CodeLensProvider, vscode.Disposable {
  readonly #registration: vscode.Disposable;
  readonly onDidChangeCodeLenses: vscode.Event<void>;

  constructor(private readonly notebooks: OurNotebooks) {
    this.onDidChangeCodeLenses = notebooks.onDidChange;
    const selector = notebookTypes.map((notebookType) => ({ notebookType, language }));
    this.#registration = vscode.languages.registerCodeLensProvider(selector, this);
  }

  provideCodeLenses(document: vscode.TextDocument): vscode.CodeLens[] {
    const text = document.getText();
    if (!text.includes('fit')) return [];
    const cell = cellOf(document);
    if (!cell || !this.notebooks.has(cell.notebook)) return [];
    return fitCalls(text).map((call) => {
      const at = document.positionAt(call.offset);
      return new vscode.CodeLens(new vscode.Range(at, at), {
        title: 'Inspect BPTT',
        tooltip: tooltipOf(call),
        command: 'unroll.inspectFit',
        arguments: [document.uri, call.offset],
      });
    });
  }

  dispose(): void {
    this.#registration.dispose();
  }
}

function tooltipOf({ statement, isBare }: FitCall): string {
  if (isBare) return braces;
  const where = statement === undefined ? 'a cell' : 'lines in front of the call';
  return `Adds ${where} to walk one batch forward and back through time`;
}

const braces =
  'This call of fit stands in a function or a loop without braces: with braces, the batch can be inspected in front of it.';

/**
 * @param uri The cell's; by default the selected one.
 * @param offset Of the call that is meant; by default the first.
 */
export async function inspectFit(uri?: vscode.Uri, offset?: number): Promise<void> {
  const cell = findCell(uri);
  const calls = cell ? fitCalls(cell.document.getText()) : [];
  const call = calls.find((one) => one.offset === offset) ?? calls[0];
  if (!cell || !call) {
    void vscode.window.showInformationMessage(
      'No call of fit in the cell: inspect takes its model and a batch.',
    );
    return;
  }
  if (call.isBare) void vscode.window.showInformationMessage(braces);
  else if (call.statement === undefined) await showBelow(cell, call);
  else await showBefore(cell, call);
}

async function showBefore({ document, notebook, index }: vscode.NotebookCell, call: FitCall) {
  const text = document.getText();
  const { code, at } = withInspection(text, call);
  if (code !== text) {
    const edit = new vscode.WorkspaceEdit();
    edit.replace(document.uri, new vscode.Range(0, 0, document.lineCount, 0), code);
    await vscode.workspace.applyEdit(edit);
  }
  await vscode.window.showNotebookDocument(notebook, {
    selections: [new vscode.NotebookRange(index, index + 1)],
  });
  const place = document.positionAt(at);
  const selection = new vscode.Range(place, place);
  await vscode.window.showTextDocument(document, { selection });
}

async function showBelow(cell: vscode.NotebookCell, call: FitCall): Promise<void> {
  const { notebook, index } = cell;
  const text = inspectionOf(call);
  const below = index + 1;
  const isThere = below < notebook.cellCount && notebook.cellAt(below).document.getText() === text;
  if (!isThere) {
    const data = new vscode.NotebookCellData(vscode.NotebookCellKind.Code, text, language);
    const edit = new vscode.WorkspaceEdit();
    edit.set(notebook.uri, [vscode.NotebookEdit.insertCells(below, [data])]);
    await vscode.workspace.applyEdit(edit);
  }
  const range = new vscode.NotebookRange(below, below + 1);
  const editor = await vscode.window.showNotebookDocument(notebook, { selections: [range] });
  editor.revealRange(range, vscode.NotebookEditorRevealType.InCenterIfOutsideViewport);
}

function findCell(uri?: vscode.Uri): vscode.NotebookCell | undefined {
  const editor = vscode.window.activeNotebookEditor;
  if (!uri) return editor?.notebook.cellAt(editor.selection.start);
  return vscode.workspace.notebookDocuments
    .flatMap((one) => one.getCells())
    .find(({ document }) => document.uri.toString() === uri.toString());
}

function cellOf(document: vscode.TextDocument): vscode.NotebookCell | undefined {
  return vscode.workspace.notebookDocuments
    .flatMap((one) => one.getCells())
    .find((cell) => cell.document === document);
}
