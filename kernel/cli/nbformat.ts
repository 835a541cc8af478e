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

/**
 * Reads a notebook and brings it to format 4.5: every cell gets an id.
 * @throws NotebookFormatError that says what is wrong
 */
export function parseNotebook(text: string, file: string): Notebook {
  const fail = (expected: string, got: unknown): never => {
    throw new NotebookFormatError(`${file}: expected ${expected}, got ${JSON.stringify(got)}`);
  };
  const value = parseJson(text, file);
  if (!isObject(value)) return fail('a JSON object', value);
  if (value['nbformat'] !== 4) fail('nbformat 4', value['nbformat']);
  if (!Array.isArray(value['cells'])) return fail('an array of cells', value['cells']);
  const seen = new Set<string>();
  const cells = value['cells'].map((cell, index) => parseCell(cell, index, seen, fail));
  const metadata = isObject(value['metadata']) ? value['metadata'] : {};
  const language = languageOf(metadata);
  if (language !== undefined && !languages.has(language)) fail('cells in typescript', language);
  return { metadata, nbformat: 4, nbformat_minor: 5, cells };
}

/** What our kernel runs. */
const languages = new Set(['typescript', 'javascript', 'deno']);

/** The language that a notebook says its cells are in. */
function languageOf({ kernelspec, language_info: info }: JsonObject): string | undefined {
  const said = [isObject(kernelspec) && kernelspec['language'], isObject(info) && info['name']];
  return said.find((name) => typeof name === 'string')?.toLowerCase();
}

/** A code cell that our kernel runs: VS Code notes where a cell is in another language. */
export function isTypeScript(cell: NotebookCell): boolean {
  const { vscode } = cell.metadata;
  const language = isObject(vscode) ? vscode['languageId'] : undefined;
  return cell.cell_type === 'code' && (typeof language !== 'string' || languages.has(language));
}

function parseJson(text: string, file: string): Json {
  try {
    return JSON.parse(text) as Json;
  } catch (cause) {
    throw new NotebookFormatError(`${file}: expected a notebook in JSON`, { cause });
  }
}

function parseCell(
  cell: Json,
  index: number,
  seen: Set<string>,
  fail: (expected: string, got: unknown) => never,
): NotebookCell {
  if (!isObject(cell)) return fail(`cell ${index + 1} to be an object`, cell);
  const type = cell['cell_type'];
  if (type !== 'code' && type !== 'markdown' && type !== 'raw')
    return fail(`cell ${index + 1} to be code, markdown or raw`, type);
  const source = cell['source'];
  if (typeof source !== 'string' && !isTexts(source))
    return fail(`cell ${index + 1} to have a source of text or lines`, source);
  const given = typeof cell['id'] === 'string' ? cell['id'] : '';
  const id = /^[\w-]{1,64}$/.test(given) && !seen.has(given) ? given : `cell-${index + 1}`;
  seen.add(id);
  const metadata = isObject(cell['metadata']) ? cell['metadata'] : {};
  const parsed: NotebookCell = { id, cell_type: type, metadata, source };
  if (type === 'code') return { ...parsed, execution_count: null, outputs: [] };
  return isObject(cell['attachments']) ? { ...parsed, attachments: cell['attachments'] } : parsed;
}

const isObject = (value: Json | undefined): value is JsonObject =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

const isTexts = (value: Json | undefined): value is string[] =>
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
