import assert from 'node:assert/strict';
import type { MimeBundle } from '../../../kernel/contract/mime.js';
import type { ErrorReport } from '../../../kernel/contract/protocol.js';
import { toOutputItems, toOutputMetadata } from '../../../src/notebook/outputs/outputItems.js';

const decoder = new TextDecoder();

function itemsOf(data: MimeBundle): [mime: string, text: string][] {
  return toOutputItems({ kind: 'display', data, metadata: {} }).map(({ mime, data: bytes }) => [
    mime,
    decoder.decode(bytes),
  ]);
}

describe('toOutputItems', () => {
  it('puts media types of ours first and keeps the order of the others', () => {
    const mimes = itemsOf({
      'text/plain': 'a curve',
      'application/vnd.vegalite.v5+json': {},
      'application/vnd.unroll.loss.v1+json': { version: 1 },
    }).map(([mime]) => mime);
    assert.deepEqual(mimes, [
      'application/vnd.unroll.loss.v1+json',
      'text/plain',
      'application/vnd.vegalite.v5+json',
    ]);
  });

  const encoded: [mime: string, value: MimeBundle[string], text: string][] = [
    ['text/html', '<b>bold</b>', '<b>bold</b>'],
    ['image/svg+xml', '<svg/>', '<svg/>'],
    ['application/json', { a: [1, null] }, '{"a":[1,null]}'],
    ['application/geo+json', 'a text', '"a text"'],
    ['image/png', Uint8Array.of(0x50, 0x4e, 0x47), 'PNG'],
    ['image/png', 'UE5H', 'PNG'],
  ];
  for (const [mime, value, text] of encoded) {
    it(`writes ${mime} given as ${value instanceof Uint8Array ? 'bytes' : typeof value}`, () => {
      assert.deepEqual(itemsOf({ [mime]: value }), [[mime, text]]);
    });
  }
});

describe('an error output', () => {
  const stack = 'TypeError: no\nway\n\n> 2 | f()\n    | ^\n\n    at f (Cell [3]:2:5)';
  const error: ErrorReport = {
    name: 'TypeError',
    message: 'no\nway',
    frames: [
      { file: '/lib.ts', line: 9, column: 1 },
      { cell: { id: 'x', index: 4, executionCount: 3 }, line: 2, column: 5 },
    ],
    stack,
  };
  const shown = (report: ErrorReport): { stack: string } => {
    const [item] = toOutputItems({ kind: 'error', error: report });
    return JSON.parse(decoder.decode(item?.data)) as { stack: string };
  };

  it('names the cell in the words that VS Code makes a link of', () => {
    assert.match(shown(error).stack, /^TypeError: no\nway\n\n.*\nCell In\[3\], line 2$/s);
  });

  it('goes into a file as the lines of a Jupyter traceback', () => {
    const { outputType, originalError } = toOutputMetadata({ kind: 'error', error });
    assert.equal(outputType, 'error');
    const { ename, evalue, traceback } = originalError as Record<string, string[]>;
    assert.deepEqual([ename, evalue], ['TypeError', 'no\nway']);
    assert.equal(traceback?.join('\n'), shown(error).stack);
  });
});

describe('toOutputMetadata', () => {
  it('tells a result from a display, with its count', () => {
    const data = { 'text/plain': '42' };
    assert.deepEqual(toOutputMetadata({ kind: 'result', data, executionCount: 7 }), {
      outputType: 'execute_result',
      executionCount: 7,
      metadata: {},
    });
    assert.deepEqual(toOutputMetadata({ kind: 'display', data, metadata: { isolated: true } }), {
      outputType: 'display_data',
      metadata: { isolated: true },
    });
  });
});
