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

  it('comes back as it was, whatever its cells hold', () => {
    const line = fc.oneof(
      fc.string(),
      fc.constantFrom(
        '',
        '// %%',
        '  // %% x',
        '%%',
        '// \\%%',
        '// ---',
        '//',
        '// %% [markdown] a=1',
      ),
    );
    const text = fc.array(
      line.map((one) => one.replace(/[\r\n]/g, '')),
      { maxLength: 5 },
    );
    const metadata = fc.record(
      { tags: fc.array(fc.string()), title: fc.constantFrom('Part one', 'x = 1 [a]') },
      { requiredKeys: [], noNullPrototype: true },
    );
    const cell = fc.tuple(fc.constantFrom('code', 'markdown', 'json'), text, metadata);
    fc.assert(
      fc.property(fc.array(cell, { minLength: 1, maxLength: 5 }), (drawn) => {
        const cells = drawn.map(([kind, lines, given]): TextCell => {
          const text = lines.join('\n');
          if (kind === 'markdown') return markdown(text, given);
          const language = kind === 'json' ? 'json' : 'typescript';
          return { kind: 'code', language, text, metadata: given };
        });
        assert.deepEqual(parsePercentText(toPercentText(notebook(...cells))).cells, cells);
      }),
      { numRuns: 300 },
    );
  });
});
