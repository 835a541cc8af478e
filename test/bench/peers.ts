/** The libraries that are compared with: test/bench/peers/package.json, installed there on first use. */
import { execFile } from 'node:child_process';
import { readFile, writeFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { peersFolder } from './folders.js';

const run = promisify(execFile);
let installed: Promise<void> | undefined;

/** @throws Error if npm can't install them */
export const installPeers = (): Promise<void> => (installed ??= install());

async function install(): Promise<void> {
  const lock = await readFile(new URL('package-lock.json', peersFolder), 'utf8');
  // Written last, so that an install that was cut short is made anew.
  const record = new URL('node_modules/.installed', peersFolder);
  if ((await readFile(record, 'utf8').catch(() => '')) === lock) return;
  console.log('Installing the peers into test/bench/peers/node_modules …');
  const npm = process.env['npm_execpath'];
  const [command, ...first] = npm ? [process.execPath, npm] : ['npm'];
  const options = ['ci', '--ignore-scripts', '--no-audit', '--no-fund'];
  await run(command, [...first, ...options], { cwd: fileURLToPath(peersFolder) });
  await writeFile(record, lock);
}
