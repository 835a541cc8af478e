/** A notebook's cells as the debugger knows them: files in a folder that does not exist, named after cell and text. */
import * as path from 'node:path';
import type * as vscode from 'vscode';
import { cellSourceName } from '../../kernel/contract/cellSource.js';

export class CellSources {
  /** What a cell's file was when it was last asked for. A cell that is edited meanwhile stays the file's. */
  readonly #cells = new Map<string, vscode.NotebookCell>();

  constructor(
    private readonly notebook: vscode.NotebookDocument,
    /** As the kernel tells it. */
    private readonly folder: string,
  ) {}

  /** The file that stands for the cell's text as it is now; undefined where no cell of the notebook has that URI. */
  fileOf(uri: string): string | undefined {
    const cell = this.notebook.getCells().find(({ document }) => document.uri.toString() === uri);
    return cell && this.#fileOf(cell);
  }

  /** The cell whose text the file is; undefined where it is none, or that of a cell that has another text by now. */
  cellOf(file: string): vscode.NotebookCell | undefined {
    if (path.dirname(file).toLowerCase() !== this.folder.toLowerCase()) return undefined;
    const name = path.basename(file).toLowerCase();
    if (!this.#cells.has(name)) this.notebook.getCells().forEach((cell) => this.#fileOf(cell));
    return this.#cells.get(name);
  }

  #fileOf(cell: vscode.NotebookCell): string {
    const name = cellSourceName(cell.document.uri.toString(), cell.document.getText());
    this.#cells.set(name, cell);
    return path.join(this.folder, name);
  }
}
