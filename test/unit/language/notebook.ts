/** A notebook of TypeScript cells as the language service sees it; `‸` in a cell marks a place. */
import { mkdtempSync } from 'node:fs';
import { createRequire } from 'node:module';
import os from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { TextDocument } from 'vscode-languageserver-textdocument';
import type { CellModule } from '../../../kernel/language/cellModules.js';
import { diagnose } from '../../../kernel/language/diagnose.js';
import { NotebookProgram } from '../../../kernel/language/notebookProgram.js';
import type { Position } from '../../../kernel/language/places.js';

const root = fileURLToPath(new URL('../../../../', import.meta.url));
const { resolve } = createRequire(import.meta.url);

export const shippedTypes = {
  libFolder: path.dirname(resolve('typescript/package.json')) + '/lib',
  typesFolder: path.join(root, 'node_modules/@types'),
  unrollTypes: path.join(root, 'out/kernel/unroll.d.ts'),
};

export const emptyFolder = () => mkdtempSync(path.join(os.tmpdir(), 'unroll-language-'));

export class TestNotebook {
  readonly program: NotebookProgram;
  #documents: TextDocument[] = [];

  constructor(sources: string[], folder = emptyFolder()) {
    this.program = new NotebookProgram(folder, shippedTypes);
    sources.forEach((source, index) => this.insert(index, source));
  }

  insert(index: number, source: string, uri = TestNotebook.#newUri()): CellModule[] {
    this.#documents.splice(index, 0, TextDocument.create(uri, 'typescript', 1, source));
    return this.program.update(this.#documents);
  }

  edit(index: number, source: string): CellModule[] {
    const { uri, version } = this.#documents[index]!;
    this.#documents[index] = TextDocument.create(uri, 'typescript', version + 1, source);
    return this.program.update(this.#documents);
  }

  remove(index: number): CellModule[] {
    this.#documents.splice(index, 1);
    return this.program.update(this.#documents);
  }

  move(from: number, to: number): CellModule[] {
    const [moved] = this.#documents.splice(from, 1);
    this.#documents.splice(to, 0, moved!);
    return this.program.update(this.#documents);
  }

  cell(index: number): CellModule {
    return this.program.cells.all[index]!;
  }

  /** Where the text is in the cell: at its first character, or behind it. */
  at(index: number, text: string, end: 'start' | 'end' = 'start'): [CellModule, Position] {
    const module = this.cell(index);
    const { document } = module;
    const offset = document.getText().indexOf(text);
    if (offset < 0) throw new Error(`Cell ${index} has no ${text}`);
    return [module, document.positionAt(offset + (end === 'end' ? text.length : 0))];
  }

  /** `line:column text of it: message` of each error, from 1. */
  errors(index: number): string[] {
    const module = this.cell(index);
    return diagnose(this.program, module)
      .filter(({ severity }) => severity === 1)
      .map(({ range, message, code }) => {
        const where = module.document.getText(range);
        return `${range.start.line + 1}:${range.start.character + 1} ${where}: ${code} ${message as string}`;
      });
  }

  allErrors(): string[][] {
    return this.program.cells.all.map((_, index) => this.errors(index));
  }

  static #cells = 0;
  static #newUri = () => `notebook:cell-${TestNotebook.#cells++}`;
}
