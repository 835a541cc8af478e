/**
 * npm run docs: writes docs/api.md from the doc comments of what the module `unroll` exports, and says which lack one.
 */
import { execFile } from 'node:child_process';
import { readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { promisify } from 'node:util';
import prettier from 'prettier';
import { readApi } from './api/readApi.mjs';
import { undocumented } from './api/undocumented.mjs';
import { writeApi } from './api/writeApi.mjs';
import { failWith, say } from './setup/narrate.mjs';

const root = path.resolve(import.meta.dirname, '..');
const target = path.join(root, 'docs', 'api.md');

try {
  await promisify(execFile)(process.execPath, ['node_modules/typescript/bin/tsc', '-b', 'kernel'], {
    cwd: root,
  });
  const entries = readApi(path.join(root, 'out', 'kernel'));
  const text = await writeApi(entries, await prettier.resolveConfig(target));
  const before = await readFile(target, 'utf8').catch(() => '');
  if (text !== before) await writeFile(target, text);
  say(`docs/api.md: ${entries.length} names, ${text === before ? 'as it was' : 'written'}`);
  const missing = undocumented(entries);
  if (missing.length > 0) throw new Error(`without a doc comment: ${missing.join(', ')}`);
} catch (error) {
  failWith(error);
}
