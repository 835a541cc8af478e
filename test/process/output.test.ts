import assert from 'node:assert/strict';
import type { CellEvent } from '../../kernel/client/kernelClient.js';
import { TestKernel } from './kernelClient.js';

describe('output of cells', () => {
  let kernel: TestKernel;
  before(async () => {
    kernel = new TestKernel();
    await kernel.value(`
      const wait = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));
      const host = (globalThis as any)[Symbol.for('unroll.notebook')];`);
  });
  after(() => kernel.dispose());
  beforeEach(() => {
    kernel.strays.length = 0;
  });

  it('goes to stdout or stderr as in Node', async () => {
    const { stdout, stderr } = await kernel.run(`
      console.log('log', { a: [1] }); console.info('info'); console.debug('debug');
      console.error('error'); console.warn('warn');
      console.assert(1 > 2, 'assert'); process.stderr.write('raw');`);
    assert.equal(stdout, 'log { a: [ 1 ] }\ninfo\ndebug\n');
    assert.equal(stderr, 'error\nwarn\nAssertion failed: assert\nraw');
  });

  it('of console.table, group, dir, count and time is laid out as in Node', async () => {
    const { stdout } = await kernel.run(`
      console.table([{ loss: 1.5 }]);
      console.group('epoch'); console.log('inner\\nlines'); console.groupEnd(); console.log('outer');
      console.dir({ deep: { er: { est: { x: 1 } } } }, { depth: 0 });
      console.count(); console.count(); console.time('t'); console.timeEnd('t'); console.log('%s is %d', 'x', 5)`);
    const lines = stdout.split('\n');
    assert.match(stdout, /│ \(index\) │ loss │/);
    assert.deepEqual(lines.slice(5, 12), [
      'epoch',
      '  inner',
      '  lines',
      'outer',
      '{ deep: [Object] }',
      'default: 1',
      'default: 2',
    ]);
    assert.match(lines[12] ?? '', /^t: [\d.]+m?s$/);
    assert.equal(lines[13], 'x is 5');
  });

  it('of console.trace, dir, assert, timeLog and nested groups points at the cell and keeps its indent', async () => {
    const { stdout, stderr } = await kernel.run(`function f() {
      console.trace('here');
    }
    f();
    console.group('a'); console.group(); console.error('deep'); console.groupEnd(); console.table(['x']); console.groupEnd();
    console.assert(true, 'silent'); console.assert(false); console.time('t'); console.timeLog('t', 'more');
    console.countReset(); console.log('%o %j', [1], { a: 1 });`);
    assert.match(
      stderr,
      /^Trace: here\n {4}at f \(Cell \[\d+\]:2:15\)\n {4}at Cell \[\d+\]:4:5\n {4}deep\nAssertion failed\n/,
    );
    assert.match(
      stdout,
      /^a\n {2}┌[^]*x[^]*└[^]*┘\nt: [\d.]+ms more\n\[ 1, \[length\]: 1 \] \{"a":1\}\n$/,
    );
  });

  it('keeps its colours', async () => {
    const red = '\u001b[31mred\u001b[0m\n';
    assert.equal((await kernel.run(`console.log(${JSON.stringify(red.trimEnd())})`)).stdout, red);
  });

  it('that a cell clears from a timer, while a later cell runs, is its own', async () => {
    const first = await kernel.run(`
      import { clearOutput } from 'unroll';
      console.log('old');
      setTimeout(() => { clearOutput({ wait: true }); console.log('new'); }, 20);`);
    const later = await kernel.run(
      `console.log('stays'); await new Promise((go) => setTimeout(go, 200));`,
    );
    assert.deepEqual(later.order, ['stdout stays']);
    assert.deepEqual(
      kernel.strays.map((event) => [
        event.parent === first.reply.parent,
        event.type === 'stream' ? event.text : event.type === 'clearOutput' && event.wait,
      ]),
      [
        [true, true],
        [true, 'new\n'],
      ],
    );
  });

  it('of child processes that inherit the streams is the cell’s', async () => {
    const program = (name: string) =>
      `['-e', 'console.log("out ${name}"); console.error("err ${name}")']`;
    const { stdout, stderr, error } = await kernel.run(`
      import { spawn, spawnSync, execSync, execFileSync, fork } from 'node:child_process';
      import { writeFileSync, rmSync } from 'node:fs';
      const node = process.execPath;
      spawnSync(node, ${program('spawnSync')}, { stdio: 'inherit' });
      execSync('echo out execSync; echo err execSync >&2', { stdio: 'inherit' });
      execFileSync(node, ${program('execFileSync')}, { stdio: ['ignore', process.stdout, 2] });
      const ended = (child: any) => new Promise((go) => child.on('close', go));
      await ended(spawn(node, ${program('spawn')}, { stdio: ['ignore', 'inherit', 'inherit'] }));
      const file = require('node:path').join(require('node:os').tmpdir(), 'unroll-fork-' + process.pid + '.cjs');
      writeFileSync(file, 'console.log("out fork"); process.send("told"); process.disconnect()');
      const forked = fork(file);
      let told; forked.on('message', (message) => { told = message });
      await ended(forked); rmSync(file); console.log(told);
      const kept = execSync('echo kept').toString();
      console.log(kept.trim(), spawnSync(node, ['-e', 'console.log(1)']).stdout.toString().trim());
      try { execSync('echo out failing; exit 3', { stdio: 'inherit' }); } catch (error: any) { console.log(error.status); }`);
    assert.equal(error, undefined);
    assert.deepEqual(stdout.trim().split('\n'), [
      ...['out spawnSync', 'out execSync', 'out execFileSync', 'out spawn', 'out fork', 'told'],
      ...['kept 1', 'out failing', '3'],
    ]);
    assert.match(stderr, /err spawnSync\nerr execSync\nerr execFileSync\nerr spawn\n/);
  });

  it('of a child process may be long', async () => {
    const print = `['-e', 'process.stdout.write("x".repeat(3e6) + "end")']`;
    for (const call of ['execFileSync', 'spawnSync']) {
      const { events } = await kernel.run(
        `require('node:child_process').${call}(process.execPath, ${print}, { stdio: 'inherit' }); console.log(' went on')`,
      );
      const note = events.findLast((event) => event.type === 'display');
      assert.match(note?.data['text/plain'] as string, /^… 1 more line.*\nx+end went on$/);
    }
  });

  it('written as bytes is text, also where a character is cut', async () => {
    const code = `
      const bytes = Buffer.from('ä€');
      for (const byte of bytes) process.stdout.write(Uint8Array.of(byte));
      await new Promise<void>((done) => process.stdout.write('!', () => done()));
      require('node:stream').Readable.from(['piped']).pipe(process.stdout, { end: false });
      await wait(20);`;
    assert.equal((await kernel.run(code)).stdout, 'ä€!piped');
  });

  it('of a timer that outlives its cell stays that cell’s', async () => {
    const first = await kernel.run(
      'setTimeout(() => console.log("from the first"), 200); setTimeout(async () => { await wait(10); console.error("later") }, 200)',
    );
    const second = await kernel.run('await wait(600); console.log("from the second")');
    assert.equal(second.stdout, 'from the second\n');
    assert.equal(second.stderr, '');
    const texts = kernel.strays.map((one) => one.type === 'stream' && [one.parent, one.text]);
    assert.deepEqual(texts, [
      [first.reply.parent, 'from the first\n'],
      [first.reply.parent, 'later\n'],
    ]);
  });

  it('of promises, events and intervals stays that of the cell that started them', async () => {
    const first = await kernel.run(`
      let go!: () => void; const gate = new Promise<void>((resolve) => { go = resolve });
      (async () => { await gate; console.log('promise') })();
      const interval = setInterval(() => { console.log('tick'); clearInterval(interval) }, 200);
      require('node:fs').readFile(__filename, () => setTimeout(() => console.log('file'), 200));
      host.display({ 'text/plain': 'now' })`);
    assert.deepEqual(first.order, ['display']);
    const second = await kernel.run('go(); await wait(600)');
    assert.equal(second.stdout, '');
    assert.ok(kernel.strays.every((one) => one.parent === first.reply.parent));
    const texts = kernel.strays.map((one) => one.type === 'stream' && one.text).sort();
    assert.deepEqual(texts.join(''), 'file\npromise\ntick\n');
  });

  it('arrives while a cell computes without a break', async () => {
    const seen: number[] = [];
    const started = performance.now();
    const { reply } = await kernel.run(
      'for (let i = 0; i < 3; i++) { console.log("step", i); const until = performance.now() + 150; while (performance.now() < until); }',
      (event) => {
        if (event.type === 'stream') seen.push(performance.now() - started);
      },
    );
    assert.equal(seen.length, 3);
    assert.ok(seen[0]! < reply.durationMs - 250, `first line after ${String(seen[0])} ms`);
  });

  it('of 5,000 lines comes whole, in order and in few messages', async () => {
    const { stdout, events } = await kernel.run('for (let i = 0; i < 5000; i++) console.log(i)');
    assert.equal(stdout, Array.from({ length: 5000 }, (_, i) => `${String(i)}\n`).join(''));
    assert.ok(events.length < 100, `${String(events.length)} messages`);
  });

  it('of 5,000 lines over as many turns comes in few messages', async () => {
    const code =
      'for (let i = 0; i < 5000; i++) { console.log(i); if (i % 10 === 0) await new Promise((go) => setImmediate(go)) }';
    const { stdout, events } = await kernel.run(code);
    assert.equal(stdout.split('\n').length, 5001);
    assert.ok(events.length < 500, `${String(events.length)} messages`);
  });

  it('shows a value through its own display method, at once or later', async () => {
    const { events } = await kernel.run(
      '({ [Symbol.for("Jupyter.display")]: () => ({ "text/html": "<b>x</b>", "image/png": new Uint8Array([1, 2]) }) })',
    );
    const result = events.find((one) => one.type === 'result');
    assert.deepEqual(result?.data, {
      'text/html': '<b>x</b>',
      'image/png': new Uint8Array([1, 2]),
    });
    const later = await kernel.run(
      '({ async [Symbol.for("Jupyter.display")]() { await wait(5); return { "text/plain": "later" } } })',
    );
    assert.equal(later.result, 'later');
    const bad = await kernel.run('({ [Symbol.for("Jupyter.display")]: () => 5 })');
    assert.match(bad.error?.message ?? '', /object from media type to content, got 5/);
    const failing = await kernel.run(
      '({ [Symbol.for("Jupyter.display")]() { throw new RangeError("no picture") } })',
    );
    assert.equal(failing.error?.name, 'RangeError');
  });

  it('shows large, deep and cyclic values bounded', async () => {
    await kernel.value(
      'const big: any = { list: new Array(1e6).fill(0), text: "y".repeat(1e6) }; big.self = big; big.tensor = new Float32Array(1e6)',
    );
    const shown = await kernel.value('big');
    assert.ok(
      shown!.length < 20_000 && shown!.includes('[Circular *1]') && shown!.includes('more items'),
    );
    const wide = await kernel.value(
      'Object.fromEntries(Array.from({ length: 50_000 }, (_, i) => [`key${i}`, i]))',
    );
    assert.ok(wide!.length < 110_000);
  });

  it('carries display ids, metadata and bytes', async () => {
    const code =
      'host.display({ "application/json": { a: [1, null] } }, { displayId: "chart", metadata: { wide: true } })';
    const event = (await kernel.run(code)).events.find((one) => one.type === 'display');
    assert.deepEqual(
      [event?.displayId, event?.metadata, event?.data],
      ['chart', { wide: true }, { 'application/json': { a: [1, null] } }],
    );
  });

  it('that is no data is an error of the cell', async () => {
    const { error, reply } = await kernel.run('\nhost.display({ "text/plain": () => 1 })');
    assert.equal(reply.status, 'error');
    assert.match(
      error?.message ?? '',
      /^display: the content of text\/plain has to be JSON, text or bytes/,
    );
    assert.equal(error?.frames[0]?.line, 2);
  });

  it('asks the user and goes on with the answer', async () => {
    const answer = (value: string | null) => (event: CellEvent) => {
      if (event.type === 'inputRequest') kernel.client.replyInput(event.id, value);
    };
    const asked = await kernel.run('await host.input("name?", true)', answer('Ada'));
    assert.equal(asked.result, "'Ada'");
    const event = asked.events.find((one) => one.type === 'inputRequest');
    assert.deepEqual([event?.prompt, event?.password], ['name?', true]);
    assert.equal((await kernel.run('await host.input("", false)', answer(null))).result, 'null');
  });

  it('comes cell by cell in the order of the requests, whether or not one fails', async () => {
    const order: string[] = [];
    const run = (code: string) =>
      kernel.run(code, (event) => {
        if (event.type === 'stream') order.push(event.text.trim());
        if (event.type === 'executeReply') order.push(event.status);
      });
    const runs = [
      'await wait(30); console.log(1)',
      'console.log(2); throw 1',
      'await wait(1); console.log(3)',
    ].map(run);
    const counts = (await Promise.all(runs)).map(({ reply }) => reply.executionCount);
    assert.deepEqual(order, ['1', 'ok', '2', 'error', '3', 'ok']);
    assert.deepEqual(counts, [counts[0]!, counts[0]! + 1, counts[0]! + 2]);
  });
});
