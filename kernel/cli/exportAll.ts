/** Notebooks in other forms, with the outputs that they hold. Nothing is run. */
import { readFile } from 'node:fs/promises';
import { text } from 'node:stream/consumers';
import { dirname, join, resolve } from 'node:path';
import { type ExportArguments, type ExportForm, UsageError } from './arguments.js';
import { writePage } from './writePage.js';
import { toMarkdown } from './markdown/toMarkdown.js';
import type { Notebook } from './nbformat.js';
import { parseNotebook } from './parseNotebook.js';
import { writeWhole } from './results.js';
import { toScript } from './script/toScript.js';
import { isFolderPath, nameOf } from './targets.js';
import { loadTypeScript } from '../session/typescript.js';

const extensions: Record<ExportForm, string> = { html: '.html', script: '.ts', markdown: '.md' };

interface Job {
  /** What the notebook is called, without an extension. */
  name: string;
  /** Where its pictures are found from. */
  folder: string;
  content: Notebook;
  output: string;
}

/** @throws UsageError, NotebookFormatError, ResultFileError */
export async function exportAll(options: ExportArguments, version: string): Promise<void> {
  const jobs: Job[] = [];
  for (const notebook of options.notebooks) jobs.push(await readJob(notebook, options));
  const outputs = new Set(jobs.map(({ output }) => resolve(output)));
  if (outputs.size < jobs.length)
    throw new UsageError('export: two notebooks would be written to one file');
  for (const job of jobs) {
    await write(job, options, version);
    console.log(job.output);
  }
}

async function readJob(notebook: string, options: ExportArguments): Promise<Job> {
  const isInput = notebook === '-';
  const file = isInput ? `${options.name ?? 'notebook'}.ipynb` : notebook;
  const source = isInput ? await text(process.stdin) : await readFile(notebook, 'utf8');
  const content = parseNotebook(source, file, 'keep');
  const folder = options.folder ?? (isInput ? '.' : dirname(notebook));
  const name = isInput ? (options.name ?? 'notebook') : nameOf(file);
  const output = outputOf(name, isInput ? undefined : notebook, options);
  return { name, folder: resolve(folder), content, output };
}

function outputOf(
  name: string,
  notebook: string | undefined,
  { output, form, notebooks }: ExportArguments,
): string {
  const written = name + extensions[form];
  const isFolder = output !== undefined && isFolderPath(output);
  if (output !== undefined && !isFolder && notebooks.length > 1)
    throw new UsageError(`--output: expected a folder for several notebooks, got '${output}'`);
  const file =
    output === undefined
      ? join(dirname(notebook ?? '.'), written)
      : isFolder
        ? join(output, written)
        : output;
  if (notebook !== undefined && resolve(file) === resolve(notebook))
    throw new UsageError(`export: '${file}' is the notebook itself; expected another --output`);
  return file;
}

async function write(job: Job, { form, isStatic }: ExportArguments, version: string) {
  const { content, name, folder, output } = job;
  if (form === 'html') {
    await writeWhole(output, await writePage(content, { name, folder }, isStatic));
    return;
  }
  if (form === 'script') {
    const typescript = loadTypeScript();
    await writeWhole(output, toScript(content, { typescript, name: nameOf(output), version }));
    return;
  }
  const { drawChart } = await import('./charts.js');
  const files = `${nameOf(output)}_files`;
  const { text, pictures } = await toMarkdown(content, { files, draw: drawChart });
  for (const [name, bytes] of pictures) await writeWhole(join(dirname(output), files, name), bytes);
  await writeWhole(output, text);
}
