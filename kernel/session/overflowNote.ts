/** What stands below a cell for the text that it printed beyond its budget: how much, where, and its end. */
import type { MimeBundle } from '../contract/mime.js';
import { ansiToHtml, stripAnsi } from '../notebook/ansi.js';
import { escapeHtml } from '../notebook/escapeHtml.js';

export interface OverflowNote {
  file: string;
  /** Beyond what is shown. */
  lines: number;
  bytes: number;
  /** Why not all of it is in the file. */
  failure: string | undefined;
  tail: string;
}

export function toOverflowBundle(note: OverflowNote): MimeBundle {
  const { file, failure } = note;
  const amount = `${note.lines.toLocaleString('en')} more ${note.lines === 1 ? 'line' : 'lines'}`;
  const isKept = file !== '';
  const lost = failure === undefined ? '' : `, not all of it kept: ${failure}`;
  const whole = `all output (${showBytes(note.bytes)}${lost})`;
  // No `file:` address: VS Code opens a plain path where the notebook is, also on a remote machine.
  const link = isKept
    ? `<a href="${escapeHtml(file)}">${escapeHtml(whole)}</a>`
    : escapeHtml(whole);
  const tail = note.tail.replace(/\n$/, '');
  return {
    'text/html':
      `<div class="unroll-overflow"><div>… ${amount}: ${link}. The last of them:</div>` +
      `<pre style="max-height:24em;overflow:auto;margin:.3em 0">${ansiToHtml(tail)}</pre></div>`,
    'text/plain': `… ${amount}: ${whole}${isKept ? ` is in ${file}` : ''}\n${stripAnsi(tail)}`,
  };
}

function showBytes(bytes: number): string {
  const units = ['bytes', 'kB', 'MB', 'GB'];
  let size = bytes;
  let unit = 0;
  while (size >= 1000 && unit < units.length - 1) {
    size /= 1000;
    unit++;
  }
  return `${size < 10 && unit > 0 ? size.toFixed(1) : String(Math.round(size))} ${units[unit]!}`;
}
