/** `npm run bench -- editor`: activation, package size, and how soon the language service answers. */
import { execFile } from 'node:child_process';
import { mkdtemp, readdir, rm, stat } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { setTimeout as sleep } from 'node:timers/promises';
import { NotebookWindow, toCell } from '../../host/notebookWindow.js';
import { nodeBinary } from '../contestants.js';
import { projectFolder } from '../folders.js';
import { toMarkdownTable } from '../resultTable.js';
import { median } from '../statistics.js';
import { activationOf } from './activation.js';

const run = promisify(execFile);
const root = fileURLToPath(projectFolder);
/** Each takes some fifteen seconds to open. */
const mostWindows = 5;
const startsWithin = 4000;

interface LanguageTimes {
  cells: number;
  /** Milliseconds. */
  results: Record<string, { median: number; most: number }>;
  memoryMB: number;
}

type Row = [what: string, median: string, most: string];

/** A table in Markdown; a row says why where something could not be measured. */
export async function measureEditor(rounds: number): Promise<string> {
  const rows: Row[] = [
    await measureActivation('activation by a notebook opened in a window', rounds, activateLater),
    await measureActivation('activation in a window that starts with it', rounds, activateAtStart),
    await measurePackage(),
  ];
  return toMarkdownTable([
    ['what', 'median', 'most'],
    ...rows,
    ...(await measureLanguageService()),
  ]);
}

/** In a window of its own each time. */
async function measureActivation(
  name: string,
  rounds: number,
  activateOnce: () => Promise<number>,
): Promise<Row> {
  try {
    const times: number[] = [];
    while (times.length < Math.min(rounds, mostWindows)) times.push(await activateOnce());
    return [name, inMs(median(times)), inMs(Math.max(...times))];
  } catch (error) {
    const [reason = ''] = error instanceof Error ? error.message.split('\n') : [String(error)];
    return [name, `not measured: ${reason}`, '–'];
  }
}

/** VS Code's own extensions have started by then. */
async function activateLater(): Promise<number> {
  const window = await NotebookWindow.openWith({ cells: [toCell('1 + 1')], isOpenedLater: true });
  try {
    await window.inHost(() => undefined);
    await sleep(startsWithin);
    await window.openInFront(window.file);
    await window.isReady();
    return await activationOf(window);
  } finally {
    await window.close();
  }
}

/** Beside VS Code's own extensions, which start then. */
async function activateAtStart(): Promise<number> {
  const window = await NotebookWindow.open('1 + 1');
  try {
    return await activationOf(window);
  } finally {
    await window.close();
  }
}

async function measurePackage(): Promise<Row> {
  const folder = await mkdtemp(path.join(os.tmpdir(), 'unroll-bench-package-'));
  try {
    await run(nodeBinary(), [path.join(root, 'scripts/package.mjs'), folder], { cwd: root });
    const [file = ''] = await readdir(folder);
    const { size } = await stat(path.join(folder, file));
    return ['package', `${(size / 1e6).toFixed(1)} MB`, '–'];
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

async function measureLanguageService(): Promise<Row[]> {
  const script = path.join(root, 'test/bench/languageService.mjs');
  const { stdout } = await run(nodeBinary(), [script, '--json'], { cwd: root });
  const { results, memoryMB } = JSON.parse(stdout) as LanguageTimes;
  return [
    ...Object.entries(results).map(([what, times]): Row => [
      what,
      inMs(times.median),
      inMs(times.most),
    ]),
    ['memory of the language server', `${memoryMB.toFixed(0)} MB`, '–'],
  ];
}

const inMs = (value: number): string => `${value.toFixed(0)} ms`;
