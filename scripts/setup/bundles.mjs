/** The bundles in dist/, made again only when what they are made of, or they themselves, changed. */
import { createHash } from 'node:crypto';
import { mkdirSync, readFileSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { folderKey } from './dependencies.mjs';
import { withLock } from './lock.mjs';
import { say, step } from './narrate.mjs';
import { runCommand } from './runCommand.mjs';

const sources = [
  ...['kernel', 'src', 'media', 'scripts/build.mjs', 'tsconfig.base.json'],
  ...['package.json', 'package-lock.json'],
];

/** What the build makes. */
const products = ['dist', 'node_modules/unroll-typescript-plugin'];

export async function ensureBundles(root) {
  const stamp = path.join(root, 'out', 'bundles.stamp');
  await withLock(`bundles-${folderKey(root)}`, async () => {
    if (readIfThere(stamp) === fingerprint(root)) return say('The bundles are up to date');
    rmSync(stamp, { force: true });
    await step('Building the extension', () =>
      runCommand(process.execPath, ['scripts/build.mjs'], { cwd: root }),
    );
    mkdirSync(path.dirname(stamp), { recursive: true });
    writeFileSync(stamp, fingerprint(root));
  });
}

/** Every file by name, size and time of change: a build that was cut off leaves its products different. */
function fingerprint(root) {
  const hash = createHash('sha256');
  for (const file of [...sources, ...products].flatMap((name) =>
    filesUnder(path.join(root, name)),
  )) {
    const { size, mtimeMs } = statSync(file);
    hash.update(`${file} ${size} ${mtimeMs}\n`);
  }
  return hash.digest('hex');
}

function filesUnder(place) {
  const stats = statSync(place, { throwIfNoEntry: false });
  if (stats === undefined) return [];
  if (stats.isFile()) return [place];
  return readdirSync(place)
    .sort()
    .flatMap((name) => filesUnder(path.join(place, name)));
}

function readIfThere(file) {
  try {
    return readFileSync(file, 'utf8');
  } catch (error) {
    if (error.code === 'ENOENT') return undefined;
    throw error;
  }
}
