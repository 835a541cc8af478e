/** node_modules of this checkout, exactly as package-lock.json says. */
import { createHash } from 'node:crypto';
import { existsSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { withLock } from './lock.mjs';
import { SetupError, say, step } from './narrate.mjs';
import { npm } from './runCommand.mjs';

const oldestNode = [20, 19];

/** @throws SetupError when this Node is older than package.json's `engines` allows. */
export function requireNode() {
  const [major, minor] = process.versions.node.split('.').map(Number);
  if (major > oldestNode[0] || (major === oldestNode[0] && minor >= oldestNode[1])) return;
  throw new SetupError(
    `Node ${process.versions.node} is too old: Unroll needs Node ${oldestNode.join('.')} or newer.`,
  );
}

/** Runs `npm ci` unless what is installed already is what the lock file names. */
export async function ensureDependencies(root) {
  requireNode();
  await withLock(`dependencies-${folderKey(root)}`, async () => {
    if (isInstalled(root)) return say('Dependencies are in place');
    await step('Installing dependencies (npm ci)', () =>
      npm(['ci', '--ignore-scripts', '--include=dev', '--include=optional'], { cwd: root }),
    );
    if (!isInstalled(root)) {
      throw new SetupError(
        `npm ci ended without an error, but node_modules in ${root} does not hold what package-lock.json names. Delete node_modules and try again.`,
      );
    }
  });
}

/** A short name for a folder, for lock files. */
export function folderKey(folder) {
  return createHash('sha256').update(path.resolve(folder)).digest('hex').slice(0, 12);
}

/**
 * npm writes node_modules/.package-lock.json last, and `npm ci` removes it first: a half-finished
 * install has none. Packages for other platforms are in the lock file only.
 */
function isInstalled(root) {
  const hidden = path.join(root, 'node_modules', '.package-lock.json');
  if (!existsSync(hidden)) return false;
  const wanted = JSON.parse(readFileSync(path.join(root, 'package-lock.json'), 'utf8')).packages;
  const found = JSON.parse(readFileSync(hidden, 'utf8')).packages;
  return Object.entries(wanted).every(([name, { integrity, optional, peer }]) => {
    if (name === '') return true;
    if (found[name] === undefined) return optional === true || peer === true;
    return found[name].integrity === integrity && existsSync(path.join(root, name));
  });
}
