/** What a run leaves: the notebook with its outputs, and the page. */
import { mkdir, rename, writeFile } from 'node:fs/promises';
import { basename, dirname, extname, resolve } from 'node:path';
import { toPage } from './html/page.js';
import { printNotebook, type Notebook } from './nbformat.js';
import type { Target } from './targets.js';

/** Between two writings of the same notebook while it runs. */
const writeEveryMs = 5000;

export class Results {
  #writtenAt = Date.now();

  constructor(
    private readonly target: Target,
    private readonly content: Notebook,
  ) {}

  /** Between two cells: a run that is killed leaves what it had reached. */
  async writeReached(): Promise<void> {
    if (Date.now() - this.#writtenAt < writeEveryMs) return;
    await this.#writeNotebook();
  }

  async write(): Promise<void> {
    await this.#writeNotebook();
    const { html, notebook } = this.target;
    if (html === undefined) return;
    const { drawChart } = await import('./charts.js');
    const name = basename(notebook, extname(notebook));
    const folder = dirname(resolve(notebook));
    await writeWhole(html, await toPage(this.content, { name, folder, draw: drawChart }));
  }

  async #writeNotebook(): Promise<void> {
    const { output } = this.target;
    if (output === undefined) return;
    await writeWhole(output, printNotebook(withKernelspec(this.content)));
    this.#writtenAt = Date.now();
  }
}

const withKernelspec = (notebook: Notebook): Notebook => ({
  ...notebook,
  metadata: {
    ...notebook.metadata,
    kernelspec: { name: 'unroll', display_name: 'TypeScript (Unroll)', language: 'typescript' },
    language_info: { name: 'typescript', file_extension: '.ts', mimetype: 'text/typescript' },
  },
});

/** Whole or not at all: a run that is stopped while writing leaves the earlier file. */
async function writeWhole(file: string, text: string): Promise<void> {
  await mkdir(dirname(resolve(file)), { recursive: true });
  const temporary = `${file}.${process.pid}.tmp`;
  await writeFile(temporary, text);
  await rename(temporary, file);
}
