/** What a run leaves: the notebook with its outputs, and the page. */
import { mkdir, mkdtemp, open, rename, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { basename, dirname, join, resolve } from 'node:path';
import { writePage } from './writePage.js';
import { printNotebook, type Notebook } from './nbformat.js';
import { nameOf, type Target } from './targets.js';

/** Between two writings of the same notebook while it runs. */
const writeEveryMs = 5000;

/** What cells gave could not be written to where it was to go: a full disk, no permission. */
export class ResultFileError extends Error {
  override name = 'ResultFileError';

  constructor(file: string, reason: unknown, instead: string | undefined) {
    const why = reason instanceof Error ? reason.message : String(reason);
    const where = instead === undefined ? 'it is lost' : `it is in ${instead} instead`;
    super(`'${file}' could not be written (${why}). What was there before is unchanged; ${where}.`);
  }
}

export class Results {
  #writtenAt = Date.now();
  #hasWarned = false;

  constructor(
    private readonly target: Target,
    private readonly content: Notebook,
    /** Says what went wrong while cells still run. */
    private readonly warn: (text: string) => void,
  ) {}

  /** Between two cells: a run that is killed leaves what it had reached. One that cannot be written goes on. */
  async writeReached(): Promise<void> {
    if (Date.now() - this.#writtenAt < writeEveryMs) return;
    try {
      await this.#writeNotebook();
    } catch (error) {
      this.#writtenAt = Date.now();
      if (!this.#hasWarned) this.warn(`not written so far: ${reasonOf(error)}`);
      this.#hasWarned = true;
    }
  }

  /** @throws {ResultFileError} After everything that can be written is. */
  async write(): Promise<void> {
    const outcomes = await Promise.allSettled([this.#writeNotebook(), this.#writePage()]);
    for (const outcome of outcomes) if (outcome.status === 'rejected') throw outcome.reason;
  }

  async #writePage(): Promise<void> {
    const { html, notebook, isStatic } = this.target;
    if (html === undefined) return;
    const place = { name: nameOf(notebook), folder: dirname(resolve(notebook)) };
    await writeWhole(html, await writePage(this.content, place, isStatic));
  }

  async #writeNotebook(): Promise<void> {
    const { output } = this.target;
    if (output === undefined) return;
    await writeWhole(output, printNotebook(withKernelspec(this.content)));
    this.#writtenAt = Date.now();
  }
}

const reasonOf = (error: unknown): string =>
  error instanceof Error ? error.message : String(error);

const withKernelspec = (notebook: Notebook): Notebook => ({
  ...notebook,
  metadata: {
    ...notebook.metadata,
    kernelspec: { name: 'unroll', display_name: 'TypeScript (Unroll)', language: 'typescript' },
    language_info: { name: 'typescript', file_extension: '.ts', mimetype: 'text/typescript' },
  },
});

/**
 * Whole or not at all: a run that is stopped while writing, and a disk that is full, leave the earlier file.
 *
 * @throws {ResultFileError} With where the text is instead.
 */
export async function writeWhole(file: string, text: string | Uint8Array): Promise<void> {
  try {
    await mkdir(dirname(resolve(file)), { recursive: true });
    await writeAndRename(`${file}.${process.pid}.tmp`, file, text);
  } catch (error) {
    throw new ResultFileError(file, error, await writeElsewhere(basename(file), text));
  }
}

async function writeAndRename(
  temporary: string,
  file: string,
  text: string | Uint8Array,
): Promise<void> {
  try {
    const handle = await open(temporary, 'w');
    try {
      await handle.writeFile(text);
      // A disk may say only here that it is full.
      await handle.sync();
    } finally {
      await handle.close();
    }
    await rename(temporary, file);
  } catch (error) {
    await rm(temporary, { force: true });
    throw error;
  }
}

/** The hours that it took are not to be lost with one disk. @returns undefined where this one is full, too */
async function writeElsewhere(
  name: string,
  text: string | Uint8Array,
): Promise<string | undefined> {
  try {
    const file = join(await mkdtemp(join(tmpdir(), 'unroll-rescued-')), name);
    await writeAndRename(`${file}.tmp`, file, text);
    return file;
  } catch {
    // There is nothing left to try; the error that is thrown says so.
    return undefined;
  }
}
