import assert from 'node:assert/strict';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { overflowOf } from '../../kernel/contract/overflow.js';
import type { DisplayEvent } from '../../kernel/contract/protocol.js';
import { type CellRun, TestKernel } from './kernelClient.js';

const displaysOf = ({ events }: CellRun): DisplayEvent[] =>
  events.filter((event) => event.type === 'display');

/** The last state of each note, in order. */
function notesOf(run: CellRun): DisplayEvent[] {
  const notes = displaysOf(run).filter(({ metadata }) => overflowOf(metadata));
  return [...new Map(notes.map((note) => [note.displayId, note])).values()];
}

const textOf = ({ data }: DisplayEvent, mime = 'text/plain'): string => data[mime] as string;
const fileOf = (note: DisplayEvent): Promise<string> =>
  readFile(overflowOf(note.metadata)!.file, 'utf8');
const lines = (from: number, to: number): string =>
  Array.from({ length: to - from }, (_, i) => `${String(from + i)}\n`).join('');
const sizeOf = (run: CellRun): number => JSON.stringify(run.events).length;

describe('a flood of output', () => {
  let folder: string;
  let kernel: TestKernel;
  before(async () => {
    folder = await mkdtemp(join(tmpdir(), 'unroll-flood-'));
    kernel = new TestKernel({ env: { UNROLL_OUTPUT_FOLDER: join(folder, 'output') } });
    await kernel.value(`
      const wait = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));
      import { clearOutput, display, html } from 'unroll';`);
  });
  after(async () => {
    await kernel.dispose();
    await rm(folder, { recursive: true, force: true });
  });

  it('of a million lines shows the first and the last, and keeps all of them in a file', async () => {
    const run = await kernel.run(`
      const before = process.memoryUsage().rss;
      for (let i = 0; i < 1_000_000; i++) process.stdout.write(i + '\\n');
      Math.round((process.memoryUsage().rss - before) / 2 ** 20)`);
    assert.equal(run.reply.status, 'ok');
    assert.equal(run.stdout, lines(0, 5000));
    const notes = notesOf(run);
    assert.equal(notes.length, 1);
    assert.match(
      textOf(notes[0]!),
      /^… 995,000 more lines: all output \(6\.9 MB\) is in .*\.txt\n/,
    );
    assert.ok(textOf(notes[0]!).endsWith('\n999998\n999999'));
    assert.match(textOf(notes[0]!, 'text/html'), /<a href="[^"]+\.txt">.*overflow:auto/);
    assert.equal(await fileOf(notes[0]!), lines(0, 1_000_000));
    assert.ok(sizeOf(run) < 1e6, `${String(sizeOf(run))} characters were sent`);
    assert.ok(Number(run.result) < 150, `grew by ${String(run.result)} MiB`);
    assert.ok(run.order.at(-1)?.startsWith('result'));
  });

  it('of one endless line, or of long lines, is bounded by characters', async () => {
    const one = await kernel.run(
      `for (let i = 0; i < 200; i++) process.stdout.write('€'.repeat(1e5))`,
    );
    assert.equal(one.stdout.length, 1 << 20);
    assert.equal(await fileOf(notesOf(one)[0]!), '€'.repeat(2e7));
    const long = await kernel.run(`for (let i = 0; i < 3000; i++) console.log('x'.repeat(999))`);
    assert.equal(long.stdout.length, 1_048_000);
    assert.match(textOf(notesOf(long)[0]!), /^… 1,952 more lines/);
  });

  it('that changes between stdout and stderr makes few outputs and keeps the order', async () => {
    const run = await kernel.run(
      `for (let i = 0; i < 100_000; i++) { console.log('o' + i); console.error('e' + i); }`,
    );
    assert.ok(run.events.length < 1500, `${String(run.events.length)} messages`);
    const text = await fileOf(notesOf(run)[0]!);
    assert.ok(text.endsWith('o99998\ne99998\no99999\ne99999\n'), text.slice(-100));
  });

  it('says which stream wrote which part of the file, so that a terminal can tell them apart', async () => {
    const run = await kernel.run(`
      for (let i = 0; i < 6000; i++) console.log('out', i);
      console.error('ä warning');
      for (let i = 6000; i < 12_000; i++) console.log('out', i);`);
    const parts = { stdout: run.stdout, stderr: run.stderr };
    for (const { metadata } of displaysOf(run)) {
      const { file, start, pieces } = overflowOf(metadata)!;
      const bytes = await readFile(file);
      let at = start;
      for (const [name, length] of pieces) {
        parts[name] += bytes.toString('utf8', at, at + length);
        at += length;
      }
    }
    assert.equal(parts.stderr, 'ä warning\n');
    assert.equal(
      parts.stdout,
      Array.from({ length: 12_000 }, (_, i) => `out ${String(i)}\n`).join(''),
    );
  });

  it('keeps the order of text and pictures: text behind a picture has a note of its own', async () => {
    const run = await kernel.run(`
      for (let i = 0; i < 6000; i++) console.log(i);
      void display(html('<b>middle</b>'));
      for (let i = 6000; i < 6010; i++) console.log(i);
      'the end'`);
    const shown = displaysOf(run).map((one) =>
      overflowOf(one.metadata) ? one.displayId : 'picture',
    );
    assert.equal(shown.indexOf('picture'), shown.lastIndexOf(notesOf(run)[0]!.displayId) + 1);
    const [first, second] = notesOf(run);
    assert.match(textOf(first!), /^… 1,000 more lines/);
    assert.match(textOf(second!), /^… 10 more lines/);
    assert.ok(textOf(second!).split('\n').length === 11, 'only its own lines');
    assert.equal(await fileOf(second!), lines(0, 6010));
    assert.equal(run.order.at(-1), "result 'the end'");
  });

  it('is shown while it comes, a few times a second', async () => {
    const run = await kernel.run(
      `for (let i = 0; i < 100; i++) { console.log('x\\n'.repeat(1000)); await wait(10); }`,
    );
    const notes = displaysOf(run).length;
    const seconds = run.reply.durationMs / 1000;
    assert.ok(notes >= 2 && notes <= 3 + 4 * seconds, `${String(notes)} in ${String(seconds)} s`);
  });

  it('of a timer after its cell goes to the file as well', async () => {
    kernel.strays.length = 0;
    const { reply } = await kernel.run(
      `setTimeout(() => { for (let i = 0; i < 7000; i++) console.log(i); }, 300); 0`,
    );
    await kernel.value('await wait(1500)');
    const own = kernel.strays.filter(({ parent }) => parent === reply.parent);
    const note = own.findLast((event) => event.type === 'display');
    assert.match(textOf(note!), /^… 2,000 more lines/);
    assert.match(await fileOf(note!), /6998\n6999\n$/);
  });

  it('that is cleared starts anew', async () => {
    const run = await kernel.run(`
      for (let i = 0; i < 6000; i++) console.log(i);
      clearOutput();
      for (let i = 0; i < 3000; i++) console.log('again');`);
    const cleared = run.events.findIndex(({ type }) => type === 'clearOutput');
    const after = run.events.slice(cleared).filter((event) => event.type === 'stream');
    assert.equal(after.map(({ text }) => text).join(''), 'again\n'.repeat(3000));
  });

  it('that clears and prints again and again sends few of its states, and the last', async () => {
    const run = await kernel.run(
      `for (let i = 0; i < 100_000; i++) { clearOutput({ wait: true }); console.log('state', i); }`,
    );
    assert.ok(run.events.length < 1500, `${String(run.events.length)} messages`);
    const last = run.events.filter((event) => event.type === 'stream').at(-1);
    assert.equal(last?.text, 'state 99999\n');
    const wait = await kernel.run(`console.log('stays'); clearOutput({ wait: true });`);
    assert.deepEqual(wait.order, ['stdout stays', 'clearOutput']);
  });

  it('of updates of one display sends at most twenty a second, and the last', async () => {
    const update = (label: string) =>
      `for (let i = 0; i < 20_000; i++) await display('${label} ' + i, { id: 'state' });`;
    for (const [index, run] of [
      await kernel.run(update('first')),
      await kernel.run(update('later cell')),
    ].entries()) {
      const shown = displaysOf(run);
      const most = 3 + 20 * (run.reply.durationMs / 1000);
      assert.ok(shown.length <= most, `${String(shown.length)} of ${String(most)}`);
      assert.equal(textOf(shown.at(-1)!), index ? "'later cell 19999'" : "'first 19999'");
    }
  });

  it('of a display’s updates never overtakes a clear', async () => {
    const run = await kernel.run(`
      for (let i = 0; i < 50; i++) { clearOutput({ wait: true }); void display(i, { id: 'cleared' }); }
      console.log('after');`);
    const order = run.order.slice(-3);
    assert.deepEqual(order, ['clearOutput', 'display', 'stdout after']);
    assert.equal(textOf(displaysOf(run).at(-1)!), '49');
  });

  it('of pictures is bounded, and says what was left out in the file', async () => {
    const run = await kernel.run(
      `for (let i = 0; i < 3000; i++) void display(html('<i>' + i + '</i>'));`,
    );
    const [note] = notesOf(run);
    assert.equal(
      displaysOf(run).filter((one) => textOf(one, 'text/html').startsWith('<i>')).length,
      1000,
    );
    assert.match(textOf(note!), /^… 2,000 more lines/);
    assert.match(await fileOf(note!), /2998\n2999\n$/);
  });

  it('of a line that is written over counts as what it ends with', async () => {
    const run = await kernel.run(`
      for (let i = 0; i < 100_000; i++) process.stdout.write('\\r' + String(i).padStart(6));
      process.stdout.write('\\n');`);
    assert.equal(notesOf(run).length, 0);
    assert.ok(run.stdout.length < 10_000, `${String(run.stdout.length)} characters`);
    assert.ok(run.stdout.endsWith('\r 99999\n'));
  });

  it('says why the rest is lost where it cannot be written, and the cell goes on', async () => {
    const blocked = join(folder, 'blocked');
    await writeFile(blocked, '');
    const other = new TestKernel({ env: { UNROLL_OUTPUT_FOLDER: join(blocked, 'output') } });
    try {
      const run = await other.run(`for (let i = 0; i < 6000; i++) console.log(i); 'done'`);
      assert.equal(run.result, "'done'");
      const [note] = notesOf(run);
      assert.match(
        textOf(note!),
        /^… 1,000 more lines: all output \(.*not all of it kept: ENOTDIR/,
      );
      assert.ok(textOf(note!).endsWith('5998\n5999'));
    } finally {
      await other.dispose();
    }
  });
});
