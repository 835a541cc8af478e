/**
 * Markdown cells as HTML: the constructs of CommonMark that notebooks use (headings, paragraphs, emphasis, code,
 * lists, quotes, rules, links, pictures) and GitHub's tables. HTML inside is sanitized, formulas become MathML.
 * Source: https://spec.commonmark.org
 */
import { escapeHtml } from '../../notebook/escapeHtml.js';
import { formulaToHtml } from './formula.js';
import { sanitizeHtml } from './sanitize.js';

interface Block {
  matches: RegExp;
  /** Takes the block's lines off the front and returns its HTML. */
  take(lines: string[]): string;
}

const item = /^(\s*)(?:[-*+]|(\d{1,9})[.)])\s+(.*)$/;

const blocks: Block[] = [
  { matches: /^\s*$/, take: (lines) => (lines.shift(), '') },
  { matches: /^ {0,3}(?:```|~~~)/, take: takeFence },
  { matches: /^ {0,3}#{1,6}(?:\s|$)/, take: takeHeading },
  {
    matches: /^ {0,3}(?:(?:\*\s*){3,}|(?:-\s*){3,}|(?:_\s*){3,})$/,
    take: (lines) => (lines.shift(), '<hr>'),
  },
  { matches: /^ {0,3}>/, take: takeQuote },
  { matches: item, take: takeList },
  { matches: /^\s*\$\$/, take: takeFormula },
  { matches: /^ {0,3}<(?:[a-z!/])/i, take: takeHtml },
];

export function markdownToHtml(source: string): string {
  return toBlocks(source.replaceAll('\r\n', '\n').split('\n'));
}

function toBlocks(lines: string[]): string {
  const rest = [...lines];
  const html: string[] = [];
  while (rest.length > 0) {
    const block = blocks.find(({ matches }) => matches.test(rest[0]!));
    if (block) html.push(block.take(rest));
    else html.push(isTable(rest) ? takeTable(rest) : takeParagraph(rest));
  }
  return html.filter((one) => one !== '').join('\n');
}

/** Lines up to the first that ends the block. */
function takeWhile(lines: string[], belongs: (line: string, index: number) => boolean): string[] {
  let count = 0;
  while (count < lines.length && belongs(lines[count]!, count)) count++;
  return lines.splice(0, Math.max(1, count));
}

function takeFence(lines: string[]): string {
  const [, fence = '```', language = ''] =
    /^ {0,3}(`{3,}|~{3,})\s*([\w+-]*)/.exec(lines.shift()!) ?? [];
  const end = lines.findIndex((line) => line.trim().startsWith(fence));
  const code = lines.splice(0, end < 0 ? lines.length : end);
  lines.shift();
  const name = language === '' ? '' : ` class="language-${escapeHtml(language)}"`;
  return `<pre><code${name}>${escapeHtml(code.join('\n'))}</code></pre>`;
}

function takeHeading(lines: string[]): string {
  const [, marks = '#', text = ''] =
    /^ {0,3}(#{1,6})\s*(.*?)(?:\s+#+)?\s*$/.exec(lines.shift()!) ?? [];
  return `<h${marks.length}>${inline(text)}</h${marks.length}>`;
}

function takeQuote(lines: string[]): string {
  const quoted = takeWhile(lines, (line) => /^ {0,3}>/.test(line));
  return `<blockquote>${toBlocks(quoted.map((line) => line.replace(/^ {0,3}> ?/, '')))}</blockquote>`;
}

function takeFormula(lines: string[]): string {
  const text = takeWhile(
    lines,
    (_line, i) =>
      i === 0 || !/\$\$\s*$/.test(lines[i - 1]!) || (i === 1 && /^\s*\$\$\s*$/.test(lines[0]!)),
  );
  const [, tex] = /^\s*\$\$([^]*?)(?:\$\$\s*)?$/.exec(text.join('\n')) ?? [];
  return `<p>${formulaToHtml(tex ?? '', true)}</p>`;
}

function takeHtml(lines: string[]): string {
  return sanitizeHtml(takeWhile(lines, (line) => line.trim() !== '').join('\n'));
}

function takeList(lines: string[]): string {
  const [, indent = '', number] = item.exec(lines[0]!) ?? [];
  const isOrdered = number !== undefined;
  const items: string[][] = [];
  while (lines.length > 0) {
    const match = item.exec(lines[0]!);
    const isNext =
      match && match[1]!.length <= indent.length + 1 && (match[2] !== undefined) === isOrdered;
    if (isNext) items.push([(lines.shift(), match[3]!)]);
    else if (/^\s*$/.test(lines[0]!) && /^\s{2,}\S/.test(lines[1] ?? ''))
      items.at(-1)!.push((lines.shift(), ''));
    else if (/^\s{2,}\S/.test(lines[0]!))
      items.at(-1)!.push(lines.shift()!.replace(/^\s{2,4}/, ''));
    else break;
  }
  const tag = isOrdered ? 'ol' : 'ul';
  const start = isOrdered && number !== '1' ? ` start="${number}"` : '';
  const contents = items.map((one) => {
    const html = toBlocks(one);
    // A list without blank lines is tight: no paragraphs inside.
    return `<li>${one.includes('') ? html : html.replace(/^<p>([^]*?)<\/p>/, '$1')}</li>`;
  });
  return `<${tag}${start}>${contents.join('')}</${tag}>`;
}

const isTable = ([head = '', rule = '']: string[]): boolean =>
  head.includes('|') &&
  /^\s*\|?\s*:?-+:?\s*(?:\|\s*:?-+:?\s*)*\|?\s*$/.test(rule) &&
  rule.includes('-');

function takeTable(lines: string[]): string {
  const rows = takeWhile(lines, (line) => line.includes('|')).map(toCells);
  const [head = [], rule = [], ...body] = rows;
  const alignment = rule.map((mark) => {
    const side = mark.endsWith(':') ? (mark.startsWith(':') ? 'center' : 'right') : '';
    return side === '' ? '' : ` style="text-align:${side}"`;
  });
  const row = (cells: string[], tag: string): string =>
    `<tr>${cells.map((cell, i) => `<${tag}${alignment[i] ?? ''}>${inline(cell)}</${tag}>`).join('')}</tr>`;
  return `<table><thead>${row(head, 'th')}</thead><tbody>${body.map((cells) => row(cells, 'td')).join('')}</tbody></table>`;
}

const toCells = (line: string): string[] =>
  line
    .trim()
    .replace(/^\||\|$/g, '')
    .split(/(?<!\\)\|/)
    .map((cell) => cell.trim().replaceAll('\\|', '|'));

function takeParagraph(lines: string[]): string {
  const text = takeWhile(
    lines,
    (line, i) => i === 0 || !blocks.some(({ matches }) => matches.test(line)),
  );
  const underline = /^ {0,3}(=+|-+)\s*$/.exec(text.at(-1)!);
  if (underline && text.length > 1) {
    const level = underline[1]!.startsWith('=') ? 1 : 2;
    return `<h${level}>${inline(text.slice(0, -1).join('\n'))}</h${level}>`;
  }
  return `<p>${inline(text.join('\n'))}</p>`;
}

/** Longest first: what is inside code or a formula is not looked at again. */
const spans =
  /(?<ticks>`+)(?<code>[^]*?[^`])\k<ticks>(?!`)|\$\$(?<displayed>[^$]+)\$\$|(?<formula>\$[^\s$](?:[^$\n]*[^\s$])?\$)(?!\d)|\\(?<escaped>[!-/:-@[-`{-~])|!\[(?<alt>[^\]]*)\]\((?<picture>[^\s)]+)[^)]*\)|\[(?<text>(?:[^[\]]|\[[^\]]*\])*)\]\((?<address>[^\s)]+)[^)]*\)|<(?<auto>(?:https?|mailto):[^\s>]+)>|(?<html><\/?[a-z][^>]*>)|(?<strong>\*\*|__)(?=\S)(?<bold>[^]*?\S)\k<strong>|(?<em>[*_])(?=\S)(?<italic>[^]*?\S)\k<em>(?!\w)|~~(?<struck>[^]*?)~~|(?<break> {2,}\n|\\\n)/gi;

function inline(text: string): string {
  let html = '';
  let from = 0;
  for (const match of text.matchAll(spans)) {
    html += escapeHtml(text.slice(from, match.index)) + spanOf(match.groups ?? {});
    from = match.index + match[0].length;
  }
  return html + escapeHtml(text.slice(from));
}

type Groups = Record<string, string | undefined>;

const spanKinds: [group: string, toHtml: (text: string, groups: Groups) => string][] = [
  ['code', (code) => `<code>${escapeHtml(code.trim())}</code>`],
  ['displayed', (tex) => formulaToHtml(tex, true)],
  ['formula', (formula) => formulaToHtml(formula.slice(1, -1), false)],
  ['escaped', escapeHtml],
  [
    'picture',
    (address, { alt = '' }) =>
      sanitizeHtml(`<img src="${escapeHtml(address)}" alt="${escapeHtml(alt)}">`),
  ],
  [
    'address',
    (address, { text = '' }) =>
      sanitizeHtml(`<a href="${escapeHtml(address)}">${inline(text)}</a>`),
  ],
  ['auto', (address) => `<a href="${escapeHtml(address)}">${escapeHtml(address)}</a>`],
  ['html', escapeHtml],
  ['bold', (text) => `<strong>${inline(text)}</strong>`],
  ['italic', (text) => `<em>${inline(text)}</em>`],
  ['struck', (text) => `<del>${inline(text)}</del>`],
  ['break', () => '<br>'],
];

function spanOf(groups: Groups): string {
  const kind = spanKinds.find(([group]) => groups[group] !== undefined);
  return kind ? kind[1](groups[kind[0]]!, groups) : '';
}
