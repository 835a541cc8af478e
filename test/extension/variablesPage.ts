/** The Variables view and the pages of values, as a test sees them. */
import * as vscode from 'vscode';
import { evaluateInFrames, waitForFrame } from './host.js';

/** In the frame of the list, and nowhere else. */
const inList = `document.querySelector('.list, .empty') && document.querySelector('.bar')`;

export interface ShownRow {
  name: string;
  type: string;
  shape: string;
  value: string;
  memory: string;
  cell: string;
  isChanged: boolean;
}

const rowsScript = `[...document.querySelectorAll('tr.row')].map((row) => {
  const text = (name) => row.querySelector('td.' + name).textContent;
  return { name: text('name'), type: text('type'), shape: text('shape'), value: text('value'), memory: text('memory'),
    cell: text('cell'), isChanged: row.classList.contains('changed') };
})`;

export async function showVariables(): Promise<void> {
  await vscode.commands.executeCommand('unroll.showVariables');
  await waitForFrame(`${inList} ? true : null`);
}

/** The rows, once the condition holds; `rows` are they. */
export async function rowsWhen(condition: string): Promise<ShownRow[]> {
  return await waitForFrame<ShownRow[]>(
    `${inList} ? ((rows) => (${condition}) ? rows : null)(${rowsScript}) : null`,
  );
}

/** What the list says where it has no rows. */
export async function emptyText(state: string): Promise<string> {
  return await waitForFrame<string>(
    `document.querySelector('.empty[data-state="${state}"]')?.textContent`,
  );
}

export async function footText(part: string, condition: string): Promise<string> {
  return await waitForFrame<string>(
    `${inList} ? ((text) => (${condition}) ? text || ' ' : null)(document.querySelector('.foot .${part}').textContent) : null`,
  );
}

/** The name of the row that has the focus. */
export async function focusedRow(): Promise<string | undefined> {
  const [name] = await evaluateInFrames<string>(
    `${inList} ? document.activeElement?.closest('tr.row')?.dataset.name ?? '' : null`,
  );
  return name;
}

export interface ShownValue {
  path: string;
  what: string;
  facts: string;
  /** Of the table. */
  heads: string[];
  cells: string[][];
  rowHeads: string[];
  pagers: string[];
  canvas: { label: string; pixels: number } | null;
  reason: string;
  hint: string;
}

const valueScript = `(() => {
  if (!document.querySelector('h1.path')) return null;
  const texts = (selector, from = document) => [...from.querySelectorAll(selector)].map((one) => one.textContent);
  const canvas = document.querySelector('canvas');
  const colours = () => {
    const { data } = canvas.getContext('2d').getImageData(0, 0, canvas.width, canvas.height);
    return new Set(Array.from({ length: data.length / 4 }, (_, i) => data.slice(4 * i, 4 * i + 3).join())).size;
  };
  return {
    path: document.querySelector('h1.path').textContent,
    what: document.querySelector('.what').textContent,
    facts: texts('.facts > span').join(', '),
    heads: texts('.cells thead th'),
    rowHeads: texts('.cells tbody th'),
    cells: [...document.querySelectorAll('.cells tbody tr')].map((row) => texts('td', row)),
    pagers: texts('.pager .muted'),
    canvas: canvas && { label: canvas.getAttribute('aria-label'), pixels: colours() },
    reason: document.querySelector('.stage.reason')?.textContent ?? '',
    hint: document.querySelector('.hint')?.textContent ?? '',
  };
})()`;

/** What the value's page shows, once the condition on it, `shown`, holds. */
export async function valueWhen(condition: string): Promise<ShownValue> {
  return await waitForFrame<ShownValue>(
    `((shown) => shown && (${condition}) ? shown : null)(${valueScript})`,
  );
}
