/** A cell's errors, warnings and hints. */
import ts from 'typescript';
import {
  type Diagnostic,
  type DiagnosticRelatedInformation,
  DiagnosticSeverity,
  DiagnosticTag,
} from 'vscode-languageserver';
import type { CellModule } from './cellModules.js';
import { inCellWords } from './cellWords.js';
import { findWrongChains } from './layerChains.js';
import type { NotebookProgram } from './notebookProgram.js';
import { toLocation, toRange } from './places.js';

/** TypeScript's numbers of what it says. */
const codes = {
  assignsToImport: 2632,
  implicitAny: 7005,
  implicitAnyInPlaces: 7034,
};

const severities: Record<ts.DiagnosticCategory, DiagnosticSeverity> = {
  [ts.DiagnosticCategory.Error]: DiagnosticSeverity.Error,
  [ts.DiagnosticCategory.Warning]: DiagnosticSeverity.Warning,
  [ts.DiagnosticCategory.Suggestion]: DiagnosticSeverity.Hint,
  [ts.DiagnosticCategory.Message]: DiagnosticSeverity.Information,
};

export function diagnose(program: NotebookProgram, module: CellModule): Diagnostic[] {
  const { service } = program;
  const { fileName } = module;
  const found = [
    ...service.getSyntacticDiagnostics(fileName),
    ...service.getSemanticDiagnostics(fileName),
    ...service.getSuggestionDiagnostics(fileName),
  ];
  return [
    ...found.flatMap((one) => toDiagnostic(program, module, one) ?? []),
    ...findWrongChains(program, module),
  ];
}

function toDiagnostic(
  program: NotebookProgram,
  module: CellModule,
  found: ts.Diagnostic,
): Diagnostic | undefined {
  const { start, length, code, category } = found;
  if (start === undefined || isOfOneFile(code)) return undefined;
  const range = toRange(module, { start, length: length ?? 0 });
  if (!range) return undefined;
  const tags = [
    ...(found.reportsUnnecessary ? [DiagnosticTag.Unnecessary] : []),
    ...(found.reportsDeprecated ? [DiagnosticTag.Deprecated] : []),
  ];
  const related = relatedTo(program, found);
  return {
    range,
    message: messageOf(program, module, found),
    severity: severities[category],
    code,
    source: 'ts',
    ...(tags.length > 0 ? { tags } : {}),
    ...(related.length > 0 ? { relatedInformation: related } : {}),
  };
}

/** True of one file and not of a notebook: `let losses = [];` is filled by another cell. */
function isOfOneFile(code: number): boolean {
  return code === codes.implicitAny || code === codes.implicitAnyInPlaces;
}

function messageOf(program: NotebookProgram, module: CellModule, found: ts.Diagnostic): string {
  const { code, start = 0, length = 0 } = found;
  if (code === codes.assignsToImport) {
    const name = module.text.slice(start, start + length);
    const kind = program.cells.originOf(name, module)?.kind;
    // A cell imports the names of other cells: that is our way, and none of the user's business.
    if (kind !== undefined && kind !== 'import') {
      return `Cannot assign to '${name}' because it is a ${kind}.`;
    }
  }
  return inCellWords(program, ts.flattenDiagnosticMessageText(found.messageText, '\n'));
}

function relatedTo(program: NotebookProgram, found: ts.Diagnostic): DiagnosticRelatedInformation[] {
  return (found.relatedInformation ?? []).flatMap(({ file, start, length, messageText }) => {
    if (!file || start === undefined) return [];
    const location = toLocation(program, file.fileName, { start, length: length ?? 0 });
    if (!location) return [];
    const message = inCellWords(program, ts.flattenDiagnosticMessageText(messageText, '\n'));
    return [{ location, message }];
  });
}
