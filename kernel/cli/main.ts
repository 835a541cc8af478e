#!/usr/bin/env node
/** `unroll run`: notebooks without an editor. */
import { readFile, rename, writeFile } from 'node:fs/promises';
import { dirname, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { CellEvent } from '../client/kernelClient.js';
import { overflowOf } from '../contract/overflow.js';
import { parseArguments, usage, UsageError, type RunArguments } from './arguments.js';
import { NotebookFormatError, parseNotebook, printNotebook, type Notebook } from './nbformat.js';
import { injectParameters, ParameterError } from './parameters.js';
import { printOverflow } from './printOverflow.js';
import { runNotebook } from './runNotebook.js';

const exitCodes = { ok: 0, cellFailed: 1, usage: 2, interrupted: 130 };

async function main(argv: readonly string[]): Promise<number> {
  try {
    const todo = parseArguments(argv, await readVersion());
    if (typeof todo === 'string') {
      console.log(todo);
      return exitCodes.ok;
    }
    return await run(todo);
  } catch (error) {
    if (!isUserError(error)) throw error;
    console.error(`unroll: ${error.message}`);
    if (error instanceof UsageError) console.error(`\n${usage}`);
    return exitCodes.usage;
  }
}

/** What the caller can mend is said in a sentence; anything else is ours and keeps its stack. */
function isUserError(error: unknown): error is Error {
  if (error instanceof UsageError || error instanceof NotebookFormatError) return true;
  return error instanceof ParameterError || (error instanceof Error && 'syscall' in error);
}

async function readVersion(): Promise<string> {
  const manifest = await readFile(new URL('../package.json', import.meta.url), 'utf8');
  return (JSON.parse(manifest) as { version: string }).version;
}

async function run({ notebook: file, output, timeout, parameters }: RunArguments): Promise<number> {
  const notebook = parseNotebook(await readFile(file, 'utf8'), file);
  injectParameters(notebook, parameters);
  const interruption = new AbortController();
  const interrupt = (): void => interruption.abort();
  process.once('SIGINT', interrupt);
  process.once('SIGTERM', interrupt);
  const { failure } = await runNotebook(notebook, {
    kernelPath: fileURLToPath(new URL('kernel.js', import.meta.url)),
    folder: dirname(resolve(file)),
    ...(timeout !== undefined && { timeout }),
    signal: interruption.signal,
    onCell: (_cell, index, count) => console.error(`[${index + 1}/${count}]`),
    onEvent: printEvent,
  });
  if (output !== undefined) await writeNotebook(notebook, output);
  if (!failure) return exitCodes.ok;
  console.error(`\nunroll: cell ${notebook.cells.indexOf(failure.cell) + 1} of ${file} failed`);
  return interruption.signal.aborted ? exitCodes.interrupted : exitCodes.cellFailed;
}

/** Whole or not at all: a run that is stopped while writing leaves the earlier file. */
async function writeNotebook(notebook: Notebook, file: string): Promise<void> {
  const metadata = {
    ...notebook.metadata,
    kernelspec: { name: 'unroll', display_name: 'TypeScript (Unroll)', language: 'typescript' },
    language_info: { name: 'typescript', file_extension: '.ts', mimetype: 'text/typescript' },
  };
  const temporary = `${file}.${process.pid}.tmp`;
  await writeFile(temporary, printNotebook({ ...notebook, metadata }));
  await rename(temporary, file);
}

/** Text as it comes; of pictures their text, and of a live one nothing until its end (it is in the output). */
function printEvent(event: CellEvent): void {
  const overflow = event.type === 'display' ? overflowOf(event.metadata) : undefined;
  if (overflow) printOverflow(overflow, (name, bytes) => process[name].write(bytes));
  else if (event.type === 'stream') process[event.name].write(event.text);
  else if (event.type === 'error') console.error(event.error.stack);
  else if (event.type === 'result' || (event.type === 'display' && !event.displayId))
    console.log(textOf(event.data['text/plain']));
}

const textOf = (content: unknown): string => (typeof content === 'string' ? content : '[no text]');

process.exitCode = await main(process.argv.slice(2));
