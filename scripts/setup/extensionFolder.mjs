/**
 * Extensions as a VS Code finds them when they are installed. It takes over every extension that is in its
 * extensions folder when it starts with that folder for the first time.
 */
import { copyFileSync, cpSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';

/** Copies what our package would hold (.vscodeignore) into `extensionsFolder`. */
export async function installExtension(root, extensionsFolder) {
  const { listFiles } = await import('@vscode/vsce');
  const manifest = JSON.parse(readFileSync(path.join(root, 'package.json'), 'utf8'));
  const folder = path.join(extensionsFolder, folderName(manifest));
  for (const file of await listFiles({ cwd: root, dependencies: false })) {
    cpSync(path.join(root, file), path.join(folder, file));
  }
}

/** Puts the notebook opener (run/notebookOpener.cjs) into `extensionsFolder`. */
export function installNotebookOpener(root, extensionsFolder) {
  const manifest = {
    name: 'notebook-opener',
    publisher: 'unroll',
    version: '0.0.0',
    engines: { vscode: '^1.100.0' },
    main: './notebookOpener.cjs',
    activationEvents: ['onStartupFinished'],
  };
  const folder = path.join(extensionsFolder, folderName(manifest));
  mkdirSync(folder, { recursive: true });
  writeFileSync(path.join(folder, 'package.json'), JSON.stringify(manifest));
  copyFileSync(
    path.join(root, 'scripts', 'run', 'notebookOpener.cjs'),
    path.join(folder, 'notebookOpener.cjs'),
  );
}

function folderName({ publisher, name, version }) {
  return `${publisher}.${name}-${version}`;
}
