import assert from 'node:assert/strict';
import type { ErrorFrame, ErrorReport } from '../../../kernel/contract/protocol.js';
import { toShownError } from '../../../src/notebook/outputs/errorText.js';

const cell = (executionCount: number) => ({
  id: `cell${executionCount}`,
  index: 0,
  executionCount,
});
const report = (frames: ErrorFrame[], more: Partial<ErrorReport> = {}): ErrorReport => ({
  name: 'TypeError',
  message: 'no\nway',
  stack: 'the kernel’s text',
  frames,
  ...more,
});
const shown = (error: ErrorReport) => toShownError(error).stack.split('\n');

describe('the text of an error', () => {
  it('has a line for each place, in the words that VS Code makes links of', () => {
    const lines = shown(
      report([
        { cell: cell(3), line: 2, column: 5, code: { from: 1, lines: ['// a', '    f()', ''] } },
        { file: '/lib/index.js', line: 9, column: 1 },
        { file: '/ws/a.ts', line: 12, column: 3, folded: 4, code: { from: 12, lines: ['  g();'] } },
        { cell: cell(4), line: 1, column: 1, code: { from: 1, lines: ['run()'] } },
      ]),
    );
    assert.deepEqual(lines, [
      'TypeError: no',
      'way',
      '',
      'Cell In[3], line 2',
      '      1 | // a',
      '----> 2 |     f()',
      '        |     ^',
      '      3 |',
      '',
      'File /lib/index.js:9',
      '',
      '    … 4 library frames',
      'File /ws/a.ts:12',
      '----> 12 |   g();',
      '         |   ^',
      '',
      'Cell In[4], line 1',
      '----> 1 | run()',
      '        | ^',
    ]);
  });

  it('marks the whole of what does not parse', () => {
    const frame = { cell: cell(1), line: 1, column: 5, endLine: 1, endColumn: 8 };
    const lines = shown(report([{ ...frame, code: { from: 1, lines: ['let\tabc'] } }]));
    assert.deepEqual(lines.slice(-2), ['----> 1 | let\tabc', '        |    \t^^^']);
  });

  it('has the causes below, and bounds its frames', () => {
    const frames = Array.from({ length: 30 }, (_, line) => ({ file: '/f.js', line, column: 1 }));
    const lines = shown(
      report(frames, {
        cause: report([], { name: 'Error', message: 'below', stack: 'Error: below' }),
      }),
    );
    assert.ok(lines.includes('… 20 frames more'));
    assert.equal(lines.at(-1), 'Caused by: Error: below');
  });

  it('is the kernel’s where that knows no frames', () => {
    assert.equal(toShownError(report([])).stack, 'the kernel’s text');
  });
});
