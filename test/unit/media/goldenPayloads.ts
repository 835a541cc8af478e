import { readdirSync, readFileSync } from 'node:fs';

const folder = new URL('../../../../test/golden/payloads/', import.meta.url);

/** The committed payload `test/golden/payloads/<name>.json`, as parsed JSON; a new object each time. */
export function goldenPayload(name: string): unknown {
  return JSON.parse(readFileSync(new URL(`${name}.json`, folder), 'utf8')) as unknown;
}

export const goldenNames = readdirSync(folder)
  .filter((file) => file.endsWith('.json'))
  .map((file) => file.replace('.json', ''));
