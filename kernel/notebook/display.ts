import { vegaLiteMime, type Json } from '../contract/mime.js';
import { notebookHost } from './host.js';
import { jsonTree } from './jsonTree.js';
import { Media } from './mimeBundle.js';

/** Options of `display` and its kin. */
export interface DisplayOptions {
  /** Showing something again under the same id replaces it where it stands. */
  id?: string;
}

/**
 * Shows a value below the cell: what its `Symbol.for('Jupyter.display')` method gives, or its text.
 * Outside a notebook it is printed.
 */
export async function display(value: unknown, options: DisplayOptions = {}): Promise<void> {
  const host = notebookHost();
  if (!host) {
    console.log(value);
    return;
  }
  const bundle = host.toBundle(value);
  // Shown at once where it can be, so that it keeps its place among console text.
  host.display(
    bundle instanceof Promise ? await bundle : bundle,
    options.id === undefined ? {} : { displayId: options.id },
  );
}

/** HTML to show; script in it does not run. */
export const html = (source: string): Media =>
  new Media({ 'text/html': source, 'text/plain': source.replace(/<[^>]*>/g, '') });

/** An SVG picture to show. */
export const svg = (source: string): Media =>
  new Media({ 'image/svg+xml': source, 'text/plain': 'SVG picture' });

/** Markdown to show. */
export const markdown = (source: string): Media =>
  new Media({ 'text/markdown': source, 'text/plain': source });

/** Longer JSON is shown by its beginning: editors draw all that they get. */
const mostJson = 1 << 20;

/** A JSON value to show as a tree; of a very large one the beginning. */
export function json(value: Json): Media {
  const text = JSON.stringify(value, null, 2);
  const tree = { 'text/html': jsonTree(value) };
  if (text.length <= mostJson)
    return new Media({ 'application/json': value, ...tree, 'text/plain': text });
  const rest = `… ${text.length - mostJson} more characters`;
  return new Media({ ...tree, 'text/plain': `${text.slice(0, mostJson)}\n${rest}` });
}

/** A Vega-Lite specification to draw: what JSON can hold; members that are undefined are left out. */
export const vegaLite = (spec: object): Media =>
  new Media({ [vegaLiteMime]: spec as Json, 'text/plain': 'Vega-Lite chart' });

/** Empties the cell's output, now or (`wait`) when the next output comes. */
export function clearOutput(options: { wait?: boolean } = {}): void {
  notebookHost()?.clearOutput(options.wait ?? false);
}

/**
 * Asks the user for a line of text; null where the question was dismissed.
 * @throws Error outside a notebook, where nobody can be asked
 */
export async function input(
  prompt: string,
  options: { password?: boolean } = {},
): Promise<string | null> {
  const host = notebookHost();
  if (!host) throw new Error(`input: expected to run in a notebook, to ask '${prompt}'`);
  return host.input(prompt, options.password ?? false);
}
