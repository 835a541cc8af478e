/** TypeScript's changes of a module → edits of the cell. */
import type ts from 'typescript';
import type { TextEdit } from 'vscode-languageserver';
import type { CellModule } from './cellModules.js';
import type { NotebookProgram } from './notebookProgram.js';
import { toRange } from './places.js';

const atStart = { start: { line: 0, character: 0 }, end: { line: 0, character: 0 } };

/**
 * Those in this cell. An import that TypeScript puts behind those of the line that we wrote goes to the cell's
 * start.
 */
export function toTextEdits(
  program: NotebookProgram,
  module: CellModule,
  changes: readonly ts.FileTextChanges[],
): TextEdit[] {
  return changes
    .filter(({ fileName }) => program.cells.ofFile(fileName) === module)
    .flatMap(({ textChanges }) => textChanges.map((change) => toTextEdit(module, change)));
}

function toTextEdit(module: CellModule, { span, newText }: ts.TextChange): TextEdit {
  const range = toRange(module, span);
  if (range) return { range, newText };
  return { range: atStart, newText: `${newText.trim()}\n` };
}
