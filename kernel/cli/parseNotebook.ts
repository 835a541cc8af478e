/** A notebook's file → its cells: an `.ipynb`, or a text notebook (`.ts`). */
import type { Json } from '../contract/mime.js';
import { parsePercentText } from '../contract/percentFormat.js';
import {
  isObject,
  isTexts,
  languages,
  NotebookFormatError,
  toLines,
  type JsonObject,
  type Notebook,
  type NotebookCell,
  type NotebookOutput,
} from './nbformat.js';
import { isText } from './targets.js';

/** What to do with the outputs that a file holds: those of a run come anew, an export shows what is there. */
export type OldOutputs = 'drop' | 'keep';

/**
 * Reads a notebook, by the name of its file, and brings it to format 4.5: every cell gets an id.
 * @throws NotebookFormatError that says what is wrong
 */
export function parseNotebook(text: string, file: string, outputs: OldOutputs = 'drop'): Notebook {
  const fail = (expected: string, got: unknown): never => {
    throw new NotebookFormatError(`${file}: expected ${expected}, got ${JSON.stringify(got)}`);
  };
  if (isText(file)) return fromPercentText(text);
  const value = parseJson(text, file);
  if (!isObject(value)) return fail('a JSON object', value);
  if (value['nbformat'] !== 4) fail('nbformat 4', value['nbformat']);
  if (!Array.isArray(value['cells'])) return fail('an array of cells', value['cells']);
  const seen = new Set<string>();
  const cells = value['cells'].map((cell, index) =>
    parseCell(cell, index, { seen, outputs, fail }),
  );
  const metadata = isObject(value['metadata']) ? value['metadata'] : {};
  const language = languageOf(metadata);
  if (language !== undefined && !languages.has(language)) fail('cells in typescript', language);
  return { metadata, nbformat: 4, nbformat_minor: 5, cells };
}

/** Markdown, raw cells and code; a cell in another language is marked as VS Code marks it. */
function fromPercentText(text: string): Notebook {
  const cells = parsePercentText(text).cells.map(({ kind, language, text, metadata }, index) => {
    const { attachments, ...own } = metadata as JsonObject;
    const type = language === 'raw' ? 'raw' : kind;
    const vscode = type === 'code' && language !== 'typescript' ? { languageId: language } : null;
    const cell: NotebookCell = {
      id: `cell-${index + 1}`,
      cell_type: type,
      metadata: { ...own, ...(vscode && { vscode }) },
      source: text,
    };
    if (type === 'code') return { ...cell, execution_count: null, outputs: [] };
    return isObject(attachments) ? { ...cell, attachments } : cell;
  });
  return { metadata: {}, nbformat: 4, nbformat_minor: 5, cells };
}

/** The language that a notebook says its cells are in. */
function languageOf({ kernelspec, language_info: info }: JsonObject): string | undefined {
  const said = [isObject(kernelspec) && kernelspec['language'], isObject(info) && info['name']];
  return said.find((name) => typeof name === 'string')?.toLowerCase();
}

function parseJson(text: string, file: string): Json {
  try {
    return JSON.parse(text) as Json;
  } catch (cause) {
    throw new NotebookFormatError(`${file}: expected a notebook in JSON`, { cause });
  }
}

interface Reading {
  /** Ids of earlier cells. */
  seen: Set<string>;
  outputs: OldOutputs;
  fail: (expected: string, got: unknown) => never;
}

function parseCell(cell: Json, index: number, { seen, outputs, fail }: Reading): NotebookCell {
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
  if (type === 'code' && outputs === 'drop')
    return { ...parsed, execution_count: null, outputs: [] };
  if (type === 'code') {
    const count = cell['execution_count'];
    const execution_count = typeof count === 'number' ? count : null;
    return { ...parsed, execution_count, outputs: readOutputs(cell['outputs']) };
  }
  return isObject(cell['attachments']) ? { ...parsed, attachments: cell['attachments'] } : parsed;
}

/** What is no output of nbformat 4 is left out. */
function readOutputs(value: Json | undefined): NotebookOutput[] {
  if (!Array.isArray(value)) return [];
  return value.flatMap((one) => {
    const output = isObject(one) ? readOutput(one) : undefined;
    return output ? [output] : [];
  });
}

function readOutput(output: JsonObject): NotebookOutput | undefined {
  const { output_type: type, name, data, metadata, execution_count: count } = output;
  if (type === 'stream') {
    const text = toLines(textOf(output['text']));
    return { output_type: type, name: name === 'stderr' ? 'stderr' : 'stdout', text };
  }
  if (type === 'error') {
    const { ename, evalue, traceback } = output;
    const lines = isTexts(traceback) ? traceback : [];
    return {
      output_type: type,
      ename: textOf(ename),
      evalue: textOf(evalue),
      // Some kernels leave it empty.
      traceback: lines.length > 0 ? lines : [`${textOf(ename)}: ${textOf(evalue)}`],
    };
  }
  if (!isObject(data)) return undefined;
  const held = { data, metadata: isObject(metadata) ? metadata : {} };
  if (type === 'display_data') return { output_type: type, ...held };
  if (type !== 'execute_result') return undefined;
  return { output_type: type, execution_count: typeof count === 'number' ? count : 0, ...held };
}

function textOf(value: Json | undefined): string {
  if (typeof value === 'string') return value;
  return isTexts(value) ? value.join('') : '';
}
