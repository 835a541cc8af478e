/**
 * npm start: sets up what is missing, then opens examples/quickstart.ipynb in VS Code with the extension
 * loaded: in desktop VS Code where there is a `code` command, else in the browser workbench
 * (`npm start -- --browser` takes it in any case), which runs until Ctrl-C.
 */
import { spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { forSpawn } from './run/forSpawn.mjs';
import { openInBrowser } from './run/openInBrowser.mjs';
import { stopAll, stopAllOnSignals } from './run/supervised.mjs';
import { startVscodeServer } from './run/vscodeServer.mjs';
import { workbenchAddress } from './run/workbenchAddress.mjs';
import { ensureBundles } from './setup/bundles.mjs';
import { cacheFolder } from './setup/cacheFolder.mjs';
import { ensureDependencies } from './setup/dependencies.mjs';
import { installExtension, installNotebookOpener } from './setup/extensionFolder.mjs';
import { failWith, say, step } from './setup/narrate.mjs';
import { findOnPath } from './setup/runCommand.mjs';
import { ensureWorkbench } from './setup/workbench.mjs';

const root = path.resolve(import.meta.dirname, '..');
const folder = path.join(root, 'examples');
const notebook = path.join(folder, 'quickstart.ipynb');
let dataFolder;
let ending = false;

async function main() {
  await ensureDependencies(root);
  await ensureBundles(root);
  const code = process.argv.includes('--browser') ? undefined : findDesktop();
  if (code !== undefined && (await openDesktop(code))) return;
  await serveWorkbench();
}

/** The `code` command, where it can open a window. */
function findDesktop() {
  const code = findOnPath('code');
  if (code === undefined) return undefined;
  // In a terminal of a remote VS Code, `code` speaks to a window that can't load our extension.
  if (code.includes('remote-cli')) return undefined;
  const { DISPLAY, WAYLAND_DISPLAY, WSL_DISTRO_NAME } = process.env;
  const display = DISPLAY ?? WAYLAND_DISPLAY ?? WSL_DISTRO_NAME;
  if (process.platform !== 'linux' || Boolean(display)) return code;
  say(`There is ${code}, but no display for its window`);
  return undefined;
}

/** @returns whether it opened */
async function openDesktop(code) {
  // VS Code refuses root without these two.
  const asRoot =
    process.platform === 'linux' && process.getuid() === 0
      ? ['--no-sandbox', `--user-data-dir=${path.join(cacheFolder(), 'desktop-user')}`]
      : [];
  const args = [...asRoot, `--extensionDevelopmentPath=${root}`, '--new-window', folder, notebook];
  say(`Opening ${path.relative(root, notebook)} in VS Code (${code})`);
  const status = await runToEnd(forSpawn(code, args));
  if (status === 0) {
    say('VS Code has it: choose "Run All", and close the window when you are done');
    return true;
  }
  say(`\`code\` ended with ${status}: taking the browser workbench`);
  return false;
}

/** Not supervised: the window may join a VS Code of the user's, which is not ours to end. */
function runToEnd({ command, args, shell }) {
  return new Promise((resolve) => {
    const child = spawn(command, args, { stdio: 'inherit', shell });
    child.on('error', (error) => resolve(error.message));
    child.on('close', resolve);
  });
}

async function serveWorkbench() {
  const workbench = await ensureWorkbench();
  dataFolder = mkdtempSync(path.join(os.tmpdir(), 'unroll-start-'));
  const server = await step('Starting VS Code', async () => {
    const extensions = path.join(dataFolder, 'extensions');
    await installExtension(root, extensions);
    installNotebookOpener(root, extensions);
    const token = randomBytes(24).toString('hex');
    const env = { UNROLL_OPEN: notebook };
    const started = await startVscodeServer(workbench, { dataFolder, token, env });
    return { ...started, token };
  });
  const address = workbenchAddress({ ...server, folder });
  console.log(`\n  Unroll is at  ${address}\n`);
  const opened = openInBrowser(address);
  say(`${opened ? 'Opened it in your browser' : 'Open it in a browser'}; Ctrl-C ends it`);
  const status = await server.ended;
  if (ending) return;
  throw new Error(`VS Code's server ended with ${status}. It printed:\n${server.log()}`);
}

async function cleanUp() {
  await stopAll();
  if (dataFolder !== undefined) {
    rmSync(dataFolder, { recursive: true, force: true, maxRetries: 5 });
  }
}

stopAllOnSignals(async (signal) => {
  ending = true;
  say(`Ending (${signal})`);
  await cleanUp();
});
try {
  await main();
} catch (error) {
  if (!ending) failWith(error);
}
// A signal ends the command in its own way.
if (!ending) {
  await cleanUp();
  process.exit();
}
