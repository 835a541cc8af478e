import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { TestKernel } from './kernelClient.js';

describe('a package that is not installed', () => {
  let folder: string;
  let kernel: TestKernel;
  before(() => {
    folder = mkdtempSync(join(tmpdir(), 'unroll-missing-'));
    mkdirSync(join(folder, 'nb'));
    kernel = new TestKernel({ cwd: join(folder, 'nb') });
  });
  after(async () => {
    await kernel.dispose();
    rmSync(folder, { recursive: true });
  });

  const managers: [string, string][] = [
    ['none', 'npm install @not/there'],
    ['package-lock.json', 'npm install @not/there'],
    ['pnpm-lock.yaml', 'pnpm add @not/there'],
    ['yarn.lock', 'yarn add @not/there'],
    ['bun.lock', 'bun add @not/there'],
  ];
  for (const [lockFile, command] of managers) {
    it(`with ${lockFile} above the notebook is an error with \`${command}\``, async () => {
      writeFileSync(join(folder, lockFile), '');
      const { error } = await kernel.run('import x from "@not/there/deep"');
      rmSync(join(folder, lockFile));
      assert.ok(error?.message.endsWith(`above it.\nTo install it: ${command}`), error?.message);
    });
  }

  it('but is listed in package.json says so', async () => {
    writeFileSync(join(folder, 'package.json'), '{ "devDependencies": { "listed": "1.0.0" } }');
    const { error } = await kernel.run('import x from "listed"');
    assert.match(error?.message ?? '', /package\.json lists it, .*: npm install$/);
  });
});
