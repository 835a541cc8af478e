/** What a cell is made of: symbols, parts that fold, kinds of names, hints between the words. */
import ts from 'typescript';
import {
  type DocumentSymbol,
  type FoldingRange,
  FoldingRangeKind,
  type InlayHint,
  InlayHintKind,
  type Range,
  SemanticTokensBuilder,
  type SemanticTokens,
  type SemanticTokensLegend,
  SymbolKind,
} from 'vscode-languageserver';
import { type CellModule, toCellOffset, toModuleOffset } from './cellModules.js';
import { inCellWords } from './cellWords.js';
import type { NotebookProgram } from './notebookProgram.js';
import { toRange } from './places.js';

export function symbols(program: NotebookProgram, module: CellModule): DocumentSymbol[] {
  const tree = program.service.getNavigationTree(module.fileName);
  return (tree.childItems ?? []).flatMap((one) => toSymbol(module, one));
}

function toSymbol(module: CellModule, tree: ts.NavigationTree): DocumentSymbol[] {
  const children = (tree.childItems ?? []).flatMap((one) => toSymbol(module, one));
  const range = tree.spans[0] && toRange(module, tree.spans[0]);
  if (!range || tree.kind === ts.ScriptElementKind.alias) return [];
  const selectionRange = (tree.nameSpan && toRange(module, tree.nameSpan)) ?? range;
  const kind = symbolKinds[tree.kind] ?? SymbolKind.Variable;
  return [{ name: tree.text, kind, range, selectionRange, children }];
}

const symbolKinds: Partial<Record<ts.ScriptElementKind, SymbolKind>> = {
  [ts.ScriptElementKind.moduleElement]: SymbolKind.Module,
  [ts.ScriptElementKind.classElement]: SymbolKind.Class,
  [ts.ScriptElementKind.enumElement]: SymbolKind.Enum,
  [ts.ScriptElementKind.enumMemberElement]: SymbolKind.EnumMember,
  [ts.ScriptElementKind.interfaceElement]: SymbolKind.Interface,
  [ts.ScriptElementKind.typeElement]: SymbolKind.Interface,
  [ts.ScriptElementKind.functionElement]: SymbolKind.Function,
  [ts.ScriptElementKind.localFunctionElement]: SymbolKind.Function,
  [ts.ScriptElementKind.memberFunctionElement]: SymbolKind.Method,
  [ts.ScriptElementKind.memberVariableElement]: SymbolKind.Property,
  [ts.ScriptElementKind.memberGetAccessorElement]: SymbolKind.Property,
  [ts.ScriptElementKind.memberSetAccessorElement]: SymbolKind.Property,
  [ts.ScriptElementKind.constructorImplementationElement]: SymbolKind.Constructor,
  [ts.ScriptElementKind.constElement]: SymbolKind.Constant,
};

export function foldings(program: NotebookProgram, module: CellModule): FoldingRange[] {
  return program.service.getOutliningSpans(module.fileName).flatMap(({ textSpan, kind }) => {
    const range = toRange(module, textSpan);
    if (!range || range.start.line === range.end.line) return [];
    const closes = /[}\])]/.test(module.text.charAt(textSpan.start + textSpan.length - 1));
    // The line with the closing bracket stays.
    const endLine = Math.max(range.start.line, range.end.line - (closes ? 1 : 0));
    const foldingKind = foldingKinds[kind];
    return [
      { startLine: range.start.line, endLine, ...(foldingKind ? { kind: foldingKind } : {}) },
    ];
  });
}

const foldingKinds: Partial<Record<ts.OutliningSpanKind, FoldingRangeKind>> = {
  [ts.OutliningSpanKind.Comment]: FoldingRangeKind.Comment,
  [ts.OutliningSpanKind.Imports]: FoldingRangeKind.Imports,
  [ts.OutliningSpanKind.Region]: FoldingRangeKind.Region,
};

/** In the order of TypeScript's own numbers. */
export const tokenLegend: SemanticTokensLegend = {
  tokenTypes: [
    ...['class', 'enum', 'interface', 'namespace', 'typeParameter', 'type', 'parameter'],
    ...['variable', 'enumMember', 'property', 'function', 'method'],
  ],
  tokenModifiers: ['declaration', 'static', 'async', 'readonly', 'defaultLibrary', 'local'],
};

export function tokens(program: NotebookProgram, module: CellModule): SemanticTokens {
  const { fileName, prefix, text, document } = module;
  const { spans } = program.service.getEncodedSemanticClassifications(
    fileName,
    { start: prefix.length, length: text.length - prefix.length },
    ts.SemanticClassificationFormat.TwentyTwenty,
  );
  const builder = new SemanticTokensBuilder();
  for (let i = 0; i + 2 < spans.length; i += 3) {
    const start = toCellOffset(module, spans[i]!);
    if (start === undefined) continue;
    const { line, character } = document.positionAt(start);
    const encoded = spans[i + 2]!;
    builder.push(line, character, spans[i + 1]!, (encoded >> 8) - 1, encoded & 255);
  }
  return builder.build();
}

export function inlayHints(
  program: NotebookProgram,
  module: CellModule,
  range: Range,
  preferences: ts.UserPreferences,
): InlayHint[] {
  const { document, fileName } = module;
  const start = toModuleOffset(module, document.offsetAt(range.start));
  const length = toModuleOffset(module, document.offsetAt(range.end)) - start;
  const found = program.service.provideInlayHints(fileName, { start, length }, preferences);
  return found.flatMap((hint) => {
    const offset = toCellOffset(module, hint.position);
    if (offset === undefined) return [];
    const label = hint.displayParts?.map((part) => part.text).join('') ?? hint.text;
    const kind =
      hint.kind === ts.InlayHintKind.Parameter ? InlayHintKind.Parameter : InlayHintKind.Type;
    return [
      {
        position: document.positionAt(offset),
        label: inCellWords(program, label),
        ...(hint.kind === ts.InlayHintKind.Enum ? {} : { kind }),
        paddingLeft: hint.whitespaceBefore ?? false,
        paddingRight: hint.whitespaceAfter ?? false,
      },
    ];
  });
}
