import assert from 'node:assert/strict';
import fc from 'fast-check';
import {
  parsePercentText,
  type TextCell,
  type TextNotebook,
  toPercentText,
} from '../../../kernel/contract/percentFormat.js';

const code = (text: string, metadata = {}): TextCell => ({
  kind: 'code',
  language: 'typescript',
  text,
  metadata,
});
const markdown = (text: string, metadata = {}): TextCell => ({
  kind: 'markdown',
  language: 'markdown',
  text,
  metadata,
});
const notebook = (...cells: TextCell[]): TextNotebook => ({
  header: [],
  isFirstBare: false,
  cells,
});

describe('a text notebook', () => {
  it('is a TypeScript file with markers, Markdown in comments', () => {
    const text = toPercentText(
      notebook(
        markdown('# Title\n\nText', { tags: ['intro'] }),
        code('const a = 1;\na', { title: 'Training', tags: ['slow', 'x'] }),
        { kind: 'code', language: 'json', text: '{}', metadata: {} },
      ),
    );
    assert.equal(
      text,
      '// %% [markdown] tags=["intro"]\n// # Title\n//\n// Text\n\n// %% Training tags=["slow","x"]\nconst a = 1;\na\n\n// %% language="json"\n// {}\n',
    );
  });

  it('that Jupytext wrote is read, and written as it was', () => {
    const text =
      '// ---\n// jupyter:\n//   kernelspec:\n//     name: unroll\n// ---\n\n// %% [markdown]\n// # Hello\n\n// %%\nlet x = 1;\n\n\n// %% A title\nx\n';
    const read = parsePercentText(text);
    assert.deepEqual(
      read.cells.map(({ kind, text, metadata }) => [kind, text, metadata]),
      [
        ['markdown', '# Hello', {}],
        ['code', 'let x = 1;\n', {}],
        ['code', 'x', { title: 'A title' }],
      ],
    );
    assert.equal(toPercentText(read), text);
  });

  it('may be any TypeScript file: one cell', () => {
    const text = 'const a = 1;\n\na;\n';
    const read = parsePercentText(text);
    assert.deepEqual(read.cells, [code('const a = 1;\n\na;')]);
    assert.equal(toPercentText(read), text);
    assert.deepEqual(parsePercentText('').cells, []);
  });

  it('keeps what else Jupytext knows: raw cells, parts of cells, indented markers, metadata as one object', () => {
    const text =
      '// %% [raw] tags=["x"]\n// ---\n// title: a\n\n// %% Model\nlet a = 1;\n\n// %%% Its layers\nlet b = 2;\n';
    const read = parsePercentText(text);
    assert.deepEqual(read.cells, [
      { kind: 'code', language: 'raw', text: '---\ntitle: a', metadata: { tags: ['x'] } },
      code('let a = 1;', { title: 'Model' }),
      code('let b = 2;', { title: 'Its layers', cell_depth: 1 }),
    ]);
    assert.equal(toPercentText(read), text);
    const others =
      '//%%\n1\n\n  // %% Inner\n  2\n\n// %% Both {"tags": ["a", "b"]}\n3\n\n// %% [md]\n// four\n';
    assert.deepEqual(parsePercentText(others).cells, [
      code('1'),
      code('  2', { title: 'Inner' }),
      code('3', { title: 'Both', tags: ['a', 'b'] }),
      markdown('four'),
    ]);
  });

  it('holds metadata that would read as something else', () => {
    const metadata = {
      language: 'fr',
      'my notes': 1,
      metadata: [2],
      title: '{braces} and .dots',
      cell_depth: 2,
      tags: ['a=1', '// %%'],
    };
    const text = toPercentText(notebook(code('1', metadata)));
    assert.equal(
      text,
      '// %% title="{braces} and .dots" cell_depth=2 tags=["a=1","// %%"] metadata={"language":"fr","my notes":1,"metadata":[2]}\n1\n',
    );
    assert.deepEqual(parsePercentText(text).cells, [code('1', metadata)]);
  });

  it('gives its first cell a marker as soon as that has more than text', () => {
    const bare = { ...parsePercentText('const a = 1;\n'), isFirstBare: true };
    assert.equal(toPercentText(bare), 'const a = 1;\n');
    const [cell] = bare.cells;
    const tagged = { ...bare, cells: [{ ...cell!, metadata: { tags: ['x'] } }] };
    assert.equal(toPercentText(tagged), '// %% tags=["x"]\nconst a = 1;\n');
    const like = { ...bare, cells: [code('// ---\na\n// ---')] };
    assert.deepEqual(parsePercentText(toPercentText(like)).cells, like.cells);
    const empty = { ...bare, cells: [code(''), code('1')] };
    assert.deepEqual(parsePercentText(toPercentText(empty)).cells, empty.cells);
  });

  it('keeps the line ends of Windows', () => {
    const text =
      '// ---\r\n// a\r\n// ---\r\n\r\n// %% [markdown]\r\n// # A\r\n//\r\n// b\r\n\r\n// %%\r\n1;\r\n2\r\n';
    const read = parsePercentText(text);
    assert.deepEqual(read.cells, [markdown('# A\n\nb'), code('1;\n2')]);
    assert.equal(toPercentText(read), text);
    assert.equal(toPercentText({ ...read, hasCarriageReturns: false }), text.replaceAll('\r', ''));
  });

  it('comes back as it was, whatever its cells hold', () => {
    const marks = ['', '// %%', '//%%', '  // %% x', '%%', '%%% a', '// \\%%', '// ---', '//', '`'];
    const line = fc.oneof(
      fc.string({ unit: 'grapheme' }),
      fc.constantFrom(...marks, '// %% [markdown] a=1', "const s = '// %% no marker';", '---'),
      fc
        .tuple(fc.constantFrom('\t', ' ', '// ', '//'), fc.constantFrom(...marks))
        .map((parts) => parts.join('')),
    );
    const text = fc.array(
      line.map((one) => one.replace(/[\r\n]/g, '')),
      { maxLength: 5 },
    );
    const names = fc.constantFrom(
      ...[
        'tags',
        'title',
        'language',
        'metadata',
        'cell_depth',
        '__proto__',
        'a b',
        'x=1',
        'attachments',
      ],
    );
    const titles = fc.constantFrom(
      'Part one',
      'x = 1 [a]',
      '% a',
      'a .b',
      '[raw]',
      '{}',
      'a=1',
      ' ',
    );
    const value = fc.oneof(fc.jsonValue(), titles, fc.nat(3));
    const metadata = fc
      .array(fc.tuple(fc.oneof(names, names, fc.string()), value), { maxLength: 4 })
      .map((entries) => JSON.parse(JSON.stringify(Object.fromEntries(entries))) as object);
    const kinds = fc.constantFrom('code', 'markdown', 'json', 'raw', 'python');
    const cell = fc.tuple(kinds, text, metadata);
    const cells = fc.array(cell, { minLength: 1, maxLength: 5 });
    const header = fc.constantFrom([], ['// jupyter:', '//   kernelspec: a']);
    fc.assert(
      fc.property(cells, header, fc.boolean(), fc.boolean(), (drawn, header, isFirstBare, crlf) => {
        const cells = drawn.map(([kind, lines, given]): TextCell => {
          const text = lines.join('\n');
          if (kind === 'markdown') return markdown(text, given);
          const language = kind === 'code' ? 'typescript' : kind;
          return { kind: 'code', language, text, metadata: { ...given } };
        });
        const whole = { header, isFirstBare, ...(crlf && { hasCarriageReturns: true }), cells };
        const written = toPercentText(whole);
        const read = parsePercentText(written);
        assert.deepEqual([read.cells, read.header], [cells, header]);
        assert.equal(toPercentText(read), written);
      }),
      { numRuns: 500 },
    );
  });
});
