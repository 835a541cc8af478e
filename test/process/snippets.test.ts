import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { snippets } from '../../src/status/snippets.js';
import { TestKernel } from './kernelClient.js';

/** With what stands in the places to fill in. */
const filled = (body: readonly string[]): string =>
  body
    .join('\n')
    .replace(/\$\{\d+:([^{}]*)\}/g, '$1')
    .replace(/\$\d+/g, '');

/** What a snippet takes from earlier cells. */
const earlier: Record<string, string> = {
  'unroll-fit': `import { randn } from 'unroll'; let data = [{ input: randn([5, 2, 8]), target: randn([5, 2, 1]) }]`,
  'unroll-csv': `import { writeFileSync } from 'node:fs'; writeFileSync('data.csv', 'a,b\\n1,2\\n')`,
};

describe('snippets of cells', () => {
  let kernel: TestKernel;
  let folder: string;
  before(() => {
    folder = mkdtempSync(path.join(os.tmpdir(), 'unroll-snippets-'));
    kernel = new TestKernel({ cwd: folder });
  });
  after(async () => {
    await kernel.dispose();
    rmSync(folder, { recursive: true, force: true });
  });

  for (const { prefix, body } of snippets) {
    it(`run as they are: ${prefix}`, async () => {
      if (earlier[prefix] !== undefined) await kernel.value(earlier[prefix]);
      const { error } = await kernel.run(filled(body).replace('steps: 500', 'steps: 2'));
      assert.equal(error, undefined, error?.stack);
    });
  }
});
