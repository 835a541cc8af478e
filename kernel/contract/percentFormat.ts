/**
 * A notebook as an ordinary TypeScript file with `// %%` in front of each cell: the percent format that Jupytext reads
 * (https://jupytext.readthedocs.io/en/latest/formats-scripts.html#the-percent-format).
 *
 *     // %% [markdown] tags=["intro"]
 *     // # Heading
 *
 *     // %% Training tags=["slow"]
 *     const run = await fit(options);
 *
 * Markdown, and code of other languages, stands in comments, so the file stays TypeScript. A line of a cell that looks
 * like a marker gets a backslash: `// \%%`.
 */

export interface TextCell {
  kind: 'code' | 'markdown';
  /** VS Code's name of it. */
  language: string;
  text: string;
  /** The cell's nbformat metadata, `tags` among it; `title` is what stands behind the marker. */
  metadata: Readonly<Record<string, unknown>>;
}

export interface TextNotebook {
  /** The lines between `// ---` and `// ---` at the file's start, as they are. */
  header: readonly string[];
  /** The first cell stands without a marker in front of it. */
  isFirstBare: boolean;
  cells: readonly TextCell[];
}

const typescript = 'typescript';
const marker = /^\/\/ %%(?:$|\s)/;
/** A line that would be taken for a marker, with or without backslashes. */
const likeMarker = /^(\s*\/\/\s*\\*)(%%)/;
const escaped = /^(\s*\/\/\s*\\*)\\(%%)/;
/** Any other is written like the rest of the metadata. */
const plainTitle = /^[^=[\]\r\n]+$/;
const fence = /^\/\/ ---\s*$/;
const languageKey = 'language';

// ---------------------------------------------------------------------------------------------------
// Writing

export function toPercentText({ header, isFirstBare, cells }: TextNotebook): string {
  const blocks = cells.map((cell, index) => {
    const lines = bodyOf(cell);
    const isBare = index === 0 && isFirstBare && cell.kind === 'code';
    return (isBare ? lines : [markerOf(cell), ...lines]).join('\n');
  });
  const top = header.length > 0 ? [['// ---', ...header, '// ---'].join('\n')] : [];
  return [...top, ...blocks].join('\n\n') + '\n';
}

function markerOf({ kind, language, metadata }: TextCell): string {
  const { title, ...others } = metadata;
  const isOther = kind === 'code' && language !== typescript;
  const isPlain = typeof title === 'string' && plainTitle.test(title) && title === title.trim();
  const named = isPlain || title === undefined ? {} : { title };
  const values = Object.entries({
    ...(isOther ? { [languageKey]: language } : {}),
    ...named,
    ...others,
  });
  return [
    '// %%',
    ...(isPlain ? [title] : []),
    ...(kind === 'markdown' ? ['[markdown]'] : []),
    ...values.map(([name, value]) => `${name}=${JSON.stringify(value)}`),
  ].join(' ');
}

function bodyOf({ kind, language, text }: TextCell): string[] {
  const lines = text.replaceAll('\r\n', '\n').split('\n');
  const isPlain = kind === 'code' && language === typescript;
  const shown = isPlain ? lines : lines.map((line) => (line === '' ? '//' : `// ${line}`));
  return shown.map((line) => line.replace(likeMarker, '$1\\$2'));
}

// ---------------------------------------------------------------------------------------------------
// Reading

export function parsePercentText(source: string): TextNotebook {
  const lines = source.replaceAll('\r\n', '\n').split('\n');
  // The line break at the end of the last line.
  if (lines.at(-1) === '') lines.pop();
  const { header, start } = headerOf(lines);
  const cells: TextCell[] = [];
  let mark: string | undefined;
  let body: string[] = [];
  const end = (isLast: boolean) => {
    // The blank line in front of the next marker belongs to neither cell.
    if (!isLast && body.at(-1) === '') body.pop();
    if (mark !== undefined || body.some((line) => line.trim() !== '')) {
      cells.push(toCell(mark, body));
    }
    body = [];
  };
  for (const line of lines.slice(start)) {
    if (marker.test(line)) {
      end(false);
      mark = line;
    } else body.push(line);
  }
  end(true);
  const first = lines.slice(start).find((line) => line.trim() !== '');
  return { header, isFirstBare: first !== undefined && !marker.test(first), cells };
}

function headerOf(lines: readonly string[]): { header: string[]; start: number } {
  const last = fence.test(lines[0] ?? '')
    ? lines.findIndex((line, i) => i > 0 && fence.test(line))
    : -1;
  if (last < 0) return { header: [], start: 0 };
  return { header: lines.slice(1, last), start: lines[last + 1] === '' ? last + 2 : last + 1 };
}

function toCell(mark: string | undefined, body: readonly string[]): TextCell {
  const { kind, metadata } = readMarker((mark ?? '// %%').slice('// %%'.length));
  const { [languageKey]: named, ...others } = metadata;
  const language = typeof named === 'string' && kind === 'code' ? named : typescript;
  const lines = body.map((line) => line.replace(escaped, '$1$2'));
  const isPlain = kind === 'code' && language === typescript;
  const text = (isPlain ? lines : lines.map((line) => line.replace(/^\/\/ ?/, ''))).join('\n');
  return { kind, language: kind === 'markdown' ? 'markdown' : language, text, metadata: others };
}

/** ` title [markdown] tags=["a"]` */
function readMarker(rest: string): Pick<TextCell, 'kind' | 'metadata'> {
  const metadata: Record<string, unknown> = {};
  let left = rest.trim();
  const values: [string, unknown][] = [];
  for (let found = lastValue(left); found; found = lastValue(left)) {
    values.unshift([found.name, found.value]);
    left = found.before;
  }
  const [bracket = '', type = ''] = /\[(markdown|md|raw)\]$/.exec(left) ?? [];
  const kind = type === 'markdown' || type === 'md' ? 'markdown' : 'code';
  if (type === 'raw') metadata[languageKey] = 'raw';
  const title = left.slice(0, left.length - bracket.length).trim();
  if (title !== '') metadata['title'] = title;
  for (const [name, value] of values) metadata[name] = value;
  return { kind, metadata };
}

/** The last `name=JSON` of the line. What is no JSON is part of the title. */
function lastValue(line: string): { before: string; name: string; value: unknown } | undefined {
  for (const found of line.matchAll(/(?:^|\s)([\w.-]+)=/g)) {
    const json = line.slice(found.index + found[0].length);
    try {
      const value: unknown = JSON.parse(json);
      return { before: line.slice(0, found.index).trimEnd(), name: found[1]!, value };
    } catch {
      // Not the last one: more values follow it.
    }
  }
  return undefined;
}
