/** TypeScript source as HTML in the colours of the page: enough to read by, not a parser. */
import { escapeHtml } from '../../notebook/escapeHtml.js';

const keywords =
  'abstract any as async await boolean break case catch class const constructor continue declare default delete do ' +
  'else enum export extends false finally for from function if implements import in infer instanceof interface ' +
  'keyof let namespace never new null number of override private protected public readonly return satisfies ' +
  'static string super switch symbol this throw true try type typeof undefined unknown using var void while with yield';

const token = new RegExp(
  [
    /(?<comment>\/\/[^\n]*|\/\*[^]*?(?:\*\/|$))/,
    /(?<string>"(?:\\.|[^"\\\n])*"?|'(?:\\.|[^'\\\n])*'?|`(?:\\[^]|[^`\\])*`?)/,
    /(?<number>\b(?:0[xob][\da-f_]+|\d[\d_]*(?:\.[\d_]*)?(?:e[+-]?\d+)?)n?\b)/,
    new RegExp(`(?<keyword>(?<![.\\w$])(?:${keywords.replaceAll(' ', '|')})(?![\\w$]))`),
  ]
    .map(({ source }) => source)
    .join('|'),
  'gi',
);

export function highlight(source: string): string {
  let html = '';
  let from = 0;
  for (const match of source.matchAll(token)) {
    const groups: Record<string, string | undefined> = match.groups ?? {};
    const kind = Object.keys(groups).find((name) => groups[name] !== undefined);
    html += escapeHtml(source.slice(from, match.index));
    html += `<span class="${kind ?? ''}">${escapeHtml(match[0])}</span>`;
    from = match.index + match[0].length;
  }
  return html + escapeHtml(source.slice(from));
}
