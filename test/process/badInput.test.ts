import assert from 'node:assert/strict';
import { TestKernel } from './kernelClient.js';

describe('bad input ends the cell with a clear error at its line, and the next cell works', () => {
  let kernel: TestKernel;
  before(() => (kernel = new TestKernel()));
  after(() => kernel.dispose());

  /** What is wrong, the cell, the error's name and sentence, and the cell's line that it points at. */
  const cases: [string, string, string, RegExp, number][] = [
    ['a syntax error', 'const a = 1;\nconst = 2;', 'SyntaxError', /.+/, 2],
    [
      'an unknown import',
      "const a = 1;\nimport { x } from 'no-such-package-at-all';",
      'ModuleNotFoundError',
      /no-such-package-at-all.*npm install no-such-package-at-all/s,
      2,
    ],
    [
      'a throw inside an async callback',
      "await new Promise(() => {\n  setTimeout(() => {\n    throw new RangeError('in a timer');\n  }, 5);\n});",
      'RangeError',
      /in a timer/,
      3,
    ],
    [
      'process.exit()',
      'const a = 1;\nprocess.exit(3);',
      'ProcessExitError',
      /process\.exit\(3\)/,
      2,
    ],
    [
      'a wrong tensor shape',
      "import { LSTM, zeros } from 'unroll';\nconst lstm = new LSTM({ inputSize: 16, hiddenSize: 4 });\n\nlstm.forward(zeros([32, 10, 8]));",
      'ShapeError',
      /^LSTM\.forward: input is \[32, 10, 8\], expected last dimension inputSize = 16$/,
      4,
    ],
    [
      'a wrong option',
      "import { GRU } from 'unroll';\nnew GRU({ inputSize: 16, hiddenSize: -4 });",
      'OptionError',
      /^GRU: hiddenSize must be a positive integer, got -4$/,
      2,
    ],
  ];
  for (const [what, code, name, message, line] of cases)
    it(what, async () => {
      const { reply, error } = await kernel.run(code);
      assert.equal(reply.status, 'error');
      assert.equal(error?.name, name);
      assert.match(error.message, message);
      assert.equal(error.frames[0]?.line, line, error.stack);
      assert.ok(error.frames[0].cell);
      assert.equal(await kernel.value('20 + 22'), '42');
    });

  it('a kernel killed by SIGKILL in the middle of a cell', async () => {
    const { reply, error } = await kernel.run(
      "process.kill(process.pid, 'SIGKILL');\nawait new Promise(() => {});",
    );
    assert.equal(reply.status, 'error');
    assert.equal(error?.name, 'KernelDiedError');
    assert.match(error.message, /was killed by SIGKILL while this cell ran.*variables are gone/s);
    const next = await kernel.run('20 + 22');
    assert.equal(next.result, '42');
    assert.match(next.stderr, /fresh kernel/);
  });
});
