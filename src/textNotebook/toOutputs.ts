/** Outputs of nbformat 4 → VS Code's. What is none is left out. */
import * as vscode from 'vscode';

interface Kept {
  output_type?: unknown;
  name?: unknown;
  text?: unknown;
  data?: unknown;
  ename?: unknown;
  evalue?: unknown;
  traceback?: unknown;
}

export function toOutputs(kept: unknown): vscode.NotebookCellOutput[] {
  if (!Array.isArray(kept)) return [];
  return (kept as Kept[]).flatMap((one) => {
    const items = toItems(one);
    return items.length > 0 ? [new vscode.NotebookCellOutput(items)] : [];
  });
}

function toItems(output: Kept): vscode.NotebookCellOutputItem[] {
  const items = vscode.NotebookCellOutputItem;
  if (output.output_type === 'stream') {
    const text = textOf(output.text);
    return [output.name === 'stderr' ? items.stderr(text) : items.stdout(text)];
  }
  if (output.output_type === 'error') {
    const { ename, evalue, traceback } = output;
    const stack = Array.isArray(traceback) ? traceback.join('\n') : '';
    return [items.error({ name: textOf(ename), message: textOf(evalue), stack })];
  }
  const { data } = output;
  if (typeof data !== 'object' || data === null) return [];
  return Object.entries(data).map(([mime, content]) => toItem(mime, content));
}

function toItem(mime: string, content: unknown): vscode.NotebookCellOutputItem {
  const text =
    /^application\/(.*\+)?json$/.test(mime) || typeof content === 'object'
      ? JSON.stringify(content)
      : textOf(content);
  const isBinary = /^(image|audio|video)\//.test(mime) && mime !== 'image/svg+xml';
  const bytes = isBinary ? Buffer.from(text, 'base64') : new TextEncoder().encode(text);
  return new vscode.NotebookCellOutputItem(bytes, mime);
}

function textOf(value: unknown): string {
  if (typeof value === 'string') return value;
  return Array.isArray(value) ? value.join('') : '';
}
