/** Quick fixes of what is wrong, refactorings of what is selected, and formatting. */
import ts from 'typescript';
import {
  type CodeAction,
  CodeActionKind,
  type Diagnostic,
  type FormattingOptions,
  type Range,
  type TextEdit,
} from 'vscode-languageserver';
import type { CellModule } from './cellModules.js';
import { inCellWords } from './cellWords.js';
import { preferences } from './complete.js';
import { toTextEdits, toWorkspaceEdit } from './edits.js';
import type { NotebookProgram } from './notebookProgram.js';
import { toOffset } from './places.js';

/** What a refactoring keeps so that its edits can be asked for. */
export interface RefactorOrigin {
  uri: string;
  range: Range;
  refactor: string;
  action: string;
}

/** TypeScript's own layout, with the two blanks that most notebooks have. */
const format: ts.FormatCodeSettings = {
  ...ts.getDefaultFormatCodeSettings('\n'),
  indentSize: 2,
  tabSize: 2,
};

export function quickFixes(
  program: NotebookProgram,
  module: CellModule,
  diagnostics: readonly Diagnostic[],
): CodeAction[] {
  return diagnostics.flatMap((diagnostic) => {
    const { code, range, source } = diagnostic;
    if (source !== 'ts' || typeof code !== 'number') return [];
    const fixes = program.service.getCodeFixesAtPosition(
      module.fileName,
      toOffset(module, range.start),
      toOffset(module, range.end),
      [code],
      format,
      preferences(program),
    );
    return fixes.flatMap(({ description, changes, commands }): CodeAction[] => {
      const edit = toWorkspaceEdit(program, changes);
      if (!edit || (commands?.length ?? 0) > 0) return [];
      const title = inCellWords(program, description);
      return [{ title, kind: CodeActionKind.QuickFix, diagnostics: [diagnostic], edit }];
    });
  });
}

export function refactorings(
  program: NotebookProgram,
  module: CellModule,
  range: Range,
  only: readonly string[] | undefined,
): CodeAction[] {
  const wanted = only ?? (isEmpty(range) ? [] : [CodeActionKind.Refactor]);
  if (!wanted.some((kind) => kind.startsWith(CodeActionKind.Refactor))) return [];
  const found = program.service.getApplicableRefactors(
    module.fileName,
    { pos: toOffset(module, range.start), end: toOffset(module, range.end) },
    preferences(program),
    only ? 'invoked' : 'implicit',
  );
  return found.flatMap((refactor) =>
    refactor.actions.flatMap(({ name, description, kind, notApplicableReason }): CodeAction[] => {
      const isWanted = wanted.some((one) => kind === one || kind?.startsWith(`${one}.`));
      // A cell has no file that it could move to.
      if (!isWanted || notApplicableReason !== undefined || kind?.includes('.move')) return [];
      const origin: RefactorOrigin = {
        uri: module.document.uri,
        range,
        refactor: refactor.name,
        action: name,
      };
      return [{ title: description, kind: kind ?? CodeActionKind.Refactor, data: origin }];
    }),
  );
}

export function refactorEdits(program: NotebookProgram, action: CodeAction): CodeAction {
  const { uri, range, refactor, action: name } = action.data as RefactorOrigin;
  const module = program.cells.of(uri);
  if (!module) return action;
  const found = program.service.getEditsForRefactor(
    module.fileName,
    format,
    { pos: toOffset(module, range.start), end: toOffset(module, range.end) },
    refactor,
    name,
    preferences(program),
  );
  const edit = found && toWorkspaceEdit(program, found.edits);
  return edit ? { ...action, edit } : action;
}

export function formatting(
  program: NotebookProgram,
  module: CellModule,
  { tabSize, insertSpaces }: FormattingOptions,
): TextEdit[] {
  const { fileName } = module;
  const textChanges = program.service.getFormattingEditsForDocument(fileName, {
    ...format,
    tabSize,
    indentSize: tabSize,
    convertTabsToSpaces: insertSpaces,
  });
  const { prefix, scope } = module;
  const { offset, length } = scope.insertion;
  // Not the space that would stand behind the text that we put in.
  const inserted = length === 0 ? -1 : prefix.length + offset + length;
  const ours = textChanges.filter(
    ({ span }) => span.start >= prefix.length && span.start !== inserted,
  );
  return toTextEdits(program, module, [{ fileName, textChanges: ours }]);
}

function isEmpty({ start, end }: Range): boolean {
  return start.line === end.line && start.character === end.character;
}
