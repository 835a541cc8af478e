import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';

const root = fileURLToPath(new URL('../../../', import.meta.url));
const read = (...parts: string[]): string => readFileSync(path.join(root, ...parts), 'utf8');

interface Mutation {
  group: string;
  bug: string;
  file: string;
  find: string;
  replace: string;
  tests: [string, string][];
}

describe('the bugs of scripts/mutations', () => {
  let mutations: Mutation[];
  before(async () => {
    const table = pathToFileURL(path.join(root, 'scripts/mutations/table.mjs')).href;
    ({ mutations } = (await import(table)) as { mutations: Mutation[] });
  });

  it('are all ten classic ones, and others', () => {
    const groups = new Set(mutations.map(({ group }) => group));
    for (let k = 1; k <= 10; k++) assert.ok(groups.has(String(k)), `bug ${k}`);
    assert.equal(new Set(mutations.map(({ bug }) => bug)).size, mutations.length);
  });

  it('still fit the sources, so that npm run mutations can put them in', () => {
    const stale = mutations
      .filter(({ file, find }) => read(file).split(find).length !== 2)
      .map(({ bug, file }) => `${file} does not hold, once, what '${bug}' replaces`);
    assert.deepEqual(stale, [], 'bring scripts/mutations/table.mjs up to date');
    for (const { bug, find, replace } of mutations) assert.notEqual(find, replace, bug);
  });

  it('each name a file of tests', () => {
    for (const { bug, tests } of mutations) {
      assert.ok(tests.length > 0, bug);
      for (const [name] of tests) assert.match(read(`test/unit/${name}.test.ts`), /describe\(/);
    }
  });
});
