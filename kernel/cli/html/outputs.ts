/** A notebook's outputs as HTML. */
import type { Json } from '../../contract/mime.js';
import { ansiToHtml } from '../../notebook/ansi.js';
import { escapeHtml } from '../../notebook/escapeHtml.js';
import type { JsonObject, NotebookOutput } from '../nbformat.js';
import { markdownToHtml } from './markdown.js';
import { sanitizeHtml } from './sanitize.js';

/** Draws a Vega-Lite specification as SVG. */
export type DrawChart = (spec: Json) => Promise<string>;

type Draw = (content: string, draw: DrawChart, raw: Json) => string | Promise<string>;

const picture =
  (mime: string): Draw =>
  (base64) =>
    `<img src="data:${mime};base64,${base64.replace(/[^A-Za-z0-9+/=]/g, '')}" alt="">`;

/** What a page shows best comes first. */
const media: [mime: RegExp, draw: Draw][] = [
  [
    /^application\/vnd\.vegalite\.v\d+\+json$/,
    async (_content, draw, spec) => `<figure>${await draw(spec)}</figure>`,
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

export async function outputToHtml(output: NotebookOutput, draw: DrawChart): Promise<string> {
  switch (output.output_type) {
    case 'stream':
      return `<pre class="${output.name}">${ansiToHtml(output.text.join(''))}</pre>`;
    case 'error':
      return `<pre class="error">${ansiToHtml(output.traceback.join('\n'))}</pre>`;
    case 'display_data':
    case 'execute_result':
      return await bundleToHtml(output.data, draw);
  }
}

async function bundleToHtml(data: JsonObject, draw: DrawChart): Promise<string> {
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
function textOf(content: Json): string {
  if (typeof content === 'string') return content;
  return Array.isArray(content) && content.every((line) => typeof line === 'string')
    ? content.join('')
    : '';
}
