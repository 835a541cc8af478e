/** What the language server can do, as it tells the client. */
import { CodeActionKind, type InitializeResult, TextDocumentSyncKind } from 'vscode-languageserver';
import type { ServerOptions } from './ourNotebooks.js';
import { tokenLegend } from './outline.js';

const notebooks = ['jupyter-notebook', 'unroll-text-notebook'].map((notebookType) => ({
  notebook: { notebookType },
}));

/**
 * What is asked for at once when it is typed. While such a question is open VS Code asks no other, and an empty answer
 * that comes after the next letters ends the list for the whole word (github.com/microsoft/vscode/issues/174385). So a
 * character is here only where an answer is the rule: neither a space nor `<`, behind which there mostly is none, and
 * the names behind them come with their first letter.
 */
const completionTriggers = ['.', '"', "'", '`', '/', '@', '#'];

export function capabilities(options: ServerOptions | undefined): InitializeResult {
  const isAlone = options?.isAlone ?? false;
  return {
    capabilities: {
      notebookDocumentSync: {
        notebookSelector: notebooks.map((one) => ({ ...one, cells: [{ language: 'typescript' }] })),
      },
      textDocumentSync: { openClose: false, change: TextDocumentSyncKind.None },
      completionProvider: {
        triggerCharacters: completionTriggers,
        resolveProvider: true,
      },
      hoverProvider: true,
      signatureHelpProvider: { triggerCharacters: ['(', ',', '<'], retriggerCharacters: [')'] },
      definitionProvider: true,
      typeDefinitionProvider: true,
      implementationProvider: true,
      referencesProvider: true,
      documentHighlightProvider: true,
      renameProvider: { prepareProvider: true },
      semanticTokensProvider: { legend: tokenLegend, full: true },
      inlayHintProvider: true,
      codeActionProvider: {
        codeActionKinds: [CodeActionKind.QuickFix, CodeActionKind.Refactor],
        resolveProvider: true,
      },
      documentSymbolProvider: isAlone,
      foldingRangeProvider: isAlone,
      documentFormattingProvider: isAlone,
    },
  };
}
