/**
 * HTML that a cell shows, made fit to stand in a page: no script, nothing that loads or sends anything, and
 * every element closed, so that it can't spill into what follows. The page's content security policy forbids
 * the same once more.
 */
import { escapeHtml } from '../../notebook/escapeHtml.js';

/** Left out with all that they hold. */
const dropped = new Set([
  'script',
  'template',
  'noscript',
  'object',
  'iframe',
  'title',
  'textarea',
  'xmp',
  'plaintext',
]);
/** Left out, what they hold stays. */
const unwrapped = new Set(
  'html head body base meta link frame frameset embed applet form button input select option portal'.split(
    ' ',
  ),
);
const empty = new Set('area br col hr img source track wbr'.split(' '));
const addresses = new Set([
  'href',
  'src',
  'xlink:href',
  'poster',
  'background',
  'action',
  'formaction',
  'data',
]);
const allowedAddress =
  /^(?:https?:|mailto:|#|data:(?:image|audio|video)\/|(?![a-z][a-z0-9+.-]*:))/i;

const markup =
  /<!--[^]*?(?:-->|$)|<![^>]*>|<\?[^>]*>|<(?<close>\/?)(?<tag>[a-z][\w:-]*)(?<attributes>(?:"[^"]*"|'[^']*'|[^"'>])*)>/gi;
const attribute = /([^\s"'<>/=]+)(?:\s*=\s*(?:"([^"]*)"|'([^']*)'|([^\s"'=<>`]+)))?/g;

export function sanitizeHtml(source: string): string {
  const open: string[] = [];
  let html = '';
  let from = 0;
  let droppedUntil: string | undefined;
  for (const match of source.matchAll(markup)) {
    if (droppedUntil === undefined) html += toText(source.slice(from, match.index));
    from = match.index + match[0].length;
    const { close, tag: written, attributes = '' } = match.groups ?? {};
    const tag = written?.toLowerCase();
    if (tag === undefined) continue;
    if (droppedUntil !== undefined) {
      if (close === '/' && tag === droppedUntil) droppedUntil = undefined;
    } else if (dropped.has(tag)) {
      if (close === '') droppedUntil = tag;
    } else if (unwrapped.has(tag)) {
      continue;
    } else if (close === '/') {
      html += closeTo(open, tag);
    } else {
      const isEmpty = empty.has(tag) || attributes.trimEnd().endsWith('/');
      html += `<${tag}${safeAttributes(attributes)}${isEmpty ? '/' : ''}>`;
      if (!isEmpty) open.push(tag);
    }
  }
  if (droppedUntil === undefined) html += toText(source.slice(from));
  return (
    html +
    open
      .reverse()
      .map((tag) => `</${tag}>`)
      .join('')
  );
}

/** Character references stay; a stray `<` does not open anything. */
const toText = (text: string): string => text.replaceAll('<', '&lt;').replaceAll('>', '&gt;');

function closeTo(open: string[], tag: string): string {
  const at = open.lastIndexOf(tag);
  if (at < 0) return '';
  return open
    .splice(at)
    .reverse()
    .map((one) => `</${one}>`)
    .join('');
}

function safeAttributes(text: string): string {
  let safe = '';
  for (const [, written = '', double, single, bare] of text.matchAll(attribute)) {
    const name = written.toLowerCase();
    const value = decode(double ?? single ?? bare ?? '');
    if (name.startsWith('on') || name === 'srcdoc' || name === 'srcset' || name === '/') continue;
    // eslint-disable-next-line no-control-regex -- browsers skip them inside an address
    if (addresses.has(name) && !allowedAddress.test(value.replace(/[\u0000-\u0020]/g, '')))
      continue;
    if (
      name === 'style' &&
      /url\s*\(|expression|@import|position\s*:\s*(?:fixed|sticky)/i.test(value)
    )
      continue;
    safe += ` ${written}="${escapeHtml(value)}"`;
  }
  return safe;
}

const named: Record<string, string> = {
  amp: '&',
  lt: '<',
  gt: '>',
  quot: '"',
  apos: "'",
  nbsp: '\u00a0',
};

/** Character references in an attribute, as far as they matter for telling an address. */
function decode(text: string): string {
  return text.replace(/&(?:#(\d+)|#x([\da-f]+)|(\w+));?/gi, (whole, decimal, hexadecimal, name) => {
    if (typeof name === 'string') return named[name.toLowerCase()] ?? whole;
    const code = typeof decimal === 'string' ? Number(decimal) : parseInt(String(hexadecimal), 16);
    return code <= 0x10ffff ? String.fromCodePoint(code) : '';
  });
}
