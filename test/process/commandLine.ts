import { Ajv2020 } from 'ajv/dist/2020.js';
import assert from 'node:assert/strict';
import { spawn, type ChildProcess } from 'node:child_process';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Notebook, NotebookOutput } from '../../kernel/cli/nbformat.js';
import { nbformatSchema } from './nbformatSchema.js';

export const root = fileURLToPath(new URL('../../../', import.meta.url));
const validate = new Ajv2020({ allErrors: true, strict: false }).compile(nbformatSchema);

/** A folder of its own, gone after the work. */
export async function inFolder(work: (folder: string) => Promise<void>): Promise<void> {
  const folder = await mkdtemp(join(tmpdir(), 'unroll-cli-'));
  try {
    await work(folder);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

export interface Ended {
  code: number | null;
  stdout: string;
  stderr: string;
}

/** `unroll` with these arguments; `started` gets the process, e.g. to send it a signal. */
export async function unroll(
  args: readonly string[],
  started?: (child: ChildProcess) => void,
): Promise<Ended> {
  const child = spawn(process.execPath, [join(root, 'dist/cli.js'), ...args]);
  const texts = { stdout: '', stderr: '' };
  child.stdout.on('data', (chunk: Buffer) => (texts.stdout += chunk.toString()));
  child.stderr.on('data', (chunk: Buffer) => (texts.stderr += chunk.toString()));
  started?.(child);
  const code = await new Promise<number | null>((resolve) => child.on('close', resolve));
  return { code, ...texts };
}

/** Reads a notebook that was written and checks that it is valid nbformat 4.5. */
export async function readValid(file: string): Promise<Notebook> {
  const notebook = JSON.parse(await readFile(file, 'utf8')) as Notebook;
  assert.ok(validate(notebook), JSON.stringify(validate.errors));
  return notebook;
}

/** Writes a notebook of code cells; a cell may carry tags. */
export async function writeNotebook(
  folder: string,
  cells: readonly (string | { source: string; tags: string[] })[],
): Promise<string> {
  const file = join(folder, 'notebook.ipynb');
  const notebook = {
    nbformat: 4,
    nbformat_minor: 4,
    metadata: {},
    cells: cells.map((cell) => ({
      cell_type: 'code',
      metadata: typeof cell === 'string' ? {} : { tags: cell.tags },
      execution_count: null,
      outputs: [],
      source: typeof cell === 'string' ? cell : cell.source,
    })),
  };
  await writeFile(file, JSON.stringify(notebook));
  return file;
}

export const outputsOf = (notebook: Notebook): NotebookOutput[][] =>
  notebook.cells.filter((cell) => cell.cell_type === 'code').map((cell) => cell.outputs ?? []);
