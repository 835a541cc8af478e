import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('../../../', import.meta.url));
const read = (file: string): string => readFileSync(path.join(root, file), 'utf8');
const files = execFileSync('git', ['ls-files', '--cached', '--others', '--exclude-standard'], {
  cwd: root,
  encoding: 'utf8',
})
  .split('\n')
  .filter((file) => file && !/\.(png|ico)$/.test(file));

interface Manifest {
  dependencies?: Record<string, string>;
  devDependencies?: Record<string, string>;
  optionalDependencies?: Record<string, string>;
}
const dependenciesOf = (file: string): [string, string][] => {
  const manifest = JSON.parse(read(file)) as Manifest;
  const { dependencies, devDependencies, optionalDependencies } = manifest;
  return Object.entries({ ...dependencies, ...devDependencies, ...optionalDependencies });
};

describe('files of the project', () => {
  const manifests = files.filter((file) => path.basename(file) === 'package.json');

  it('every package.json pins exact versions and has a lock file without registry addresses', () => {
    assert.ok(manifests.length >= 2);
    for (const manifest of manifests) {
      for (const [name, version] of dependenciesOf(manifest))
        assert.match(version, /^\d+\.\d+\.\d+$/, `${manifest}: ${name} ${version}`);
      const lock = path.posix.join(path.posix.dirname(manifest), 'package-lock.json');
      assert.ok(files.includes(lock), `${lock} is there`);
      assert.ok(!read(lock).includes('"resolved": "http'), `${lock} names a registry`);
    }
  });

  it('every dependency has its line in docs/architecture.md', () => {
    const text = read('docs/architecture.md');
    for (const manifest of manifests)
      for (const [name] of dependenciesOf(manifest))
        assert.ok(text.includes(`\`${name}\``), `${name} (${manifest})`);
  });

  it('hold no paths of a machine', () => {
    for (const file of files) {
      const found = /\/(?:home|Users|root|work)\/[\w.-]+\//.exec(read(file));
      assert.equal(found, null, `${file}: ${found?.[0] ?? ''}`);
    }
  });
});
