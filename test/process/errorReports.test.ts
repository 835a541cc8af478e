import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, realpathSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import type { ErrorReport } from '../../kernel/contract/protocol.js';
import { TestKernel } from './kernelClient.js';

const files: Record<string, string> = {
  'node_modules/deep/package.json': '{ "name": "deep" }',
  'node_modules/deep/index.js':
    'exports.call = (n, f) => {\n  if (n === 0) return f();\n  return exports.call(n - 1, f);\n};',
  'helper.ts': 'export function check(x: number) {\n  if (x > 1) throw new RangeError("big");\n}',
};

describe('the report of an error', () => {
  let folder: string;
  let kernel: TestKernel;
  before(() => {
    folder = realpathSync(mkdtempSync(join(tmpdir(), 'unroll-errors-')));
    for (const [path, text] of Object.entries(files)) {
      mkdirSync(dirname(join(folder, path)), { recursive: true });
      writeFileSync(join(folder, path), text);
    }
    kernel = new TestKernel({ cwd: folder });
  });
  after(async () => {
    await kernel.dispose();
    rmSync(folder, { recursive: true });
  });
  const failed = async (code: string): Promise<ErrorReport> => {
    const { error } = await kernel.run(code);
    assert.ok(error, `did not fail: ${code}`);
    return error;
  };

  /** What does not parse, between `«` and `»`. */
  const ranges = [
    'const a = 1;\nconst b = foo(1,\n  2\n«let» c = 3',
    'const fixed = 1;\n\n«fixed» = 2',
    'const one = 1;\n  const two: «=» 3',
    '{ a: 1, b: «]» }',
    'function f() {}\nimport x «fro» "y"',
  ];
  for (const marked of ranges) {
    it(`of what does not parse gives the range: ${JSON.stringify(marked)}`, async () => {
      const { name, frames, stack } = await failed(marked.replace(/[«»]/g, ''));
      assert.equal(name, 'SyntaxError');
      const lines = marked.split('\n');
      const line = lines.findIndex((one) => one.includes('«')) + 1;
      const text = lines[line - 1]!;
      const { column, endLine, endColumn } = frames[0]!;
      assert.deepEqual(
        [frames[0]?.line, column, endLine, endColumn],
        [line, text.indexOf('«') + 1, line, text.indexOf('»')],
      );
      const caretLine = stack.split('\n').find((one) => one.includes('^'));
      const expected = ' '.repeat(text.indexOf('«')) + '^'.repeat(endColumn! - column);
      assert.equal(caretLine?.slice(caretLine.indexOf('| ') + 2), expected, stack);
    });
  }

  it('folds frames of Node, of the library and of packages, and counts them', async () => {
    const library = await failed(
      'import { LSTM, zeros } from "unroll";\nnew LSTM({ inputSize: 2, hiddenSize: 2 }).forward(zeros([1]))',
    );
    const [frame] = library.frames;
    assert.ok(frame?.cell && (frame.folded ?? 0) >= 1, library.stack);
    assert.match(library.stack, /\n {4}… \d+ library frames?\n {4}at Cell \[\d+\]:2:43$/);
    const nodes = await failed('require("node:fs").readFileSync("/nowhere")');
    assert.ok((nodes.frames[0]?.folded ?? 0) >= 1 && nodes.frames.length === 1, nodes.stack);
    const packages = await failed(
      'import { call } from "deep";\ncall(4, () => { throw new Error("called") })',
    );
    const shown = packages.frames.map(({ cell, file, line, folded }) => [
      cell ? 'cell' : file?.slice(folder.length + 1),
      line,
      folded,
    ]);
    assert.deepEqual(shown, [
      ['cell', 2, undefined],
      ['node_modules/deep/index.js', 2, undefined],
      ['cell', 2, 4],
    ]);
    const printed = await kernel.run(
      'try { call(2, () => { throw new Error("x") }) } catch (e) { console.log(e.stack) }',
    );
    assert.equal(printed.stdout.match(/deep\/index\.js/g)?.length, 3, 'all of them in error.stack');
  });

  it('holds the lines of cells and of files of the workspace', async () => {
    const { frames } = await failed(
      '// first\nimport { check } from "./helper";\ncheck(2);\n// last',
    );
    assert.deepEqual(
      frames.map(({ code }) => code),
      [
        {
          from: 1,
          lines: [
            'export function check(x: number) {',
            '  if (x > 1) throw new RangeError("big");',
            '}',
          ],
        },
        { from: 3, lines: ['check(2);'] },
      ],
    );
  });

  it('bounds a message of any length', async () => {
    const { message, stack } = await failed('throw new Error("x".repeat(5_000_000))');
    assert.match(message.slice(-40), /x… 4980000 characters more$/);
    assert.ok(stack.length < 30_000);
  });

  it('says a recursion once', async () => {
    const { stack } = await failed('function again(): void {\n  again();\n}\nagain()');
    assert.match(stack, /at again \(Cell \[\d+\]:2:3\)\n {4}… the same \d+ times more/);
    assert.ok(stack.split('\n').length < 15, stack);
  });

  it('calls an error by its class where it has no name of its own', async () => {
    assert.equal(
      (await failed('class Diverged extends RangeError {}; throw new Diverged("x")')).name,
      'Diverged',
    );
    const named = 'class A extends Error { override name = "Other" }; throw new A("x")';
    assert.equal((await failed(named)).name, 'Other');
    assert.equal(
      (
        await failed(
          'new AbortController().signal.throwIfAborted(); AbortSignal.abort().throwIfAborted()',
        )
      ).name,
      'AbortError',
    );
  });

  it('ends where causes go round in a circle', async () => {
    const { cause } = await failed(
      'const a: any = new Error("a"); a.cause = new Error("b", { cause: a }); throw a',
    );
    assert.deepEqual([cause?.message, cause?.cause], ['b', undefined]);
  });

  it('has its lines whatever libraries make of stack traces', async () => {
    const places: [string, number][] = [
      ['Error.prepareStackTrace = () => "other"; Error.stackTraceLimit = 0', 0],
      ['\nthrow new Error("after")', 2],
      ['const { stack } = new Error("x"); if (stack === "other") throw new Error("theirs")', 1],
      ['\n\nError.prepareStackTrace = undefined; null!.x', 3],
      [
        '\nconst before = Error.prepareStackTrace; Error.prepareStackTrace = (_, sites) => sites; const at = (new Error().stack as any)[0].getLineNumber(); Error.prepareStackTrace = before; throw new Error("at " + at)',
        2,
      ],
      [
        'const cold = Object.freeze(new Error("cold"));\nawait (async () => { await null; throw cold })()',
        1,
      ],
      [
        'const odd = new Error("odd"); throw Object.defineProperty(odd, "stack", { get() { throw new Error("no") } })',
        1,
      ],
    ];
    for (const [code, line] of places) {
      const { error } = await kernel.run(code);
      assert.equal(error?.frames[0]?.line ?? 0, line, `${code}\n${error?.stack}`);
      assert.doesNotMatch(error?.message ?? '', /^no$/);
    }
  });

  it('of an interval that keeps failing is shown once', async () => {
    kernel.strays.length = 0;
    const { reply } = await kernel.run(
      'const timer = setInterval(() => { throw new Error("tick") }, 5); 0',
    );
    await kernel.run(
      'await new Promise((resolve) => setTimeout(resolve, 100)); clearInterval(timer)',
    );
    const strays = kernel.strays.filter(({ parent }) => parent === reply.parent);
    const shown = strays.map((one) => (one.type === 'stream' ? one.text : one.type));
    assert.deepEqual(shown, ['error', 'The same error came again. From now on it is not shown.\n']);
  });
});
