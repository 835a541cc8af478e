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
 * Markdown, raw cells (`[raw]`) and code of other languages stand in comments, so the file stays TypeScript. A line of a
 * cell that looks like a marker gets a backslash: `// \%%`. Metadata that would read as something else (a name with a
 * space, `language`) stands together as `metadata={…}`.
 */

export interface TextCell {
  kind: 'code' | 'markdown';
  /** VS Code's name of it; `raw` where it is a raw cell of nbformat. */
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
  /** Lines end with a carriage return and a line feed, as some do on Windows. */
  hasCarriageReturns?: boolean;
  cells: readonly TextCell[];
}

const typescript = 'typescript';
const raw = 'raw';
/** As Jupytext takes it: indented, too, and with more signs for a part of the cell above. */
const marker = /^\s*\/\/\s*%%(?:%*\s|$)/;
/** A line that would be taken for a marker, with or without backslashes. */
const likeMarker = /^(\s*\/\/\s*\\*)(%%)/;
const escaped = /^(\s*\/\/\s*\\*)\\(%%)/;
/** Any other is written like the rest of the metadata: Jupytext would take words of it for something else. */
const plainTitle = /^(?!%|[^]*(?:^|\s)\.)[^=[\]{}\r\n]+$/;
const fence = /^\/\/ ---\s*$/;
const plainName = /^[\w.-]+$/;
const languageKey = 'language';
/** What cannot stand under its own name. */
const restKey = 'metadata';
const reserved = new Set([languageKey, restKey, '__proto__']);

// ---------------------------------------------------------------------------------------------------
// Writing

export function toPercentText(notebook: TextNotebook): string {
  const { header, isFirstBare, hasCarriageReturns = false, cells } = notebook;
  const blocks = cells.map((cell, index) => {
    const lines = bodyOf(cell);
    const isBare = index === 0 && isFirstBare && mayBeBare(cell, header);
    return (isBare ? lines : [markerOf(cell), ...lines]).join('\n');
  });
  const top = header.length > 0 ? [['// ---', ...header, '// ---'].join('\n')] : [];
  const text = [...top, ...blocks].join('\n\n') + '\n';
  return hasCarriageReturns ? text.replaceAll('\n', '\r\n') : text;
}

/** A cell without a marker has nothing but its text, which begins with no header. */
function mayBeBare({ kind, language, text, metadata }: TextCell, header: readonly string[]) {
  const isPlain = kind === 'code' && language === typescript && text.trim() !== '';
  const [first = ''] = text.split('\n');
  const isLikeHeader = header.length === 0 && fence.test(first);
  return isPlain && !isLikeHeader && Object.keys(metadata).length === 0;
}

function markerOf({ kind, language, metadata }: TextCell): string {
  const { title, ...others } = metadata;
  const isPlain = typeof title === 'string' && plainTitle.test(title) && title === title.trim();
  const named = isPlain || title === undefined ? {} : { title };
  const { cell_depth: depth, ...flat } = others;
  // Jupytext's word for a part of the cell above.
  const isPart = isPlain && Number.isInteger(depth) && (depth as number) > 0;
  const all = Object.entries({ ...named, ...(isPart ? flat : others) });
  const isOwn = ([name]: [string, unknown]) => plainName.test(name) && !reserved.has(name);
  const rest = all.filter((one) => !isOwn(one));
  const isOther = kind === 'code' && language !== typescript && language !== raw;
  const values = [
    ...(isOther ? [[languageKey, language] as const] : []),
    ...all.filter(isOwn),
    ...(rest.length > 0 ? [[restKey, Object.fromEntries(rest)] as const] : []),
  ];
  const type = kind === 'markdown' ? ['[markdown]'] : language === raw ? ['[raw]'] : [];
  return [
    `// %%${isPart ? '%'.repeat(depth as number) : ''}`,
    ...(isPlain ? [title] : []),
    ...type,
    ...values.map(([name, value]) => `${name}=${JSON.stringify(value)}`),
  ].join(' ');
}

function bodyOf({ kind, language, text }: TextCell): string[] {
  const lines = text.replace(/\r\n?/g, '\n').split('\n');
  const isPlain = kind === 'code' && language === typescript;
  const shown = isPlain ? lines : lines.map((line) => (line === '' ? '//' : `// ${line}`));
  return shown.map((line) => line.replace(likeMarker, '$1\\$2'));
}

// ---------------------------------------------------------------------------------------------------
// Reading

export function parsePercentText(source: string): TextNotebook {
  const hasCarriageReturns = /^[^\n]*\r\n/.test(source);
  const lines = source.replace(/\r\n?/g, '\n').split('\n');
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
  const isFirstBare = first !== undefined && !marker.test(first);
  return { header, isFirstBare, ...(hasCarriageReturns && { hasCarriageReturns }), cells };
}

function headerOf(lines: readonly string[]): { header: string[]; start: number } {
  const last = fence.test(lines[0] ?? '')
    ? lines.findIndex((line, i) => i > 0 && fence.test(line))
    : -1;
  if (last < 0) return { header: [], start: 0 };
  return { header: lines.slice(1, last), start: lines[last + 1] === '' ? last + 2 : last + 1 };
}

function toCell(mark: string | undefined, body: readonly string[]): TextCell {
  const { kind, language, metadata } = readMarker((mark ?? '').replace(/^\s*\/\/\s*%%/, ''));
  const lines = body.map((line) => line.replace(escaped, '$1$2'));
  const isPlain = kind === 'code' && language === typescript;
  const text = (isPlain ? lines : lines.map((line) => line.replace(/^\/\/ ?/, ''))).join('\n');
  return { kind, language, text, metadata };
}

const types = { markdown: 'markdown', md: 'markdown', raw, '': typescript } as const;

/** `%% title [markdown] tags=["a"]`, of which the first two signs are gone. */
function readMarker(line: string): Omit<TextCell, 'text'> {
  const [signs = ''] = /^%*/.exec(line) ?? [];
  let left = line.slice(signs.length).trim();
  const values: [string, unknown][] = [];
  for (let found = lastValue(left); found; found = lastValue(left)) {
    values.unshift([found.name, found.value]);
    left = found.before;
  }
  const object = values.length === 0 ? lastObject(left) : undefined;
  left = object?.before ?? left;
  const [bracket = '', type = ''] = /\[(markdown|md|raw)\]$/.exec(left) ?? [];
  const title = left.slice(0, left.length - bracket.length).trim();
  const { [languageKey]: named, [restKey]: rest, ...own } = Object.fromEntries(values);
  const language = types[type as keyof typeof types];
  const isNamed = language === typescript && typeof named === 'string';
  return {
    kind: language === 'markdown' ? 'markdown' : 'code',
    language: isNamed ? named : language,
    metadata: Object.fromEntries([
      ...(title === '' ? [] : [['title', title] as const]),
      ...(signs === '' ? [] : [['cell_depth', signs.length] as const]),
      ...Object.entries({ ...object?.value, ...own }),
      ...Object.entries(isObject(rest) ? rest : rest === undefined ? {} : { [restKey]: rest }),
    ]),
  };
}

const isObject = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/** ` {"tags": ["a"]}` at the end of the line: Jupytext writes metadata like that where it is told to. */
function lastObject(line: string): { before: string; value: Record<string, unknown> } | undefined {
  const at = line.indexOf('{');
  if (at < 0) return undefined;
  try {
    const value: unknown = JSON.parse(line.slice(at));
    return isObject(value) ? { before: line.slice(0, at).trimEnd(), value } : undefined;
  } catch {
    // It is a part of the title.
    return undefined;
  }
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
