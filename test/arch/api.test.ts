import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import * as prettier from 'prettier';

const root = fileURLToPath(new URL('../../../', import.meta.url));
const target = path.join(root, 'docs/api.md');

interface Entry {
  name: string;
  doc: string;
}
interface ApiScripts {
  readApi: (folder: string) => Entry[];
  undocumented: (entries: readonly Entry[]) => string[];
  writeApi: (entries: readonly Entry[], config: unknown) => Promise<string>;
}

const load = async <K extends keyof ApiScripts>(name: K): Promise<ApiScripts[K]> => {
  const script = pathToFileURL(path.join(root, 'scripts/api', `${name}.mjs`)).href;
  return ((await import(script)) as ApiScripts)[name];
};

describe('docs/api.md', function () {
  this.timeout(60_000);
  let entries: Entry[];
  before(async () => {
    const readApi = await load('readApi');
    entries = readApi(path.join(root, 'out/kernel'));
  });

  it('has a doc comment to show for every public name and option', async () => {
    const undocumented = await load('undocumented');
    assert.deepEqual(undocumented(entries), [], 'write doc comments, then run npm run docs');
    const bare = entries.map((entry) => (entry.name === 'LSTM' ? { ...entry, doc: '' } : entry));
    assert.deepEqual(undocumented(bare), ['LSTM']);
  });

  it('is what the doc comments say now', async () => {
    const writeApi = await load('writeApi');
    const text = await writeApi(entries, await prettier.resolveConfig(target));
    const isCurrent = text === readFileSync(target, 'utf8');
    assert.ok(isCurrent, 'docs/api.md is out of date: run npm run docs');
  });
});
