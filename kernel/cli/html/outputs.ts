/** A notebook's outputs as HTML. */
import type { Json } from '../../contract/mime.js';
import { ansiToHtml } from '../../notebook/ansi.js';
import { escapeHtml } from '../../notebook/escapeHtml.js';
import type { JsonObject, NotebookOutput } from '../nbformat.js';
import { markdownToHtml } from './markdown.js';
import { sanitizeHtml } from './sanitize.js';

/** Draws a Vega-Lite specification as SVG. */
export type DrawChart = (spec: Json) => Promise<string>;

export interface OutputOptions {
  draw: DrawChart;
  /** Whether the page has the script that draws charts one can point at, from the data beside each drawing. */
  isLive: boolean;
}

type Draw = (content: string, draw: DrawChart, raw: Json) => string | Promise<string>;

/** What the page's script draws, best first. */
const livePictures = [
  /^application\/vnd\.unroll\.(loss|graph|trace|comparison)\.v1\+json$/,
  /^application\/vnd\.vegalite\.v\d+\+json$/,
];

const picture =
  (mime: string): Draw =>
  (base64) =>
    `<img src="data:${mime};base64,${base64.replace(/[^A-Za-z0-9+/=]/g, '')}" alt="">`;

/** What a page shows best comes first. */
const media: [mime: RegExp, draw: Draw][] = [
  [
    /^application\/vnd\.vegalite\.v\d+\+json$/,
    async (_content, draw, spec) => `<div class="drawing">${await draw(spec)}</div>`,
  ],
  [/^text\/html$/, sanitizeHtml],
  // As a picture of its own: what is in it can neither run nor style the page.
  [
    /^image\/svg\+xml$/,
    (svg) => picture('image/svg+xml')(Buffer.from(svg).toString('base64'), noChart, svg),
  ],
  [/^image\/png$/, picture('image/png')],
  [/^image\/jpeg$/, picture('image/jpeg')],
  [/^image\/gif$/, picture('image/gif')],
  [/^image\/webp$/, picture('image/webp')],
  [/^text\/markdown$/, markdownToHtml],
  [/^text\/plain$/, (text) => `<pre>${ansiToHtml(text)}</pre>`],
  [
    /^application\/json$/,
    (_content, _draw, value) => `<pre>${escapeHtml(JSON.stringify(value, null, 2))}</pre>`,
  ],
];

const noChart: DrawChart = () => Promise.resolve('');

export async function outputToHtml(
  output: NotebookOutput,
  options: OutputOptions,
): Promise<string> {
  switch (output.output_type) {
    case 'stream':
      return `<pre class="${output.name}">${ansiToHtml(output.text.join(''))}</pre>`;
    case 'error':
      return `<pre class="error">${ansiToHtml(output.traceback.join('\n'))}</pre>`;
    case 'display_data':
    case 'execute_result':
      return await bundleToHtml(output.data, options);
  }
}

async function bundleToHtml(data: JsonObject, { draw, isLive }: OutputOptions): Promise<string> {
  const drawn = await drawBest(data, draw);
  const live = Object.keys(data).filter((mime) => livePictures.some((known) => known.test(mime)));
  const best = livePictures.map((known) => live.find((mime) => known.test(mime))).find(Boolean);
  if (best === undefined) return drawn;
  if (!isLive) return `<figure>${drawn}</figure>`;
  return `<figure data-mime="${escapeHtml(best)}">${drawn}${toDataBlock(data[best]!)}</figure>`;
}

/** A block of data never runs; without `<` it cannot end early either. */
const toDataBlock = (value: Json): string =>
  `<script type="application/json">${JSON.stringify(value).replaceAll('<', '\\u003c')}</script>`;

async function drawBest(data: JsonObject, draw: DrawChart): Promise<string> {
  for (const [mime, toHtml] of media) {
    const found = Object.entries(data).find(([name]) => mime.test(name));
    if (!found) continue;
    const [, content] = found;
    try {
      return await toHtml(textOf(content), draw, content);
    } catch (error) {
      const reason = error instanceof Error ? error.message : String(error);
      return `<pre>${escapeHtml(textOf(data['text/plain'] ?? ''))}</pre><p class="note">This chart cannot be drawn: ${escapeHtml(reason)}</p>`;
    }
  }
  return `<p class="note">${escapeHtml(Object.keys(data).join(', '))}</p>`;
}

/** Text is kept as it is or in lines. */
export function textOf(content: Json): string {
  if (typeof content === 'string') return content;
  return Array.isArray(content) && content.every((line) => typeof line === 'string')
    ? content.join('')
    : '';
}
