/**
 * The notebooks that the client has open, with their TypeScript cells in document order. The protocol library has
 * such a store too (`NotebookDocuments`), which says nothing when cells are moved.
 */
import type { Connection } from 'vscode-languageserver';
import { TextDocument } from 'vscode-languageserver-textdocument';

interface Listener {
  /** The notebook was opened, or its cells are others. `closed`: those that are gone. */
  changed: (notebook: string, closed: string[]) => void;
  closed: (notebook: string, cells: string[]) => void;
}

export class SyncedNotebooks {
  /** Notebook → its cells, by address. */
  readonly #notebooks = new Map<string, string[]>();
  readonly #texts = new Map<string, TextDocument>();
  readonly #notebookOf = new Map<string, string>();

  constructor({ notebooks }: Connection, listener: Listener) {
    const { synchronization } = notebooks;
    synchronization.onDidOpenNotebookDocument(({ notebookDocument, cellTextDocuments }) => {
      const { uri, cells } = notebookDocument;
      for (const text of cellTextDocuments) this.#open(text);
      this.#setCells(
        uri,
        cells.map(({ document }) => document),
      );
      listener.changed(uri, []);
    });
    synchronization.onDidChangeNotebookDocument(({ notebookDocument: { uri }, change }) => {
      const cells = this.#notebooks.get(uri);
      const { structure, textContent = [] } = change.cells ?? {};
      if (!cells || (!structure && textContent.length === 0)) return;
      const closed = (structure?.didClose ?? []).map((one) => one.uri);
      if (structure) {
        for (const text of structure.didOpen ?? []) this.#open(text);
        for (const one of closed) this.#close(one);
        const { start, deleteCount, cells: added = [] } = structure.array;
        cells.splice(start, deleteCount, ...added.map(({ document }) => document));
        this.#setCells(uri, cells);
      }
      for (const { document, changes } of textContent) {
        const text = this.#texts.get(document.uri);
        if (text) TextDocument.update(text, changes, document.version);
      }
      listener.changed(uri, closed);
    });
    synchronization.onDidCloseNotebookDocument(({ notebookDocument: { uri } }) => {
      const cells = this.#notebooks.get(uri) ?? [];
      for (const one of cells) this.#close(one);
      this.#notebooks.delete(uri);
      listener.closed(uri, cells);
    });
  }

  /** The cells' texts in document order; undefined for a notebook that is not open. */
  cellsOf(notebook: string): TextDocument[] | undefined {
    return this.#notebooks.get(notebook)?.flatMap((cell) => this.#texts.get(cell) ?? []);
  }

  notebookOf(cell: string): string | undefined {
    return this.#notebookOf.get(cell);
  }

  #setCells(notebook: string, cells: string[]): void {
    this.#notebooks.set(notebook, cells);
    for (const cell of cells) this.#notebookOf.set(cell, notebook);
  }

  #open({ uri, languageId, version, text }: OpenedText): void {
    this.#texts.set(uri, TextDocument.create(uri, languageId, version, text));
  }

  #close(cell: string): void {
    this.#texts.delete(cell);
    this.#notebookOf.delete(cell);
  }
}

interface OpenedText {
  uri: string;
  languageId: string;
  version: number;
  text: string;
}
