/**
 * What the running kernel knows beyond types: the keys that an object has by now, the columns of a table, and a
 * value's shape beside its name.
 */
import * as vscode from 'vscode';
import type { VariableSummary } from '../../kernel/contract/protocol.js';

/** Asks the kernel of the cell's notebook, where one runs and is idle. */
export interface LiveValues {
  complete(notebook: vscode.NotebookDocument, code: string): Promise<string[] | undefined>;
  variables(notebook: vscode.NotebookDocument): Promise<VariableSummary[] | undefined>;
}

/** A kernel that is busy after all does not hold up the list. */
const patienceMs = 150;
/** `table.`, `table.lo`, `table['lo`: the path, and what is typed of the name. */
const path = /([\p{ID_Start}$_][\p{ID_Continue}$.]*?)(?:\.|\[["'])([\p{ID_Continue}$ -]*)$/u;

/** @param known What the language server offers. @returns That, with what the kernel adds. */
export async function withLiveValues(
  live: LiveValues,
  document: vscode.TextDocument,
  position: vscode.Position,
  known: vscode.CompletionItem[],
): Promise<vscode.CompletionItem[]> {
  const notebook = vscode.workspace.notebookDocuments.find((one) =>
    one.getCells().some((cell) => cell.document === document),
  );
  if (!notebook) return known;
  const line = document.lineAt(position).text.slice(0, position.character);
  const [, owner, typed = ''] = path.exec(line) ?? [];
  if (owner === undefined) {
    describe(known, await inTime(live.variables(notebook)));
    return known;
  }
  const found = (await inTime(live.complete(notebook, `${owner}.`))) ?? [];
  const names = new Set(known.map(nameOf));
  const range = new vscode.Range(position.translate(0, -typed.length), position);
  return [
    ...known,
    ...found
      .filter((name) => !names.has(name) && !isInherited(name))
      .map((name) => toItem(name, range)),
  ];
}

function toItem(name: string, range: vscode.Range): vscode.CompletionItem {
  const label = { label: name, description: 'in the running kernel' };
  const item = new vscode.CompletionItem(label, vscode.CompletionItemKind.Field);
  item.range = range;
  item.insertText = name;
  item.sortText = `11${name}`;
  return item;
}

/** Puts type and shape beside the names of variables. */
function describe(items: vscode.CompletionItem[], variables: VariableSummary[] | undefined): void {
  const byName = new Map((variables ?? []).map((one) => [one.name, one]));
  for (const item of items) {
    const variable = byName.get(nameOf(item));
    if (!variable || typeof item.label !== 'string') continue;
    const shape = variable.shape ? ` [${variable.shape.join(', ')}]` : '';
    item.label = { label: item.label, description: `${variable.type}${shape}` };
  }
}

function nameOf({ label }: vscode.CompletionItem): string {
  return (typeof label === 'string' ? label : label.label).replace(/\?$/, '');
}

/** What every object has is no news. */
function isInherited(name: string): boolean {
  return name in Object.prototype || name.startsWith('__');
}

async function inTime<T>(answer: Promise<T | undefined>): Promise<T | undefined> {
  const late = new Promise<undefined>((resolve) => {
    setTimeout(() => resolve(undefined), patienceMs);
  });
  return await Promise.race([answer, late]);
}
