/**
 * Extensions as a VS Code finds them when they are installed. It takes over every extension that is in its
 * extensions folder when it starts with that folder for the first time.
 */
import { copyFileSync, cpSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';

/** Among the extension's packages: VS Code's own TypeScript service looks for it there. */
const plugin = path.join('node_modules', 'unroll-typescript-plugin');

/** Copies what our package would hold (.vscodeignore) into `extensionsFolder`. */
export async function installExtension(root, extensionsFolder) {
  const { listFiles } = await import('@vscode/vsce');
  const manifest = JSON.parse(readFileSync(path.join(root, 'package.json'), 'utf8'));
  const folder = path.join(extensionsFolder, folderName(manifest));
  for (const file of await listFiles({ cwd: root, dependencies: false })) {
    cpSync(path.join(root, file), path.join(folder, file));
  }
  cpSync(path.join(root, plugin), path.join(folder, plugin), { recursive: true });
}

/** Puts the notebook opener (run/notebookOpener.cjs) into `extensionsFolder`. */
export function installNotebookOpener(root, extensionsFolder) {
  installScript(path.join(root, 'scripts', 'run', 'notebookOpener.cjs'), extensionsFolder, {
    name: 'notebook-opener',
    activationEvents: ['onStartupFinished'],
  });
}

/** Puts the probe of tests (test/host/hostProbe.cjs) there, which runs in any kind of workspace. */
export function installProbe(root, extensionsFolder) {
  installScript(path.join(root, 'test', 'host', 'hostProbe.cjs'), extensionsFolder, {
    name: 'host-probe',
    activationEvents: ['*', 'onFileSystem:unrolltest'],
    capabilities: { untrustedWorkspaces: { supported: true }, virtualWorkspaces: true },
  });
}

/** An extension of one file. */
function installScript(file, extensionsFolder, own) {
  const main = path.basename(file);
  const manifest = {
    ...{ publisher: 'unroll', version: '0.0.0', engines: { vscode: '^1.100.0' } },
    ...{ main: `./${main}`, ...own },
  };
  const folder = path.join(extensionsFolder, folderName(manifest));
  mkdirSync(folder, { recursive: true });
  writeFileSync(path.join(folder, 'package.json'), JSON.stringify(manifest));
  copyFileSync(file, path.join(folder, main));
}

function folderName({ publisher, name, version }) {
  return `${publisher}.${name}-${version}`;
}
