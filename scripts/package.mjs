/**
 * npm run package: builds, and packs what .vscodeignore lets through into unroll-<version>.vsix.
 *   node scripts/package.mjs [folder]     where the .vsix goes, the checkout unless told
 */
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { ensureBundles } from './setup/bundles.mjs';
import { ensureDependencies } from './setup/dependencies.mjs';
import { failWith, say, step } from './setup/narrate.mjs';
import { stopAllOnSignals } from './run/supervised.mjs';

const root = path.resolve(import.meta.dirname, '..');

async function main() {
  await ensureDependencies(root);
  await ensureBundles(root);
  const { name, version } = JSON.parse(readFileSync(path.join(root, 'package.json'), 'utf8'));
  const packagePath = path.resolve(process.argv[2] ?? root, `${name}-${version}.vsix`);
  const { createVSIX } = await import('@vscode/vsce');
  await step('Packing', () =>
    createVSIX({
      cwd: root,
      packagePath,
      // Everything is bundled into dist/.
      dependencies: false,
      // The manifest names no repository that relative links of the README could lead to.
      allowMissingRepository: true,
      rewriteRelativeLinks: false,
    }),
  );
  say(`Wrote ${packagePath}`);
}

stopAllOnSignals();
try {
  await main();
} catch (error) {
  failWith(error);
}
process.exit();
