import assert from 'node:assert/strict';
import { parseNotebook } from '../../../kernel/cli/parseNotebook.js';

describe('a text notebook without an editor', () => {
  it('has code, Markdown with its attachments, raw cells and cells of other languages', () => {
    const text =
      '// %% [markdown] attachments={"a.png":{}}\n// # A\n\n// %% [raw]\n// ---\n\n// %% tags=["x"]\n1\n\n// %% language="json"\n// {}\n';
    const { cells } = parseNotebook(text, 'a.nb.ts');
    const code = { id: '', cell_type: 'code', execution_count: null, outputs: [] };
    assert.deepEqual(
      cells.map((cell) => ({ ...cell, id: '' })),
      [
        {
          id: '',
          cell_type: 'markdown',
          metadata: {},
          source: '# A',
          attachments: { 'a.png': {} },
        },
        { id: '', cell_type: 'raw', metadata: {}, source: '---' },
        { ...code, metadata: { tags: ['x'] }, source: '1' },
        { ...code, metadata: { vscode: { languageId: 'json' } }, source: '{}' },
      ],
    );
  });
});
