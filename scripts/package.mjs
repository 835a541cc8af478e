/**
 * npm run package: builds, and packs what .vscodeignore lets through into unroll-<version>.vsix.
 *   node scripts/package.mjs [folder]     where the .vsix goes, the checkout unless told
 */
import { cpSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { ensureBundles } from './setup/bundles.mjs';
import { ensureDependencies } from './setup/dependencies.mjs';
import { failWith, say, step } from './setup/narrate.mjs';
import { stopAllOnSignals } from './run/supervised.mjs';

const root = path.resolve(import.meta.dirname, '..');

const pluginName = 'unroll-typescript-plugin';

async function main() {
  await ensureDependencies(root);
  await ensureBundles(root);
  const manifest = JSON.parse(readFileSync(path.join(root, 'package.json'), 'utf8'));
  const { name, version } = manifest;
  const packagePath = path.resolve(process.argv[2] ?? root, `${name}-${version}.vsix`);
  const { createVSIX } = await import('@vscode/vsce');
  const staging = stage(manifest);
  await step('Packing', () =>
    createVSIX({
      cwd: staging,
      packagePath,
      useYarn: false,
      // The manifest names no repository that relative links of the README could lead to.
      allowMissingRepository: true,
      rewriteRelativeLinks: false,
    }),
  );
  rmSync(staging, { recursive: true, force: true });
  const megabytes = statSync(packagePath).size / 1e6;
  say(`Wrote ${packagePath} (${megabytes.toFixed(1)} MB)`);
}

/**
 * A copy of what may be packed. VS Code's TypeScript service looks for its plugin among the extension's packages, and
 * vsce packs packages only where the manifest depends on them; all else is bundled into dist/.
 */
function stage(manifest) {
  const staging = mkdtempSync(path.join(os.tmpdir(), 'unroll-package-'));
  const plugin = path.join('node_modules', pluginName);
  const packed = ['README.md', 'CHANGELOG.md', 'LICENSE', '.vscodeignore', 'examples', plugin];
  for (const part of [...packed, 'dist', 'media'])
    cpSync(path.join(root, part), path.join(staging, part), { recursive: true });
  const dependencies = { [pluginName]: manifest.version };
  const staged = { ...manifest, dependencies, devDependencies: undefined, scripts: undefined };
  writeFileSync(path.join(staging, 'package.json'), JSON.stringify(staged, null, 2));
  return staging;
}

stopAllOnSignals();
try {
  await main();
} catch (error) {
  failWith(error);
}
process.exit();
