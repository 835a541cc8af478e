import assert from 'node:assert/strict';
import { isMadeForUs, namesOurKernel, withOurKernel } from '../../../src/notebook/kernelspec.js';

const typescript = { name: 'typescript' };

describe('isMadeForUs', () => {
  const cases: [what: string, metadata: unknown, expected: boolean][] = [
    ['our kernelspec', { kernelspec: { name: 'unroll' } }, true],
    ['TypeScript and no kernelspec', { language_info: typescript }, true],
    ['a kernelspec of TypeScript without a name', { kernelspec: { language: 'typescript' } }, true],
    [
      'another TypeScript kernel',
      { kernelspec: { name: 'deno' }, language_info: typescript },
      false,
    ],
    ['Python', { kernelspec: { name: 'python3' }, language_info: { name: 'python' } }, false],
    ['nothing', undefined, false],
    ['metadata that is no object', 'unroll', false],
  ];
  for (const [what, metadata, expected] of cases) {
    it(`${expected ? 'takes' : 'leaves'} a notebook with ${what}`, () => {
      assert.equal(isMadeForUs({ metadata }), expected);
    });
  }
});

describe('withOurKernel', () => {
  it('makes a notebook name our kernel and keeps everything else', () => {
    const before = { nbformat: 4, metadata: { title: 'x', language_info: { name: 'python' } } };
    const after = withOurKernel(before);
    assert.equal(namesOurKernel(before), false);
    assert.equal(namesOurKernel(after), true);
    assert.deepEqual(after, {
      nbformat: 4,
      metadata: {
        title: 'x',
        kernelspec: { name: 'unroll', display_name: 'TypeScript (Unroll)', language: 'typescript' },
        language_info: typescript,
      },
    });
  });
});
