/** TypeScript's changes of modules and files → edits of cells and files. */
import type ts from 'typescript';
import type { TextEdit, WorkspaceEdit } from 'vscode-languageserver';
import { type CellModule, isCellSpecifier } from './cellModules.js';
import type { NotebookProgram } from './notebookProgram.js';
import { toLocation, toRange } from './places.js';

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
    .flatMap(({ textChanges }) => textChanges.flatMap((one) => toTextEdit(module, one) ?? []));
}

/** Undefined where a change can't be made: it would import a cell, or change what we wrote. */
export function toWorkspaceEdit(
  program: NotebookProgram,
  changes: readonly ts.FileTextChanges[],
): WorkspaceEdit | undefined {
  const edits: Record<string, TextEdit[]> = {};
  for (const { fileName, textChanges } of changes) {
    const module = program.cells.ofFile(fileName);
    for (const change of textChanges) {
      const place = toLocation(program, fileName, change.span);
      const edit = module
        ? toTextEdit(module, change)
        : place && { range: place.range, newText: change.newText };
      const uri = module?.document.uri ?? place?.uri;
      if (!edit || uri === undefined || program.isShipped(fileName)) return undefined;
      (edits[uri] ??= []).push(edit);
    }
  }
  return { changes: edits };
}

function toTextEdit(module: CellModule, { span, newText }: ts.TextChange): TextEdit | undefined {
  if (isCellSpecifier(newText)) return undefined;
  const range = toRange(module, span);
  if (range) {
    // What replaces a line's first word comes with an indentation that the line has already.
    const isIndented = span.length > 0 && !/^\s/.test(module.text.slice(span.start));
    return { range, newText: isIndented ? newText.replace(/^[ \t]+/, '') : newText };
  }
  return span.length === 0 ? { range: atStart, newText: `${newText.trim()}\n` } : undefined;
}
