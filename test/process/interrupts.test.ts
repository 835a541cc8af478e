import assert from 'node:assert/strict';
import { setTimeout as sleep } from 'node:timers/promises';
import type { CellRun } from './kernelClient.js';
import { TestKernel } from './kernelClient.js';

/** `(func (loop (br 0)))`, exported as `f`. */
const endlessWasm = `new WebAssembly.Instance(new WebAssembly.Module(Uint8Array.from([
  0, 97, 115, 109, 1, 0, 0, 0, 1, 4, 1, 96, 0, 0, 3, 2, 1, 0, 7, 5, 1, 1, 102, 0, 0,
  10, 9, 1, 7, 0, 3, 64, 12, 0, 11, 11]))).exports as any`;

describe('an interrupt', () => {
  let kernel: TestKernel;
  let pid: number | undefined;
  before(async () => {
    kernel = new TestKernel();
    await kernel.value(`
      const wait = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));
      const start = () => console.log('started');
      const wasm = ${endlessWasm};
      let kept = 41; let steps = 0;
      require('node:v8').setFlagsFromString('--expose-gc');
      const collect = require('node:vm').runInNewContext('gc');`);
    pid = kernel.client.pid;
  });
  after(() => kernel.dispose());
  afterEach('the same process goes on, with its variables', async () => {
    assert.equal(await kernel.value('await wait(2); collect(); kept + 1'), '42');
    assert.equal(kernel.client.pid, pid);
  });

  function assertInterrupted({ reply, error }: CellRun): void {
    assert.equal(reply.status, 'error');
    assert.equal(error?.name, 'Interrupted', error?.stack);
    assert.match(error.message, /[Ss]topped by the user.*[Vv]ariables are kept/);
    assert.ok(reply.durationMs < 2500, `took ${String(reply.durationMs)} ms`);
  }

  const stuck: [string, string][] = [
    ['an endless loop', 'start(); while (true) steps++'],
    [
      'a loop that catches everything',
      'start(); while (true) { try { steps++ } catch { } finally { } }',
    ],
    ['a loop after an await', 'await wait(2); start(); while (true) steps++'],
    [
      'a loop after a file was read',
      'await require("node:fs/promises").readFile(__filename).catch(() => 0); start(); while (true) steps++',
    ],
    [
      'a loop in a timer',
      'setTimeout(() => { start(); while (true) steps++ }, 2); await wait(9999)',
    ],
    [
      'a loop in an interval',
      'setInterval(() => { start(); while (true) steps++ }, 2); await wait(9999)',
    ],
    [
      'a loop in an immediate',
      'setImmediate(() => { start(); while (true) steps++ }); await wait(9999)',
    ],
    [
      'a loop in process.nextTick',
      'process.nextTick(() => { start(); while (true) steps++ }); await wait(9999)',
    ],
    [
      'a loop in a microtask',
      'queueMicrotask(() => { start(); while (true) steps++ }); await wait(9999)',
    ],
    [
      'a loop in a promise’s then',
      'wait(2).then(() => { start(); while (true) steps++ }); await wait(9999)',
    ],
    [
      'a loop in a file’s callback',
      'require("node:fs").readFile("/nowhere", () => { start(); while (true) steps++ }); await wait(9999)',
    ],
    ['a loop in WebAssembly', 'start(); wasm.f()'],
    ['a loop in WebAssembly after an await', 'await wait(2); start(); wasm.f()'],
    [
      'a regular expression that backtracks for ever',
      'start(); /^(a+)+$/.test("a".repeat(40) + "b")',
    ],
    ['Atomics.wait', 'start(); Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0)'],
    ['a promise that never settles', 'start(); await new Promise(() => {})'],
    [
      'a library’s promise that never settles',
      'start(); await Promise.all([new Promise(() => {}), 1])',
    ],
    ['a loop of awaits', 'start(); while (true) { await wait(2); steps++ }'],
    [
      'a loop of awaits that catches everything',
      'start(); while (true) { try { await wait(2) } catch { } }',
    ],
    ['a loop of awaits of nothing', 'start(); while (true) await null'],
    [
      'for await over endless values',
      'async function* all() { for (;;) { await wait(2); yield 1 } } start(); for await (const one of all()) steps += one',
    ],
    [
      'for await over nothing',
      'start(); for await (const one of { [Symbol.asyncIterator]: () => ({ next: () => new Promise<never>(() => {}) }) }) steps++',
    ],
    ['a flood of output', 'start(); while (true) console.log("flood", { a: [1, 2, 3] })'],
    [
      'a value that prints itself for ever',
      'start(); ({ [Symbol.for("nodejs.util.inspect.custom")]() { while (true) steps++ } })',
    ],
    [
      'a value that never shows itself',
      'start(); ({ [Symbol.for("Jupyter.display")]: () => new Promise(() => {}) })',
    ],
    [
      'a question to the user',
      'start(); await (globalThis as any)[Symbol.for("unroll.notebook")].input("?", false)',
    ],
  ];
  for (const [what, code] of stuck) {
    it(`stops ${what}`, async () => {
      assertInterrupted(await kernel.runAndInterrupt(code));
    });
  }

  it('points at the await that it ended, and runs its finally', async () => {
    const run = await kernel.runAndInterrupt(
      'start();\ntry {\n  await new Promise(() => {});\n} finally { console.log("closed") }',
    );
    assertInterrupted(run);
    assert.equal(run.error?.frames[0]?.line, 3);
    assert.match(run.stdout, /closed/);
  });

  it('tells long work through the host’s signal', async () => {
    const code = `
      const signal: AbortSignal = (globalThis as any)[Symbol.for('unroll.notebook')].interruption();
      let epochs = 0;
      start();
      const training = (async () => { while (!signal.aborted) { epochs++; await wait(1) } console.log('stopped in order') })();
      await training;`;
    const { stdout } = await kernel.runAndInterrupt(
      code.replace('await wait(1)', 'await new Promise((go) => setTimeout(go, 1)).catch(() => 0)'),
    );
    assert.match(stdout, /started/);
    assert.equal(await kernel.value('signal.aborted'), 'true');
  });

  it('leaves background timers running', async () => {
    await kernel.value('let ticks = 0; const interval = setInterval(() => { ticks++ }, 5)');
    for (const code of [
      'start(); while (true);',
      'await wait(1); start(); while (true);',
      'start(); await wait(9999)',
    ]) {
      assertInterrupted(await kernel.runAndInterrupt(code));
      assert.equal(
        await kernel.value('const before = ticks; await wait(60); ticks > before'),
        'true',
        code,
      );
    }
    await kernel.value('clearInterval(interval)');
  });

  it('ends a loop at its await, so that promises queued behind it are not lost', async () => {
    await kernel.value(`
      let isThrough = false;
      let go = () => {};
      const gone = new Promise<void>((resolve) => (go = resolve));
      void (async () => { await gone; for (let i = 0; i < 4e5; i++) await null; isThrough = true })();`);
    const run = await kernel.runAndInterrupt(
      'try { go(); start(); while (true) await null } finally { console.log("closed") }',
    );
    assertInterrupted(run);
    assert.match(run.stdout, /closed/);
    const code = 'for (let i = 0; i < 200 && !isThrough; i++) await wait(20); isThrough';
    assert.equal(await kernel.value(code), 'true');
  });

  it('ends a cell that catches it, though its await came before the kernel’s turn', async () => {
    const code = `
      let isFirst = true;
      while (true) {
        try {
          for (const end = performance.now() + 45; isFirst && performance.now() < end; );
          isFirst = false;
          await wait(1);
        } catch { }
      }`;
    for (const delay of [5, 15, 25, 35]) {
      const run = kernel.run(code);
      await sleep(delay);
      kernel.client.interrupt(kernel.lastId);
      assertInterrupted(await run);
    }
  });

  it('leaves an interval of the stopped cell itself running', async () => {
    const code =
      'let own = 0; const ownInterval = setInterval(async () => { await null; own++ }, 5); start(); await wait(9999)';
    assertInterrupted(await kernel.runAndInterrupt(code));
    assert.equal(await kernel.value('const then = own; await wait(60); own > then'), 'true');
    await kernel.value('clearInterval(ownInterval)');
  });

  it('frees a kernel that a timer of an earlier cell holds, and stops that timer', async () => {
    kernel.strays.length = 0;
    const { reply } = await kernel.run('setInterval(() => { steps++; while (true); }, 30); 0');
    await sleep(150);
    kernel.client.interrupt();
    assert.equal(await kernel.value('const after = steps; await wait(80); steps - after'), '0');
    const [stray] = kernel.strays;
    assert.ok(stray?.type === 'error' && stray.error.name === 'Interrupted');
    assert.equal(stray.parent, reply.parent);
  });

  it('does nothing to an idle kernel', async () => {
    for (let i = 0; i < 5; i++) kernel.client.interrupt();
    await sleep(150);
    assert.equal(await kernel.value('await wait(20); "untouched"'), "'untouched'");
  });

  it('that comes at a cell’s end hits no later cell', async () => {
    for (let i = 0; i < 25; i++) {
      const ms = 60 + i * 3;
      const busy = `const until = performance.now() + ${String(ms)}; while (performance.now() < until); 1`;
      const over = new Set<number>();
      const first = kernel.run(busy).finally(() => over.add(i));
      const next = kernel.run('await wait(1); for (let n = 0; n < 1e6; n++); "second"');
      await sleep(ms - 25 + (i % 7) * 8);
      // Once the first is over, an interrupt is for the second.
      if (!over.has(i)) kernel.client.interrupt();
      const [one, two] = await Promise.all([first, next]);
      assert.ok(one.reply.status === 'ok' || one.error?.name === 'Interrupted');
      assert.equal(two.result, "'second'", two.error?.stack);
    }
  });

  it('leaves queued cells to run', async () => {
    const stopped = kernel.runAndInterrupt('start(); while (true);');
    const queued = kernel.run('kept');
    assertInterrupted(await stopped);
    assert.equal((await queued).result, '41');
  });

  it('works again and again', async () => {
    for (let i = 0; i < 8; i++) {
      assertInterrupted(
        await kernel.runAndInterrupt(
          i % 2 === 0 ? 'start(); while (true);' : 'await wait(1); start(); while (true);',
        ),
      );
    }
  });

  it('spares cells that use asynchronous storage of their own', async () => {
    await kernel.value(
      'import { AsyncLocalStorage } from "node:async_hooks"; const storage = new AsyncLocalStorage<number>()',
    );
    assertInterrupted(
      await kernel.runAndInterrupt(
        'await storage.run(5, async () => { await wait(1); start(); while (true); })',
      ),
    );
    assert.equal(await kernel.value('storage.run(6, () => storage.getStore())'), '6');
  });
});
