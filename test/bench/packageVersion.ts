import { readFileSync } from 'node:fs';
import { peersFolder, projectFolder } from './folders.js';

/** The version of this project, or of an installed peer. */
export function packageVersion(name: string): string {
  const folder = name === 'unroll' ? projectFolder : new URL(`node_modules/${name}/`, peersFolder);
  const text = readFileSync(new URL('package.json', folder), 'utf8');
  return (JSON.parse(text) as { version: string }).version;
}
