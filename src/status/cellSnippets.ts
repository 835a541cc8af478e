/**
 * Snippets for cells of our notebooks, and only there: VS Code's own snippets would be offered in every TypeScript
 * file.
 */
import * as vscode from 'vscode';
import { language, notebookTypes } from '../notebook/kernelspec.js';
import { snippets } from './snippets.js';

export function registerSnippets(): vscode.Disposable {
  const selector = notebookTypes.map((notebookType) => ({ notebookType, language }));
  return vscode.languages.registerCompletionItemProvider(selector, {
    provideCompletionItems(document, position) {
      const before = document.lineAt(position).text.slice(0, position.character);
      const [, typed] = /^\s*([\w-]*)$/.exec(before) ?? [];
      if (typed === undefined) return [];
      const range = new vscode.Range(position.translate(0, -typed.length), position);
      return snippets.map(({ prefix, title, body }) => {
        const label = { label: prefix, description: title };
        const item = new vscode.CompletionItem(label, vscode.CompletionItemKind.Snippet);
        item.insertText = new vscode.SnippetString(body.join('\n'));
        item.documentation = new vscode.MarkdownString().appendCodeblock(plain(body), language);
        item.range = range;
        // Behind what the cells and the library offer.
        item.sortText = `~${prefix}`;
        return item;
      });
    },
  });
}

/** Without the marks of places to fill in. */
function plain(body: readonly string[]): string {
  return body
    .join('\n')
    .replace(/\$\{\d+:([^{}]*)\}/g, '$1')
    .replace(/\$\d+/g, '');
}
