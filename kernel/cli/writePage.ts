/** A page with what it takes from the bundles: Vega for its drawings, and the script that makes them live. */
import { readFile } from 'node:fs/promises';
import type { Notebook } from './nbformat.js';
import { toPage, type PageOptions } from './html/page.js';

/** @param isStatic Without any script: charts are drawings only. */
export async function writePage(
  notebook: Notebook,
  place: Pick<PageOptions, 'name' | 'folder'>,
  isStatic: boolean,
): Promise<string> {
  const { drawChart } = await import('./charts.js');
  const script = isStatic ? undefined : await readFile(new URL('page.js', import.meta.url), 'utf8');
  return await toPage(notebook, { ...place, draw: drawChart, script });
}
