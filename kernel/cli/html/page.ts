/** A notebook as one page that needs nothing beside it. Charts are drawings, and live where script may run. */
import { createHash } from 'node:crypto';
import { escapeHtml } from '../../notebook/escapeHtml.js';
import { sourceOf, type Notebook, type NotebookCell } from '../nbformat.js';
import { embedPictures } from './embedPictures.js';
import { highlight } from './highlight.js';
import { markdownToHtml } from './markdown.js';
import { outputToHtml, type DrawChart } from './outputs.js';
import { pageStyle } from './pageStyle.js';

/**
 * The page can load nothing and run nothing, whatever its outputs hold; of script only the one that draws the charts,
 * told by its hash.
 */
const toPolicy = (script: string): string =>
  `default-src 'none'; ${script === '' ? '' : `script-src 'sha256-${createHash('sha256').update(script).digest('base64')}'; `}` +
  "img-src data: https: http:; media-src data:; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'";

export interface PageOptions {
  /** Stands as the title where no heading does. */
  name: string;
  /** The notebook's folder: pictures are found from there. */
  folder: string;
  draw: DrawChart;
  /** What makes charts live (`media/page/`), taken in where the notebook has any; undefined: no script at all. */
  script: string | undefined;
}

export async function toPage(notebook: Notebook, options: PageOptions): Promise<string> {
  const cells: string[] = [];
  for (const cell of notebook.cells) cells.push(await cellToHtml(cell, options));
  const isLive = options.script !== undefined && cells.some((cell) => cell.includes(dataBlock));
  const script = isLive ? options.script! : '';
  const title = titleOf(notebook) ?? options.name;
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta http-equiv="Content-Security-Policy" content="${toPolicy(script)}">
<meta name="generator" content="unroll">
<title>${escapeHtml(title)}</title>
<style>${pageStyle}</style>
</head>
<body>
<main>
${cells.join('\n')}
</main>${isLive ? `\n<script>${script}</script>` : ''}
</body>
</html>
`;
}

function titleOf({ cells }: Notebook): string | undefined {
  for (const cell of cells) {
    const heading =
      cell.cell_type === 'markdown' ? /^#\s+(.+)$/m.exec(sourceOf(cell))?.[1] : undefined;
    if (heading !== undefined) return heading.replace(/[*_`]/g, '');
  }
  return undefined;
}

/** Text of a notebook has no bare `<`, so only our own figures have it. */
const dataBlock = '<script type="application/json">';

async function cellToHtml(
  cell: NotebookCell,
  { folder, draw, script }: PageOptions,
): Promise<string> {
  const source = sourceOf(cell);
  if (cell.cell_type === 'markdown') {
    const whole = await embedPictures(source, cell.attachments ?? {}, folder);
    return `<section class="markdown">${markdownToHtml(whole)}</section>`;
  }
  if (cell.cell_type === 'raw') return `<section><pre>${escapeHtml(source)}</pre></section>`;
  const outputs: string[] = [];
  for (const output of cell.outputs ?? [])
    outputs.push(
      `<div class="output">${await outputToHtml(output, { draw, isLive: script !== undefined })}</div>`,
    );
  const count = `[${cell.execution_count ?? ' '}]`;
  return (
    `<section class="code"><div class="count" aria-hidden="true">${count}</div>` +
    `<pre class="source"><code>${highlight(source)}</code></pre>${outputs.join('')}</section>`
  );
}
