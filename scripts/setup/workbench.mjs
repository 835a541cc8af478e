/**
 * The browser workbench: VS Code's server out of the npm package code-server, with a Node 24 of its own.
 * Kept per version in the cache folder. Built in a sibling folder and renamed into place when it has
 * shown that it starts, so a folder with the final name is always whole.
 */
import { createHash } from 'node:crypto';
import { copyFileSync, existsSync, mkdirSync, readFileSync, readdirSync } from 'node:fs';
import { renameSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { startVscodeServer } from '../run/vscodeServer.mjs';
import { cacheFolder } from './cacheFolder.mjs';
import { installDebianPackages } from './debian.mjs';
import { withLock } from './lock.mjs';
import { SetupError, say, step } from './narrate.mjs';
import { findOnPath, npm, runCommand } from './runCommand.mjs';

const source = fileURLToPath(new URL('../../test/host/workbench/', import.meta.url));
const files = ['package.json', 'package-lock.json', 'vscode/package-lock.json'];
/** To be raised when the steps below change what they leave behind. */
const recipe = 1;
const stampName = 'unroll-workbench.json';
/** The two native modules that the extension host does not start without, and that bring no binary. */
const nativeModules = ['@vscode/spdlog', '@vscode/native-watchdog'];
const buildTools = ['g++', 'make', 'python3'];

/**
 * @returns `{ folder, node, vscode, version }`: where it is, its Node, VS Code's own folder in it, and the
 *   version of code-server
 */
export async function ensureWorkbench() {
  if (process.platform === 'win32') {
    throw new SetupError(
      'The browser workbench runs on Linux and macOS only. Install VS Code, so that `code` is on PATH (npm start), and set UNROLL_TEST_HOST=desktop for the tests.',
    );
  }
  const version = wantedVersion();
  const key = `workbench-${version}-${process.platform}-${process.arch}-${sourceHash()}`;
  const folder = path.join(cacheFolder(), key);
  if (existsSync(path.join(folder, stampName))) return describe(folder, version);
  return withLock(key, async () => {
    if (existsSync(path.join(folder, stampName))) return describe(folder, version);
    say(`Setting up the VS Code workbench ${version} in ${folder} (once for this machine)`);
    removeUnfinished(key);
    const partial = `${folder}.partial-${process.pid}`;
    await installWorkbench(partial, version);
    renameSync(partial, folder);
    return describe(folder, version);
  });
}

async function installWorkbench(folder, version) {
  await ensureBuildTools();
  mkdirSync(folder, { recursive: true });
  for (const name of ['package.json', 'package-lock.json']) {
    copyFileSync(path.join(source, name), path.join(folder, name));
  }
  await step('  its packages (npm ci)', () => npmCi(folder, '--include=optional'));
  const workbench = describe(folder, version);
  const extensions = path.join(workbench.vscode, 'extensions');
  // The lock file shipped with VS Code's server lacks an entry that `npm ci` asks for: ours has it.
  copyFileSync(
    path.join(source, 'vscode', 'package-lock.json'),
    path.join(workbench.vscode, 'npm-shrinkwrap.json'),
  );
  await step("  VS Code's packages (npm ci)", () => npmCi(workbench.vscode, '--omit=dev'));
  await step('  the TypeScript of its built-in extensions (npm ci)', () =>
    npmCi(extensions, '--omit=dev'),
  );
  await step(`  its native modules (${nativeModules.join(', ')})`, () =>
    buildNativeModules(workbench),
  );
  await step('  trying whether its server starts', () => tryServer(workbench));
  const stamp = { version, node: process.versions.node, recipe, at: new Date().toISOString() };
  writeFileSync(path.join(folder, stampName), JSON.stringify(stamp, undefined, 2));
}

/** code-server's own install script is left out: it builds modules that nothing here needs. */
function npmCi(cwd, ...flags) {
  return npm(['ci', '--ignore-scripts', ...flags], { cwd });
}

/** Builds against the headers of the Node they run in, and loads them there: a wrong one fails here. */
async function buildNativeModules({ node, vscode }) {
  const nodeFolder = path.dirname(path.dirname(node));
  const headers = existsSync(path.join(nodeFolder, 'include', 'node', 'node_version.h'));
  await npm(['rebuild', '--ignore-scripts=false', ...nativeModules], {
    node,
    cwd: vscode,
    env: {
      PATH: `${path.dirname(node)}${path.delimiter}${process.env.PATH}`,
      ...(headers ? { npm_config_nodedir: nodeFolder } : {}),
    },
  });
  const loadAll = nativeModules.map((name) => `require(${JSON.stringify(name)});`).join('');
  await runCommand(node, ['--eval', loadAll], { cwd: vscode });
}

async function tryServer(workbench) {
  const dataFolder = path.join(workbench.folder, 'trial');
  const server = await startVscodeServer(workbench, { dataFolder });
  await server.stop();
  rmSync(dataFolder, { recursive: true, force: true });
}

async function ensureBuildTools() {
  const missing = buildTools.filter((name) => findOnPath(name) === undefined);
  if (missing.length === 0) return;
  const how =
    process.platform === 'darwin'
      ? 'xcode-select --install'
      : `sudo apt-get install ${missing.join(' ')} (Debian, Ubuntu), or your system's packages of these names`;
  await installDebianPackages(
    missing,
    `The VS Code workbench needs ${missing.join(', ')} to build two small native modules. Install: ${how}.`,
  );
}

function describe(folder, version) {
  const vscode = path.join(folder, 'node_modules', 'code-server', 'lib', 'vscode');
  return { folder, vscode, version, node: nodeIn(folder) };
}

/** The Node that came as this platform's package, or our own where it has the same major version. */
function nodeIn(folder) {
  const { optionalDependencies } = readManifest();
  for (const name of Object.keys(optionalDependencies)) {
    const binary = path.join(folder, 'node_modules', name, 'bin', 'node');
    if (existsSync(binary)) return binary;
  }
  if (process.versions.node.startsWith('24.')) return process.execPath;
  throw new SetupError(
    `The VS Code workbench runs on Node 24, and npm has no binary of it for ${process.platform}-${process.arch}. Run this with Node 24, or install VS Code.`,
  );
}

function readManifest() {
  return JSON.parse(readFileSync(path.join(source, 'package.json'), 'utf8'));
}

function wantedVersion() {
  return readManifest().dependencies['code-server'];
}

function sourceHash() {
  const hash = createHash('sha256').update(String(recipe));
  for (const name of files) hash.update(readFileSync(path.join(source, name)));
  return hash.digest('hex').slice(0, 8);
}

/** What a killed set-up left behind. Only called under the lock, so none of it is in use. */
function removeUnfinished(key) {
  for (const name of readdirSync(cacheFolder())) {
    if (name.startsWith(`${key}.partial-`)) {
      rmSync(path.join(cacheFolder(), name), { recursive: true, force: true, maxRetries: 5 });
    }
  }
}
