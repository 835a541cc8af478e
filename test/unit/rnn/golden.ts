import assert from 'node:assert/strict';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

/** Compares with a text in test/golden/; `UNROLL_UPDATE_GOLDEN=1` rewrites it. */
export function assertGolden(folder: string, name: string, text: string): void {
  const root = new URL(`../../../../test/golden/${folder}/`, import.meta.url);
  const file = fileURLToPath(new URL(`${name}.txt`, root));
  if (process.env['UNROLL_UPDATE_GOLDEN']) {
    mkdirSync(root, { recursive: true });
    writeFileSync(file, `${text}\n`);
  }
  assert.equal(`${text}\n`, readFileSync(file, 'utf8'));
}
