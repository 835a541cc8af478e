import assert from 'node:assert/strict';
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  statSync,
  utimesSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { collapseReturns, isOverwrite } from '../../../kernel/session/carriageReturns.js';
import { limits, OutputBudget } from '../../../kernel/session/outputBudget.js';
import { OverflowFile, OverflowFolder } from '../../../kernel/session/overflowFile.js';

describe('OutputBudget', () => {
  it('lets whole lines through until there are too many', () => {
    const budget = new OutputBudget();
    assert.equal(budget.takeText('stdout', 'a\n'.repeat(limits.lines - 1)), 2 * (limits.lines - 1));
    assert.equal(budget.takeText('stdout', 'one\ntwo\n'), 4);
    assert.equal(budget.takeText('stdout', 'three\n'), 0);
  });

  it('cuts a line only where nothing came before it, and never inside a character', () => {
    const long = '🎵'.repeat(limits.characters);
    assert.equal(new OutputBudget().takeText('stdout', `x${long}`) % 2, 1);
    const budget = new OutputBudget();
    budget.takeText('stdout', 'first\n');
    assert.equal(budget.takeText('stdout', `${long}\n`), 0);
    assert.equal(budget.takeText('stdout', 'still fits\n'), 11);
  });

  it('counts a change of stream as an output, and pieces of one stream as one', () => {
    const budget = new OutputBudget();
    for (let i = 0; i < 3 * limits.outputs; i++) budget.takeText('stdout', 'x');
    for (let i = 1; i < limits.outputs; i++) assert.equal(budget.takeOther(), true);
    assert.equal(budget.takeOther(), false);
    assert.equal(budget.takeText('stderr', 'x'), 0);
  });
});

describe('OverflowFile', () => {
  let folder: string;
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'unroll-overflow-test-'));
  });
  afterEach(() => {
    rmSync(folder, { recursive: true, force: true });
  });

  it('holds the head and all that follows, also after it was closed', () => {
    const file = new OverflowFile(new OverflowFolder(folder), ['head\n']);
    file.write('stdout', 'ä\n');
    assert.deepEqual(file.takeWritten(), { file: file.path, start: 5, pieces: [['stdout', 3]] });
    file.close();
    file.write('stderr', 'b\n');
    file.write('stderr', 'c\n');
    file.write('stdout', 'd\n');
    const { start, pieces } = file.takeWritten();
    assert.deepEqual(
      [start, pieces],
      [
        8,
        [
          ['stderr', 4],
          ['stdout', 2],
        ],
      ],
    );
    file.close();
    assert.equal(readFileSync(file.path, 'utf8'), 'head\nä\nb\nc\nd\n');
    assert.equal(file.lines, 4);
  });

  it('stops at its limit, says so, and counts on', () => {
    const file = new OverflowFile(new OverflowFolder(folder), [], 2 ** 20);
    for (let i = 0; i < 300; i++) file.write('stdout', `${'x'.repeat(9999)}\n`);
    file.close();
    assert.equal(file.failure, 'the limit of 1 MiB was reached');
    assert.equal(file.lines, 300);
    const { size } = statSync(file.path);
    assert.ok(size > 2 ** 20 && size < 2 ** 20 + 2 ** 17, `${String(size)} bytes`);
    assert.deepEqual(file.takeWritten().pieces, []);
  });

  it('keeps its last lines, few characters of them', () => {
    const file = new OverflowFile(new OverflowFolder(folder), []);
    for (let i = 0; i < 50_000; i++) file.write('stdout', `line ${String(i)}\n`);
    assert.equal(file.tail(2), 'line 49998\nline 49999\n');
    file.startNewTail();
    file.write('stdout', `${'y'.repeat(1e6)}\nshort\n`);
    assert.ok(file.tail(100).length <= 16_000);
    assert.ok(file.tail(100).endsWith('short\n'));
    file.close();
  });

  it('in the temporary folder goes after a week', async () => {
    const before = process.env['TMPDIR'];
    process.env['TMPDIR'] = folder;
    try {
      const [old, recent] = ['old', 'recent'].map((name) => join(folder, `unroll-output-${name}`));
      mkdirSync(old!);
      mkdirSync(recent!);
      const longAgo = new Date(Date.now() - 8 * 24 * 3600_000);
      utimesSync(old!, longAgo, longAgo);
      const made = new OverflowFolder().newFile();
      assert.ok(made.startsWith(join(folder, 'unroll-output-')));
      for (let i = 0; i < 100 && existsSync(old!); i++) await sleep(20);
      assert.deepEqual([existsSync(old!), existsSync(recent!)], [false, true]);
    } finally {
      if (before === undefined) delete process.env['TMPDIR'];
      else process.env['TMPDIR'] = before;
    }
  });
});

describe('collapseReturns', () => {
  const cases: [text: string, collapsed: string][] = [
    ['plain\ntext', 'plain\ntext'],
    ['\r10%\r20%\r30%', '\r30%'],
    ['10%\r99%\nnext\r\nlast', '\r99%\nnext\r\nlast'],
    ['longer\rshort', 'longer\rshort'],
    ['a\r', 'a\r'],
  ];
  for (const [text, collapsed] of cases)
    it(`makes ${JSON.stringify(collapsed)} of ${JSON.stringify(text)}`, () => {
      assert.equal(collapseReturns(text), collapsed);
    });

  it('knows what only writes over a line', () => {
    assert.deepEqual(['\r5%', '\r5%\n', '5%'].map(isOverwrite), [true, false, false]);
  });
});
