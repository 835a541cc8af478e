import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { mkdtempSync, readFileSync, readdirSync, rmSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { promisify } from 'node:util';

const run = promisify(execFile);

interface Manifest {
  main: string;
  bin: Record<string, string>;
  exports: Record<string, string | Record<string, string>>;
  contributes?: {
    notebookRenderer?: { entrypoint: string | { path: string } }[];
    walkthroughs?: { steps: { media: { image: Record<string, string> } }[] }[];
  };
}

/** What may be in the package, and nothing else. vsce renames three files and adds the first two. */
const allowed = [
  /^\[Content_Types\]\.xml$/,
  /^extension\.vsixmanifest$/,
  /^extension\/package\.json$/,
  /^extension\/(readme|changelog)\.md$/,
  /^extension\/LICENSE\.txt$/,
  /^extension\/dist\/.*(?<!\.map)$/,
  /^extension\/media\/.*\.(png|svg)$/,
  /^extension\/media\/walkthrough\/.*\.md$/,
  /^extension\/examples\/([^/]+\.ipynb|course\.json)$/,
  /^extension\/node_modules\/unroll-typescript-plugin\/(index\.js|package\.json)$/,
];

describe('the packaged extension', () => {
  let names: string[];
  let folder: string;
  let bytes: number;

  before(async () => {
    folder = mkdtempSync(path.join(os.tmpdir(), 'unroll-package-test-'));
    await run(process.execPath, ['scripts/package.mjs', folder]);
    const file = readdirSync(folder)[0] ?? 'nothing';
    assert.ok(file.endsWith('.vsix'), `expected a .vsix, found ${file}`);
    const zip = readFileSync(path.join(folder, file));
    bytes = zip.length;
    names = entryNames(zip);
  });

  after(() => {
    rmSync(folder, { recursive: true, force: true });
  });

  it('holds nothing but what is on the allow-list', () => {
    const others = names.filter((name) => !allowed.some((pattern) => pattern.test(name)));
    assert.deepEqual(others, []);
  });

  it('is under 12 MB', () => {
    assert.ok(bytes < 12e6, `${(bytes / 1e6).toFixed(1)} MB`);
  });

  it('holds every file that the manifest names', () => {
    const isThere = (file: string) => {
      const [before = '', after] = `extension/${file}`.split('*');
      return after === undefined
        ? names.includes(before)
        : names.some((name) => name.startsWith(before) && name.endsWith(after));
    };
    const missing = namedFiles().filter((file) => !isThere(file));
    assert.deepEqual(missing, []);
  });

  it('holds the plugin for VS Code’s TypeScript service', () => {
    const folder = 'extension/node_modules/unroll-typescript-plugin';
    for (const file of ['index.js', 'package.json']) assert.ok(names.includes(`${folder}/${file}`));
  });

  it('holds the licences of the packages that it bundles', () => {
    assert.ok(names.includes('extension/dist/THIRD-PARTY-NOTICES.txt'));
  });

  it('holds the licence, the readme, the change log and the quickstart', () => {
    for (const file of ['LICENSE.txt', 'readme.md', 'changelog.md', 'examples/quickstart.ipynb']) {
      assert.ok(names.includes(`extension/${file}`), `${file} is missing`);
    }
  });
});

function namedFiles(): string[] {
  const manifest = JSON.parse(readFileSync('package.json', 'utf8')) as Manifest;
  const exported = Object.values(manifest.exports).flatMap((one) =>
    typeof one === 'string' ? [one] : Object.values(one),
  );
  const renderers = (manifest.contributes?.notebookRenderer ?? []).map(({ entrypoint }) =>
    typeof entrypoint === 'string' ? entrypoint : entrypoint.path,
  );
  const pictures = (manifest.contributes?.walkthroughs ?? [])
    .flatMap(({ steps }) => steps)
    .flatMap(({ media }) => Object.values(media.image));
  const programs = [manifest.main, ...Object.values(manifest.bin)];
  return [...programs, ...exported, ...renderers, ...pictures].map((file) =>
    path.posix.normalize(file),
  );
}

/** The names in a zip's central directory (APPNOTE.TXT 4.3.12), which its last record points at. */
function entryNames(zip: Buffer): string[] {
  const end = zip.lastIndexOf(Buffer.from('PK\x05\x06', 'latin1'));
  assert.ok(end >= 0, 'the package is not a zip file');
  const names: string[] = [];
  let at = zip.readUInt32LE(end + 16);
  for (let left = zip.readUInt16LE(end + 10); left > 0; left--) {
    const nameLength = zip.readUInt16LE(at + 28);
    names.push(zip.toString('utf8', at + 46, at + 46 + nameLength));
    at += 46 + nameLength + zip.readUInt16LE(at + 30) + zip.readUInt16LE(at + 32);
  }
  return names;
}
