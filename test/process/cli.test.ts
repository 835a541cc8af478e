import assert from 'node:assert/strict';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { inFolder, outputsOf, readValid, unroll, writeNotebook } from './commandLine.js';

describe('unroll run', () => {
  it('runs the cells and writes a valid notebook with text joined, results and pictures in place', () =>
    inFolder(async (folder) => {
      const file = await writeNotebook(folder, [
        `console.log('a'); console.log('b'); console.warn('careful'); 6 * 7`,
        `import { display, html } from 'unroll';
         await display(html('<b>one</b>'), { id: 'x' });`,
        `await display(html('<b>two</b>'), { id: 'x' });`,
        `await display({ [Symbol.for('Jupyter.display')]: () => ({ 'image/png': new Uint8Array([1, 2, 3]), 'text/plain': 'dots' }) })`,
      ]);
      const output = join(folder, 'out.ipynb');
      const ended = await unroll(['run', file, '--output', output]);
      assert.equal(ended.code, 0, ended.stderr);
      assert.match(ended.stdout, /^a\nb\n/);
      const [first, second, third, fourth] = outputsOf(await readValid(output));
      assert.deepEqual(first, [
        { output_type: 'stream', name: 'stdout', text: ['a\n', 'b\n'] },
        { output_type: 'stream', name: 'stderr', text: ['careful\n'] },
        {
          output_type: 'execute_result',
          execution_count: 1,
          data: { 'text/plain': ['42'] },
          metadata: {},
        },
      ]);
      assert.deepEqual(
        second?.map((one) => 'data' in one && one.data['text/html']),
        [['<b>two</b>']],
      );
      assert.deepEqual(third, []);
      assert.deepEqual(fourth?.[0], {
        output_type: 'display_data',
        data: { 'image/png': 'AQID', 'text/plain': ['dots'] },
        metadata: {},
      });
    }));

  it('keeps what is displayed and what is printed in order, awaited or not', () =>
    inFolder(async (folder) => {
      const file = await writeNotebook(folder, [
        `import { display, html } from 'unroll';
         console.log('a'); void display(html('<i>b</i>')); console.log('c'); void display(4); console.log('e');`,
      ]);
      const output = join(folder, 'out.ipynb');
      assert.equal((await unroll(['run', file, '-o', output])).code, 0);
      const shown = outputsOf(await readValid(output))[0]?.map((one) =>
        'data' in one ? one.data['text/plain'] : 'text' in one && one.text,
      );
      assert.deepEqual(shown, [['a\n'], ['b'], ['c\n'], ['4'], ['e\n']]);
    }));

  it('exits with 1 at the first cell that fails, points at its line, and keeps what was reached', () =>
    inFolder(async (folder) => {
      const file = await writeNotebook(folder, [
        `console.log('before')`,
        `const a = 1;\nthrow new RangeError('too far');`,
        `console.log('never')`,
      ]);
      const output = join(folder, 'out.ipynb');
      const ended = await unroll(['run', file, '-o', output]);
      assert.equal(ended.code, 1);
      assert.match(ended.stderr, /RangeError: too far/);
      assert.match(ended.stderr, /cell 2 of .*notebook\.ipynb failed/);
      assert.ok(!ended.stdout.includes('never'));
      const [first, second, third] = outputsOf(await readValid(output));
      assert.equal(first?.length, 1);
      assert.deepEqual(third, []);
      const error = second?.[0];
      assert.ok(error?.output_type === 'error');
      assert.equal(error.ename, 'RangeError');
      assert.ok(
        error.traceback.some((line) => /\b2\b.*throw|line 2/.test(line)),
        error.traceback.join('\n'),
      );
    }));

  it('gives values to parameters in a cell behind the tagged one, again and again', () =>
    inFolder(async (folder) => {
      const file = await writeNotebook(folder, [
        { source: `const steps = 10;\nconst name = 'x';`, tags: ['parameters'] },
        `console.log(steps + 1, name)`,
      ]);
      const output = join(folder, 'out.ipynb');
      const first = await unroll([
        'run',
        file,
        '-o',
        output,
        '-p',
        'steps=20',
        '-p',
        'name=two words',
      ]);
      assert.equal(first.stdout, '21 two words\n', first.stderr);
      const second = await unroll(['run', output, '-o', output, '--param', 'steps=30']);
      assert.equal(second.stdout, '31 x\n');
      assert.equal((await readValid(output)).cells.length, 3);
      const third = await unroll(['run', file, '-p', 'step=1']);
      assert.equal(third.code, 2);
      assert.match(third.stderr, /the notebook has no parameter 'step'/);
    }));

  it('ends a cell that takes too long', () =>
    inFolder(async (folder) => {
      const file = await writeNotebook(folder, [`while (true) {}`]);
      const ended = await unroll(['run', file, '--timeout', '1']);
      assert.equal(ended.code, 1);
      assert.match(ended.stderr, /Interrupt|stopped/i);
    }));

  it('ends with 130 on Ctrl-C, in the middle of a cell, with what was reached written', () =>
    inFolder(async (folder) => {
      const file = await writeNotebook(folder, [`console.log(process.pid); while (true) {}`]);
      const output = join(folder, 'out.ipynb');
      const ended = await unroll(['run', file, '-o', output], (child) => {
        child.stdout?.once('data', () => child.kill('SIGINT'));
      });
      assert.equal(ended.code, 130, ended.stderr);
      const pid = Number(ended.stdout);
      assert.ok(pid > 0);
      assert.throws(() => process.kill(pid, 0), /ESRCH/, 'the kernel is gone');
      assert.equal(outputsOf(await readValid(output))[0]?.[0]?.output_type, 'stream');
    }));

  const misuses: [string, string[], RegExp][] = [
    ['no command', [], /expected the command 'run' or 'export', got none/],
    ['another command', ['walk'], /expected the command 'run' or 'export', got 'walk'/],
    ['no notebook', ['run'], /run: expected a notebook, got none/],
    ['an unknown option', ['run', 'a.ipynb', '--fast'], /Unknown option '--fast'/],
    [
      'a timeout that is no number',
      ['run', 'a.ipynb', '-t', 'soon'],
      /--timeout: expected a number of seconds above 0, got 'soon'/,
    ],
    [
      'a parameter without a value',
      ['run', 'a.ipynb', '-p', 'steps'],
      /--param: expected name=value, got 'steps'/,
    ],
    ['a file that is not there', ['run', 'missing.ipynb'], /ENOENT/],
  ];
  for (const [name, args, message] of misuses)
    it(`exits with 2 and a sentence: ${name}`, async () => {
      const ended = await unroll(args);
      assert.equal(ended.code, 2);
      assert.match(ended.stderr, message);
    });

  it('says what is wrong with a file that is no notebook', () =>
    inFolder(async (folder) => {
      const file = join(folder, 'bad.ipynb');
      const cases: [string, RegExp][] = [
        ['not json', /expected a notebook in JSON/],
        ['{"nbformat": 3}', /expected nbformat 4, got 3/],
        ['{"nbformat": 4, "cells": 5}', /expected an array of cells, got 5/],
        [
          '{"nbformat": 4, "cells": [{"cell_type": "poem"}]}',
          /expected cell 1 to be code, markdown or raw, got "poem"/,
        ],
      ];
      for (const [text, message] of cases) {
        await writeFile(file, text);
        const ended = await unroll(['run', file]);
        assert.equal(ended.code, 2);
        assert.match(ended.stderr, message);
      }
    }));
});
