/**
 * Jupyter notebooks on disk, format 4.5.
 * Source: https://nbformat.readthedocs.io/en/latest/format_description.html
 */
import type { Json } from '../contract/mime.js';

export type JsonObject = Record<string, Json>;

export interface Notebook {
  nbformat: 4;
  nbformat_minor: number;
  metadata: JsonObject;
  cells: NotebookCell[];
}

export interface NotebookCell {
  id: string;
  cell_type: 'code' | 'markdown' | 'raw';
  metadata: JsonObject;
  /** Text, or its lines, each with its line break. */
  source: string | string[];
  /** Pictures that a Markdown cell brings along. */
  attachments?: JsonObject;
  /** Code cells only. */
  execution_count?: number | null;
  outputs?: NotebookOutput[];
}

export type NotebookOutput =
  | { output_type: 'stream'; name: 'stdout' | 'stderr'; text: string[] }
  | { output_type: 'display_data'; data: JsonObject; metadata: JsonObject }
  | {
      output_type: 'execute_result';
      execution_count: number;
      data: JsonObject;
      metadata: JsonObject;
    }
  | { output_type: 'error'; ename: string; evalue: string; traceback: string[] };

/** A file is not a notebook that can be run. */
export class NotebookFormatError extends Error {
  override readonly name = 'NotebookFormatError';
}

/** What our kernel runs. */
export const languages = new Set(['typescript', 'javascript', 'deno']);

/** A code cell that our kernel runs: VS Code notes where a cell is in another language. */
export function isTypeScript(cell: NotebookCell): boolean {
  const { vscode } = cell.metadata;
  const language = isObject(vscode) ? vscode['languageId'] : undefined;
  return cell.cell_type === 'code' && (typeof language !== 'string' || languages.has(language));
}

export const isObject = (value: Json | undefined): value is JsonObject =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/** Text in lines. */
export const isTexts = (value: Json | undefined): value is string[] =>
  Array.isArray(value) && value.every((line) => typeof line === 'string');

export const sourceOf = (cell: NotebookCell): string =>
  typeof cell.source === 'string' ? cell.source : cell.source.join('');

export function hasTag(cell: NotebookCell, tag: string): boolean {
  const tags = cell.metadata['tags'];
  return Array.isArray(tags) && tags.includes(tag);
}

/** Lines with their line breaks, as notebooks keep text. */
export const toLines = (text: string): string[] => text.match(/[^\n]*\n|[^\n]+/g) ?? [];

/** Keys in alphabetical order, one space of indentation and a final line break, as Jupyter writes. */
export const printNotebook = (notebook: Notebook): string =>
  `${JSON.stringify(notebook, (_key, value: unknown) => sortKeys(value), 1)}\n`;

function sortKeys(value: unknown): unknown {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return value;
  return Object.fromEntries(Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1)));
}
