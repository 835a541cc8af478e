/** What the language-model tools go by: which notebook, which cell, what its outputs hold. */
import * as vscode from 'vscode';
import { notebookTypes } from '../notebook/kernelspec.js';

export interface NotebookInput {
  /** Path or address of the notebook; by default the one in front. */
  notebook?: string;
}

export interface CellInput extends NotebookInput {
  /** Position in the notebook, from 0. */
  cell?: number;
}

/** The model asked for what is not there; the sentence is for it. */
export class ToolInputError extends Error {
  override readonly name = 'ToolInputError';
}

/** @throws ToolInputError */
export function findNotebook({ notebook: asked }: NotebookInput): vscode.NotebookDocument {
  const ours = vscode.workspace.notebookDocuments.filter(
    ({ notebookType, isClosed }) => notebookTypes.includes(notebookType) && !isClosed,
  );
  const names = ours.map(({ uri }) => vscode.workspace.asRelativePath(uri));
  const list = names.length > 0 ? `Open notebooks: ${names.join(', ')}.` : 'No notebook is open.';
  if (asked === undefined) {
    const front =
      vscode.window.activeNotebookEditor?.notebook ?? (ours.length === 1 ? ours[0] : undefined);
    if (front && ours.includes(front)) return front;
    throw new ToolInputError(`No notebook is in front; say which one is meant. ${list}`);
  }
  const found = ours.find(({ uri }, index) =>
    [uri.toString(), uri.fsPath, uri.path, names[index]].includes(asked),
  );
  if (found) return found;
  throw new ToolInputError(`There is no open notebook ${asked}. ${list}`);
}

/** Says so where the notebook is another kernel's, or none has been chosen for it. */
export const notOurs =
  'The notebook does not run on the kernel "TypeScript (Unroll)": ' +
  'the user has to choose it first, with the command "Notebook: Select Notebook Kernel".';

/** @throws ToolInputError */
export function findCell(input: CellInput & { cell: number }): vscode.NotebookCell {
  const notebook = findNotebook(input);
  const { cellCount } = notebook;
  // VS Code does not hold a model to the schema.
  if (!Number.isSafeInteger(input.cell) || input.cell < 0 || input.cell >= cellCount) {
    throw new ToolInputError(
      `The notebook has ${cellCount} cells, from 0; there is no cell ${String(input.cell)}.`,
    );
  }
  return notebook.cellAt(input.cell);
}

export interface FoundPayload {
  cell: number;
  payload: unknown;
}

/** The payloads of a media type in the outputs of a cell, or of all cells in their order. */
export function payloadsOf(input: CellInput, mime: string): FoundPayload[] {
  const { cell } = input;
  const cells =
    cell === undefined ? findNotebook(input).getCells() : [findCell({ ...input, cell })];
  const decoder = new TextDecoder();
  return cells.flatMap(({ index, outputs }) =>
    outputs
      .flatMap(({ items }) => items)
      .filter((item) => item.mime === mime)
      .map(({ data }) => ({ cell: index, payload: JSON.parse(decoder.decode(data)) as unknown })),
  );
}

export function toResult(value: unknown): vscode.LanguageModelToolResult {
  return new vscode.LanguageModelToolResult([
    new vscode.LanguageModelTextPart(JSON.stringify(value)),
  ]);
}
