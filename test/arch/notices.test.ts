import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';

interface Bundled {
  name: string;
  version: string;
  license: string;
}
interface Notices {
  bundledPackages: (
    root: string,
    metafiles: readonly { inputs: Record<string, unknown> }[],
  ) => Bundled[];
  toNotices: (packages: readonly Bundled[]) => string;
}

describe('licences of bundled packages', () => {
  let notices: Notices;
  let root: string;
  before(async () => {
    const script = fileURLToPath(
      new URL('../../../scripts/thirdPartyNotices.mjs', import.meta.url),
    );
    notices = (await import(pathToFileURL(script).href)) as Notices;
    root = mkdtempSync(path.join(os.tmpdir(), 'unroll-notices-'));
    const add = (name: string, license: string) => {
      const folder = path.join(root, 'node_modules', name);
      mkdirSync(folder, { recursive: true });
      const manifest = { name, version: '1.2.3', license };
      writeFileSync(path.join(folder, 'package.json'), JSON.stringify(manifest));
      writeFileSync(path.join(folder, 'LICENSE.md'), `Words of ${name}.\n`);
    };
    add('plain', 'ISC');
    add('@scope/both', '(Apache-2.0 AND MIT)');
    add('viral', 'GPL-3.0');
  });
  after(() => rmSync(root, { recursive: true, force: true }));

  const bundle = (...files: string[]) => [
    { inputs: Object.fromEntries(files.map((file) => [file, {}])) },
  ];

  it('stand with name, version and text, once for each package', () => {
    const packages = notices.bundledPackages(
      root,
      bundle(
        'src/own.ts',
        'node_modules/plain/a.js',
        'node_modules/plain/lib/b.js',
        'node_modules/@scope/both/index.js',
      ),
    );
    assert.deepEqual(
      packages.map(({ name }) => name),
      ['@scope/both', 'plain'],
    );
    const text = notices.toNotices(packages);
    assert.match(text, /\nplain 1\.2\.3 \(ISC\)\n\nWords of plain\.\n/);
    assert.match(text, /Words of @scope\/both\./);
  });

  it('that ask for more than their text beside it end the build', () => {
    assert.throws(
      () => notices.bundledPackages(root, bundle('node_modules/viral/index.js')),
      /viral 1\.2\.3 is bundled under 'GPL-3\.0', which is not allowed/,
    );
  });
});
