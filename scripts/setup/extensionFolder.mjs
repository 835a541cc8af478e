/** The extension as a VS Code finds it when it is installed: the files of the package, in a folder. */
import { cpSync, readFileSync } from 'node:fs';
import path from 'node:path';

/**
 * Copies what the package would hold (.vscodeignore) into `extensionsFolder`. VS Code takes over every
 * extension that is there when it starts with this folder for the first time.
 */
export async function installExtension(root, extensionsFolder) {
  const { listFiles } = await import('@vscode/vsce');
  const manifest = JSON.parse(readFileSync(path.join(root, 'package.json'), 'utf8'));
  const name = `${manifest.publisher}.${manifest.name}-${manifest.version}`;
  for (const file of await listFiles({ cwd: root, dependencies: false })) {
    cpSync(path.join(root, file), path.join(extensionsFolder, name, file));
  }
}
