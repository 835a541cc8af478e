#!/usr/bin/env node
/** `unroll run` and `unroll export`: notebooks without an editor. */
import { readFile } from 'node:fs/promises';
import { parseArguments, usage, UsageError } from './arguments.js';
import { exportAll } from './exportAll.js';
import { NotebookFormatError } from './nbformat.js';
import { ParameterError } from './parameters.js';
import { ResultFileError } from './results.js';
import { runAll, type Interruption } from './runAll.js';

const exitCodes = { ok: 0, cellFailed: 1, usage: 2, interrupted: 130 };

async function main(argv: readonly string[]): Promise<number> {
  try {
    const version = await readVersion();
    const todo = parseArguments(argv, version);
    if (todo.command === 'print') {
      console.log(todo.text);
      return exitCodes.ok;
    }
    if (todo.command === 'export') {
      await exportAll(todo.options, version);
      return exitCodes.ok;
    }
    const interruption = onInterrupt();
    const succeeded = await runAll(todo.options, interruption);
    if (interruption.signal.aborted) return exitCodes.interrupted;
    return succeeded ? exitCodes.ok : exitCodes.cellFailed;
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
  if (error instanceof ResultFileError) return true;
  return error instanceof ParameterError || (error instanceof Error && 'syscall' in error);
}

async function readVersion(): Promise<string> {
  const manifest = await readFile(new URL('../package.json', import.meta.url), 'utf8');
  return (JSON.parse(manifest) as { version: string }).version;
}

/** The first Ctrl-C stops the cell and ends the run in order, the second ends the kernel at once. */
function onInterrupt(): Interruption {
  const stop = new AbortController();
  const kill = new AbortController();
  const interrupt = (): void => (stop.signal.aborted ? kill : stop).abort();
  process.on('SIGINT', interrupt);
  process.on('SIGTERM', interrupt);
  return { signal: stop.signal, kill: kill.signal };
}

process.exitCode = await main(process.argv.slice(2));
