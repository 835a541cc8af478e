/** A notebook as Markdown: code in fences, outputs below, pictures as files beside it. */
import type { Json } from '../../contract/mime.js';
import { stripAnsi } from '../../notebook/ansi.js';
import { textOf, type DrawChart } from '../html/outputs.js';
import { sanitizeHtml } from '../html/sanitize.js';
import {
  isObject,
  isTypeScript,
  sourceOf,
  type JsonObject,
  type Notebook,
  type NotebookCell,
  type NotebookOutput,
} from '../nbformat.js';

export interface MarkdownOptions {
  /** The folder of pictures as the text names it. */
  files: string;
  draw: DrawChart;
}

export interface MarkdownFile {
  text: string;
  /** To be written into the folder, by name. */
  pictures: Map<string, Uint8Array>;
}

const pictureTypes: [mime: RegExp, extension: string][] = [
  [/^image\/svg\+xml$/, 'svg'],
  [/^image\/png$/, 'png'],
  [/^image\/jpeg$/, 'jpg'],
  [/^image\/gif$/, 'gif'],
  [/^image\/webp$/, 'webp'],
];
const chart = /^application\/vnd\.vegalite\.v\d+\+json$/;

export async function toMarkdown(
  { cells }: Notebook,
  options: MarkdownOptions,
): Promise<MarkdownFile> {
  const pictures = new Map<string, Uint8Array>();
  const blocks: string[] = [];
  for (const [index, cell] of cells.entries())
    blocks.push(...(await blocksOf(cell, new Pictures(options, index + 1, pictures))));
  const text = blocks.filter((block) => block !== '').join('\n\n');
  return { text: `${text}\n`, pictures };
}

/** Keeps what one cell shows, under names that tell cell and order: the same notebook, the same names. */
class Pictures {
  #count = 0;

  constructor(
    readonly options: MarkdownOptions,
    private readonly cell: number,
    private readonly all: Map<string, Uint8Array>,
  ) {}

  add(bytes: Uint8Array, extension: string, alt: string): string {
    const name = `cell-${this.cell}-${++this.#count}.${extension}`;
    this.all.set(name, bytes);
    return `![${alt.replace(/[[\]\\\n]/g, ' ').trim()}](${encodeURI(this.options.files)}/${name})`;
  }
}

async function blocksOf(cell: NotebookCell, pictures: Pictures): Promise<string[]> {
  const source = sourceOf(cell);
  if (cell.cell_type === 'markdown')
    return [withAttachments(source, cell.attachments ?? {}, pictures).trim()];
  if (cell.cell_type === 'raw') return [fenced(source)];
  const outputs: string[] = [];
  for (const output of cell.outputs ?? []) outputs.push(await outputToMarkdown(output, pictures));
  return [fenced(source, languageOf(cell)), ...outputs];
}

function languageOf(cell: NotebookCell): string {
  const { vscode } = cell.metadata;
  const named = isObject(vscode) ? vscode['languageId'] : undefined;
  return isTypeScript(cell) || typeof named !== 'string' ? 'ts' : named;
}

/** The fence is longer than any in the text. */
function fenced(text: string, language = ''): string {
  const trimmed = text.replace(/\s+$/, '');
  if (trimmed === '') return '';
  const longest = Math.max(2, ...[...trimmed.matchAll(/`+/g)].map(([run]) => run.length));
  const fence = '`'.repeat(longest + 1);
  return `${fence}${language}\n${trimmed}\n${fence}`;
}

function withAttachments(source: string, attachments: JsonObject, pictures: Pictures): string {
  return source.replace(
    /!\[([^\]]*)\]\(attachment:([^)\s]+)\)/g,
    (whole, alt: string, name: string) => {
      const bundle = attachments[name];
      const [mime, content] = Object.entries(isObject(bundle) ? bundle : {})[0] ?? [];
      const extension = pictureTypes.find(([known]) => mime !== undefined && known.test(mime))?.[1];
      if (extension === undefined || content === undefined) return whole;
      return pictures.add(Buffer.from(textOf(content), 'base64'), extension, alt);
    },
  );
}

async function outputToMarkdown(output: NotebookOutput, pictures: Pictures): Promise<string> {
  switch (output.output_type) {
    case 'stream':
      return fenced(stripAnsi(output.text.join('')), 'text');
    case 'error':
      return fenced(stripAnsi(output.traceback.join('\n')), 'text');
    case 'display_data':
    case 'execute_result':
      return await bundleToMarkdown(output.data, pictures);
  }
}

async function bundleToMarkdown(data: JsonObject, pictures: Pictures): Promise<string> {
  const plain = stripAnsi(textOf(data['text/plain'] ?? ''));
  const [alt = ''] = plain.split('\n');
  const spec = Object.entries(data).find(([mime]) => chart.test(mime))?.[1];
  if (spec !== undefined) return await drawn(spec, plain, pictures);
  for (const [known, extension] of pictureTypes) {
    const [mime, content] = Object.entries(data).find(([one]) => known.test(one)) ?? [];
    if (mime === undefined || content === undefined) continue;
    const encoding = extension === 'svg' ? 'utf8' : 'base64';
    return pictures.add(Buffer.from(textOf(content), encoding), extension, alt);
  }
  const markdown = textOf(data['text/markdown'] ?? '');
  if (markdown !== '') return markdown.trim();
  const html = textOf(data['text/html'] ?? '');
  // An empty line would end the HTML for Markdown.
  if (html !== '')
    return sanitizeHtml(html)
      .replace(/\n\s*\n/g, '\n')
      .trim();
  if (plain !== '') return fenced(plain, 'text');
  const json = data['application/json'];
  return json === undefined ? '' : fenced(JSON.stringify(json, null, 2), 'json');
}

/** What cannot be drawn is told by its text. */
async function drawn(spec: Json, plain: string, pictures: Pictures): Promise<string> {
  try {
    const svg = await pictures.options.draw(spec);
    return pictures.add(Buffer.from(withOwnColours(svg)), 'svg', plain.split('\n')[0] ?? '');
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    return fenced(`${plain}\n(This chart cannot be drawn: ${reason})`, 'text');
  }
}

/** As a picture of its own a drawing inherits no colour: it follows the reader's system by itself. */
function withOwnColours(svg: string): string {
  const style = 'svg{color:#24292f}@media(prefers-color-scheme:dark){svg{color:#d8dee4}}';
  return svg.replace(/<svg [^>]*>/, (open) => `${open}<style>${style}</style>`);
}
