/**
 * What VS Code calls to run the extension tests: mocha inside the extension host, over every
 * `*.test.ts` of this folder. UNROLL_TEST_GREP picks tests by their full name.
 */
import { readdirSync } from 'node:fs';
import path from 'node:path';
import { pathToFileURL } from 'node:url';
import { format } from 'node:util';

/** This file runs as the bundle out/extensionTests/index.cjs. */
const root = path.resolve(__dirname, '../..');
const patience = 60_000;

/** @throws Error with the number of failed tests: VS Code then exits with 1. */
export async function run(): Promise<void> {
  const { default: Mocha } = await import('mocha');
  Mocha.reporters.Base.consoleLog = printMarked;
  const mocha = new Mocha({
    ui: 'bdd',
    timeout: patience,
    forbidOnly: process.env['CI'] !== undefined,
    reporter: await countingReporter(),
    color: process.env['NO_COLOR'] === undefined,
    ...grep(),
  });
  mocha.suite.emit('pre-require', globalThis, '', mocha);
  const names = testNames();
  if (names.length === 0)
    throw new Error(`There is no test in ${path.join(root, 'test/extension')}.`);
  for (const name of names) await load(name);
  const failures = await new Promise<number>((resolve) => {
    mocha.run(resolve);
  });
  if (failures > 0) throw new Error(`${failures} tests failed in VS Code.`);
}

/** One string and the mark of the host: VS Code's console neither formats nor tells who speaks. */
function printMarked(...values: unknown[]): void {
  const mark = process.env['UNROLL_TEST_MARK'] ?? '';
  for (const line of format(...values).split('\n')) console.log(mark + line);
}

function testNames(): string[] {
  return readdirSync(path.join(root, 'test/extension'))
    .filter((file) => file.endsWith('.test.ts'))
    .map((file) => file.slice(0, -'.test.ts'.length))
    .sort();
}

/** The bundler turns this into a table of all test files of this folder. */
function load(name: string): Promise<unknown> {
  return import(`./${name}.test.ts`) as Promise<unknown>;
}

async function countingReporter(): Promise<Mocha.ReporterConstructor> {
  const file = path.join(root, 'test/host/countingReporter.mjs');
  const loaded = (await import(pathToFileURL(file).href)) as { default: Mocha.ReporterConstructor };
  return loaded.default;
}

function grep(): { grep?: string } {
  const wanted = process.env['UNROLL_TEST_GREP'];
  return wanted === undefined ? {} : { grep: wanted };
}
