/** Completion: names in scope and members, and names that an import would bring. */
import ts from 'typescript';
import {
  type CompletionItem,
  CompletionItemKind,
  CompletionItemTag,
  type CompletionList,
  InsertTextFormat,
} from 'vscode-languageserver';
import { type CellModule, isCellSpecifier } from './cellModules.js';
import { inCellWords } from './cellWords.js';
import { toTextEdits } from './edits.js';
import { documentation, markdown } from './explain.js';
import type { NotebookProgram } from './notebookProgram.js';
import { type Position, toOffset, toRange } from './places.js';

/** What a completion item keeps so that its details can be asked for. */
export interface CompletionOrigin {
  uri: string;
  position: Position;
  name: string;
  source?: string | undefined;
  data?: ts.CompletionEntryData | undefined;
}

export function complete(
  program: NotebookProgram,
  module: CellModule,
  position: Position,
  trigger: string | undefined,
): CompletionList | undefined {
  const offset = toOffset(module, position);
  const found = program.service.getCompletionsAtPosition(module.fileName, offset, {
    ...preferences(program),
    ...(trigger === undefined
      ? {}
      : { triggerCharacter: trigger as ts.CompletionsTriggerCharacter }),
  });
  if (!found) return undefined;
  const { entries, optionalReplacementSpan: span, isIncomplete = false } = found;
  const items = entries
    .filter((entry) => !isFromCell(entry))
    .map((entry) => {
      const item = toItem(module, position, entry);
      const range = toRange(module, entry.replacementSpan ?? span ?? { start: offset, length: 0 });
      if (!range) return item;
      const { insertText = item.label, ...rest } = item;
      return { ...rest, textEdit: { range, newText: insertText } };
    });
  return { isIncomplete, items };
}

/** Documentation, type, and the import that it needs. */
export function completeDetails(program: NotebookProgram, item: CompletionItem): CompletionItem {
  const { uri, position, name, source, data } = item.data as CompletionOrigin;
  const module = program.cells.of(uri);
  if (!module) return item;
  const details = program.service.getCompletionEntryDetails(
    module.fileName,
    toOffset(module, position),
    name,
    ts.getDefaultFormatCodeSettings(),
    source,
    preferences(program),
    data,
  );
  if (!details) return item;
  const [action] = details.codeActions ?? [];
  const edits = action ? toTextEdits(program, module, action.changes) : [];
  const from = action && edits.length > 0 ? `${action.description}\n` : '';
  const shown = ts.displayPartsToString(details.displayParts).replace(/^\(alias\) /, '');
  return {
    ...item,
    detail: from + inCellWords(program, shown.replace(/\nimport [\p{ID_Continue}$]+$/u, '')),
    documentation: markdown(documentation(details.documentation, details.tags)),
    ...(edits.length > 0 ? { additionalTextEdits: edits } : {}),
  };
}

export function preferences(program: NotebookProgram): ts.UserPreferences {
  return {
    includeCompletionsForModuleExports: true,
    includeCompletionsForImportStatements: true,
    includeCompletionsWithInsertText: true,
    includeCompletionsWithSnippetText: true,
    includeAutomaticOptionalChainCompletions: true,
    importModuleSpecifierPreference: 'shortest',
    allowTextChangesInNewFiles: false,
    quotePreference: 'single',
    autoImportFileExcludePatterns: program.notImported,
    provideRefactorNotApplicableReason: false,
  };
}

function isFromCell({ source }: ts.CompletionEntry): boolean {
  return source !== undefined && isCellSpecifier(source);
}

function toItem(
  { document }: CellModule,
  position: Position,
  entry: ts.CompletionEntry,
): CompletionItem {
  const { name, kind, sortText, source, data, insertText, isSnippet, filterText } = entry;
  const modifiers = entry.kindModifiers ?? '';
  const origin: CompletionOrigin = { uri: document.uri, position, name, source, data };
  const from = entry.sourceDisplay && ts.displayPartsToString(entry.sourceDisplay);
  return {
    label: modifiers.includes('optional') ? `${name}?` : name,
    kind: kinds[kind] ?? CompletionItemKind.Text,
    sortText,
    insertText: insertText ?? name,
    filterText: filterText ?? name,
    ...(isSnippet ? { insertTextFormat: InsertTextFormat.Snippet } : {}),
    ...(from === undefined ? {} : { labelDetails: { description: from } }),
    ...(modifiers.includes('deprecated') ? { tags: [CompletionItemTag.Deprecated] } : {}),
    data: origin,
  };
}

const kinds: Partial<Record<ts.ScriptElementKind, CompletionItemKind>> = {
  [ts.ScriptElementKind.primitiveType]: CompletionItemKind.Keyword,
  [ts.ScriptElementKind.keyword]: CompletionItemKind.Keyword,
  [ts.ScriptElementKind.constElement]: CompletionItemKind.Constant,
  [ts.ScriptElementKind.letElement]: CompletionItemKind.Variable,
  [ts.ScriptElementKind.variableElement]: CompletionItemKind.Variable,
  [ts.ScriptElementKind.localVariableElement]: CompletionItemKind.Variable,
  [ts.ScriptElementKind.parameterElement]: CompletionItemKind.Variable,
  [ts.ScriptElementKind.alias]: CompletionItemKind.Variable,
  [ts.ScriptElementKind.memberVariableElement]: CompletionItemKind.Field,
  [ts.ScriptElementKind.memberGetAccessorElement]: CompletionItemKind.Property,
  [ts.ScriptElementKind.memberSetAccessorElement]: CompletionItemKind.Property,
  [ts.ScriptElementKind.memberAccessorVariableElement]: CompletionItemKind.Property,
  [ts.ScriptElementKind.functionElement]: CompletionItemKind.Function,
  [ts.ScriptElementKind.localFunctionElement]: CompletionItemKind.Function,
  [ts.ScriptElementKind.memberFunctionElement]: CompletionItemKind.Method,
  [ts.ScriptElementKind.constructSignatureElement]: CompletionItemKind.Method,
  [ts.ScriptElementKind.callSignatureElement]: CompletionItemKind.Method,
  [ts.ScriptElementKind.constructorImplementationElement]: CompletionItemKind.Constructor,
  [ts.ScriptElementKind.enumElement]: CompletionItemKind.Enum,
  [ts.ScriptElementKind.enumMemberElement]: CompletionItemKind.EnumMember,
  [ts.ScriptElementKind.moduleElement]: CompletionItemKind.Module,
  [ts.ScriptElementKind.externalModuleName]: CompletionItemKind.Module,
  [ts.ScriptElementKind.classElement]: CompletionItemKind.Class,
  [ts.ScriptElementKind.localClassElement]: CompletionItemKind.Class,
  [ts.ScriptElementKind.interfaceElement]: CompletionItemKind.Interface,
  [ts.ScriptElementKind.typeElement]: CompletionItemKind.Interface,
  [ts.ScriptElementKind.typeParameterElement]: CompletionItemKind.TypeParameter,
  [ts.ScriptElementKind.directory]: CompletionItemKind.Folder,
  [ts.ScriptElementKind.scriptElement]: CompletionItemKind.File,
  [ts.ScriptElementKind.string]: CompletionItemKind.Constant,
};
