/** Runs notebooks one after the other, shows how far they are, and writes what came of them. */
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { CellEvent } from '../client/kernelClient.js';
import { overflowOf } from '../contract/overflow.js';
import type { InputRequest } from '../contract/protocol.js';
import { InputAnswers } from './answerInput.js';
import type { RunArguments } from './arguments.js';
import { sourceOf, type Notebook, type NotebookCell } from './nbformat.js';
import { parseNotebook } from './parseNotebook.js';
import { injectParameters } from './parameters.js';
import { printOverflow } from './printOverflow.js';
import { Results } from './results.js';
import { runNotebook, type RunResult } from './runNotebook.js';
import { namedFrom, type Target, toTargets } from './targets.js';
import { Terminal } from './terminal.js';

interface Job extends Target {
  content: Notebook;
}

/** The user's wish to end: once in order, twice at once. */
export interface Interruption {
  signal: AbortSignal;
  kill: AbortSignal;
}

/** @returns Whether every cell succeeded. */
export async function runAll(options: RunArguments, interruption: Interruption): Promise<boolean> {
  const jobs = await readAll(options);
  const terminal = new Terminal();
  const answers = new InputAnswers();
  let succeeded = true;
  try {
    for (const job of jobs) {
      if (interruption.signal.aborted || (!succeeded && !options.keepGoing)) break;
      const { failures } = await runJob(job, { options, interruption, terminal, answers });
      succeeded &&= failures.length === 0;
    }
  } finally {
    terminal.status(undefined);
    answers.close();
  }
  return succeeded;
}

/** All are read before the first is run: a mistake in the last name should not cost an hour. */
async function readAll(options: RunArguments): Promise<Job[]> {
  const jobs: Job[] = [];
  for (const target of toTargets(options)) {
    const { notebook } = target;
    const content = parseNotebook(await readFile(notebook, 'utf8'), notebook);
    injectParameters(content, options.parameters, notebook);
    jobs.push({ ...target, content });
  }
  return jobs;
}

/** What all notebooks of a run share. */
interface Surroundings {
  options: RunArguments;
  interruption: Interruption;
  terminal: Terminal;
  answers: InputAnswers;
}

async function runJob(job: Job, around: Surroundings): Promise<RunResult> {
  const { notebook: file, content } = job;
  const { terminal } = around;
  const temporary =
    job.files === undefined ? await mkdtemp(join(tmpdir(), 'unroll-run-')) : undefined;
  const folder = job.files ?? temporary!;
  const results = new Results(job, content, (text) => terminal.line('stderr', `unroll: ${text}`));
  const started = Date.now();
  try {
    const result = await runNotebook(content, {
      kernelPath: fileURLToPath(new URL('kernel.js', import.meta.url)),
      folder: dirname(resolve(file)),
      outputFolder: folder,
      outputFolderName: namedFrom(job.output ?? job.html ?? file, folder),
      ...toRunOptions(job, around, results),
    });
    terminal.status(undefined);
    await results.write();
    report(result, job, started, terminal);
    return result;
  } finally {
    if (temporary !== undefined) await rm(temporary, { recursive: true, force: true });
  }
}

function toRunOptions(
  { notebook: file }: Job,
  { options: { timeout, keepGoing }, interruption, terminal, answers }: Surroundings,
  results: Results,
) {
  const live = new LiveText();
  return {
    ...(timeout !== undefined && { timeout }),
    keepGoing,
    ...interruption,
    onCell: async (cell: NotebookCell, index: number, count: number) => {
      const began = Date.now();
      live.text = '';
      terminal.status(() => {
        const what = live.text || firstLineOf(cell);
        return `[${index + 1}/${count}] ${file} ${seconds(began)} ${what}`;
      });
      await results.writeReached();
    },
    onEvent: (event: CellEvent) => print(event, terminal, live),
    onInput: async (request: InputRequest) => {
      terminal.status(undefined);
      return await answers.answer(request, interruption.signal);
    },
  };
}

/** The newest state of something live (a progress bar, a loss curve) in a line. */
class LiveText {
  text = '';
}

const seconds = (since: number): string => `${((Date.now() - since) / 1000).toFixed(0)} s`;

const firstLineOf = (cell: NotebookCell): string =>
  sourceOf(cell)
    .split('\n')
    .find((line) => line.trim() !== '') ?? '';

/** Text as it comes; of pictures their text, and of a live one nothing (it is in the output). */
function print(event: CellEvent, terminal: Terminal, live: LiveText): void {
  if (event.type === 'stream') terminal.write(event.name, event.text);
  else if (event.type === 'error') terminal.line('stderr', event.error.stack);
  else if (event.type === 'result') terminal.line('stdout', textOf(event.data['text/plain']));
  else if (event.type === 'display') {
    const overflow = overflowOf(event.metadata);
    const text = textOf(event.data['text/plain']);
    if (overflow) printOverflow(overflow, (name, bytes) => terminal.write(name, bytes));
    else if (event.displayId === undefined) terminal.line('stdout', text);
    else live.text = text.split('\n').at(-1) ?? '';
  }
}

const textOf = (content: unknown): string => (typeof content === 'string' ? content : '[no text]');

function report(
  { failures, ran }: RunResult,
  { notebook: file, content }: Job,
  started: number,
  terminal: Terminal,
): void {
  for (const { cell, error } of failures) {
    const number = content.cells.indexOf(cell) + 1;
    terminal.line('stderr', `unroll: cell ${number} of ${file} failed: ${error.name}`);
  }
  const cells = `${ran} ${ran === 1 ? 'cell' : 'cells'} in ${seconds(started)}`;
  terminal.notice(`${failures.length === 0 ? '✓' : '✗'} ${file}: ${cells}`);
}
