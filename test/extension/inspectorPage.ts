/** The inspector as tests meet it in VS Code: saved outputs to open, what stands on the page, themes. */
import { readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import * as vscode from 'vscode';
import { traceMime } from '../../kernel/contract/mime.js';
import type { TraceData } from '../../kernel/contract/trace.js';
import { waitForFrame } from './host.js';
import { ourKernelspec } from './notebooks.js';

const goldens = path.resolve(__dirname, '../../test/golden/traces');
export const payloadOf = (name: string): unknown =>
  JSON.parse(readFileSync(path.join(goldens, `${name}.json`), 'utf8'));

export const view = '[data-unroll-view="inspector"]';

export interface Seen {
  index: number;
  phase: string;
  level: string;
  t: string;
  layer: string;
  node: string;
  head: string;
  equation: string;
  norms: string[];
  parts: string[];
  spoken: string;
  marks: number;
}

export const seenScript = `(() => {
  const root = document.querySelector('${view}');
  if (!root || root.dataset.drawn !== root.dataset.index) return null;
  const texts = (selector) => Array.from(root.querySelectorAll(selector), (one) => one.textContent);
  return {
    ...root.dataset,
    index: Number(root.dataset.index),
    head: texts('.stophead .phase')[0],
    equation: root.querySelector('.equation math')?.getAttribute('aria-label'),
    norms: texts('.strip .norm'),
    parts: texts('.part .norm'),
    spoken: texts('[aria-live]')[0],
    marks: root.querySelectorAll('svg path[d]').length,
  };
})()`;

export async function seen(): Promise<Seen> {
  return await waitForFrame<Seen>(seenScript);
}

/** Waits until the view stands at another stop than before. */
export async function seenAfter(before: Seen): Promise<Seen> {
  return await waitForFrame<Seen>(
    `(() => { const now = ${seenScript}; return now && now.index !== ${before.index} ? now : null; })()`,
  );
}

export async function openSaved(
  name: string,
  payload: unknown,
  mime = traceMime,
): Promise<vscode.NotebookDocument> {
  const file = path.join(__dirname, `${name}.ipynb`);
  const output = {
    output_type: 'display_data',
    data: { [mime]: payload, 'text/plain': 'a trace' },
    metadata: {},
  };
  const cell = {
    cell_type: 'code',
    id: 'trace',
    execution_count: 1,
    metadata: {},
    source: 'inspect(model, batch)',
    outputs: [output],
  };
  writeFileSync(
    file,
    JSON.stringify({ cells: [cell], metadata: ourKernelspec, nbformat: 4, nbformat_minor: 5 }),
  );
  return await openFile(file);
}

export async function openFile(file: string): Promise<vscode.NotebookDocument> {
  const notebook = await vscode.workspace.openNotebookDocument(vscode.Uri.file(file));
  await vscode.window.showNotebookDocument(notebook);
  return notebook;
}

/** A norm as the panel writes it; numbers come from the payload. */
export function written(norm: number): string {
  const size = Math.abs(norm);
  if (size === 0) return '0';
  if (size < 1e-3) return norm.toExponential(2).replace('-', '−');
  return norm.toFixed(Math.min(4, Math.max(0, 3 - Math.floor(Math.log10(size)))));
}

export const nodeOf = (trace: TraceData, layer: number, id: string) =>
  trace.layers[layer]!.nodes.find((node) => node.id === id)!;

export async function setTheme(name: string): Promise<void> {
  await vscode.workspace
    .getConfiguration('workbench')
    .update('colorTheme', name, vscode.ConfigurationTarget.Global);
  await sleep(1500);
}

export const themes = {
  light: 'Default Light Modern',
  dark: 'Default Dark Modern',
  'contrast-light': 'Default High Contrast Light',
  'contrast-dark': 'Default High Contrast',
};
