import assert from 'node:assert/strict';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { KernelDebugger } from './kernelDebugger.js';
import { TestKernel } from './kernelClient.js';

describe('a cell that a debugger holds', () => {
  let kernel: TestKernel;
  let inspector: KernelDebugger;
  beforeEach(async () => {
    kernel = new TestKernel();
    await kernel.value(
      'let kept = 1; const wait = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));',
    );
    const { url } = (await kernel.client.debug('open'))!;
    inspector = await KernelDebugger.attach(url!);
  });
  afterEach(() => kernel.dispose());

  const places: [string, string][] = [
    ['before its first await', 'kept = 2; debugger; kept = 3; console.log("went on")'],
    ['after an await', 'await wait(2); kept = 2; debugger; kept = 3; console.log("went on")'],
    [
      'in a function that catches everything',
      'kept = 2; try { (() => { debugger; kept = 3; })() } catch { kept = 4 } finally { kept = 5 }',
    ],
    ['in a timer', 'setTimeout(() => { kept = 2; debugger; kept = 3 }, 2); await wait(9999)'],
  ];
  for (const [where, code] of places) {
    it(`is stopped where it stands, ${where}, whatever the debugger asks meanwhile`, async () => {
      const held = inspector.next('Debugger.paused');
      const running = kernel.run(code);
      await held;
      let isOver = false;
      const asking = (async () => {
        while (!isOver) {
          await inspector.send('Runtime.evaluate', { expression: '[1, 2].map(String).join()' });
          await sleep(1);
        }
      })();
      await sleep(50);
      kernel.client.interrupt(kernel.lastId);
      const { reply, error, stdout } = await running;
      isOver = true;
      await asking;
      assert.equal(reply.status, 'error');
      assert.equal(error?.name, 'Interrupted');
      assert.equal(stdout, '');
      assert.equal(await kernel.value('kept'), '2');
    });
  }
});

describe('a debugger that is to stop at uncaught exceptions', () => {
  let kernel: TestKernel;
  let inspector: KernelDebugger;
  let folder: string;
  /** Where it stopped. */
  const paused: string[] = [];
  before(async () => {
    folder = await mkdtemp(join(tmpdir(), 'unroll-debugging-'));
    const thrower = 'throw new Error("seen");\n';
    await writeFile(
      join(folder, 'calls.ts'),
      `export async function call() {\n  await 1;\n  ${thrower}}\n`,
    );
    kernel = new TestKernel({ cwd: folder });
    await kernel.value(
      `const wait = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));
       async function later(error: Error) { await wait(1); throw error; }
       async function middle(error: Error) { await wait(1); await later(error); }`,
    );
    const { url } = (await kernel.client.debug('open'))!;
    inspector = await KernelDebugger.attach(url!);
    await inspector.send('Debugger.setPauseOnExceptions', { state: 'uncaught' });
    interface Paused {
      reason: string;
      data?: { uncaught?: boolean };
      callFrames: { functionName: string; url: string; location: { lineNumber: number } }[];
    }
    inspector.on('Debugger.paused', (params) => {
      const { reason, data, callFrames } = params as Paused;
      const [top] = callFrames;
      paused.push(
        `${reason} ${String(data?.uncaught)} in ${top!.functionName} of ${top!.url}:${String(top!.location.lineNumber)}`,
      );
      void inspector.send('Debugger.resume');
    });
    // As js-debug has it: what the kernel and the library throw on is passed over.
    await inspector.send('Debugger.setBlackboxPatterns', { patterns: ['^node:', '/dist/'] });
  });
  after(async () => {
    await kernel.dispose();
    await rm(folder, { recursive: true });
  });

  const libraryMessage = 'expected a shape of whole numbers, got [-1]';
  const stops: [string, string][] = [
    ['before the first await', 'throw new Error("seen")'],
    ['after an await', 'await wait(1); throw new Error("seen")'],
    ['after an import', 'import { zeros } from "unroll"; zeros([1]); throw new Error("seen")'],
    [
      'in a loop that awaits',
      'for (const i of [0, 1]) { await wait(1); if (i) throw new Error("seen"); }',
    ],
    ['in a function that is awaited', 'await middle(new Error("seen"))'],
    [
      'in one of several that are awaited',
      'await Promise.all([wait(1), middle(new Error("seen"))])',
    ],
    [
      'in a promise that is rejected',
      'await new Promise((_, reject) => setTimeout(() => reject(new Error("seen")), 1))',
    ],
    ['in the library', 'import { zeros } from "unroll"; await wait(1); zeros([-1])'],
    ['in a timer', 'setTimeout(() => { throw new Error("seen") }, 1); await wait(50)'],
    ['in a function of a file', 'import { call } from "./calls.ts"; await call()'],
    [
      'in a try with a finally alone',
      'try { await later(new Error("seen")) } finally { await wait(1) }',
    ],
  ];
  for (const [where, code] of stops) {
    it(`stops ${where}, once, and the cell fails`, async () => {
      paused.length = 0;
      const { error } = await kernel.run(code);
      assert.equal(error?.message, where === 'in the library' ? libraryMessage : 'seen');
      assert.equal(paused.length, 1, paused.join());
    });
  }

  const passes: [string, string][] = [
    ['what the cell catches', 'try { throw new Error("caught") } catch {}'],
    [
      'what the cell catches after an await',
      'await wait(1); try { throw new Error("caught") } catch {}',
    ],
    ['what a promise has a handler for', 'await middle(new Error("caught")).catch(() => 0)'],
    [
      'what the cell catches of a function that is awaited',
      'try { await middle(new Error("caught")) } catch {}',
    ],
  ];
  for (const [what, code] of passes) {
    it(`passes over ${what}`, async () => {
      paused.length = 0;
      const { reply } = await kernel.run(code);
      assert.equal(reply.status, 'ok');
      assert.deepEqual(paused, []);
    });
  }
});

describe('a cell that awaits, under a debugger', () => {
  let kernel: TestKernel;
  before(async () => {
    kernel = new TestKernel();
    await kernel.value(
      'const wait = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));',
    );
    const { url } = (await kernel.client.debug('open'))!;
    await KernelDebugger.attach(url!);
  });
  after(() => kernel.dispose());

  it('declares what it declares without one', async () => {
    const result = await kernel.value(`
      import { join } from 'node:path';
      const a = await Promise.resolve(1);
      let b: number, { c, d: [e = 5], ...rest } = { c: 3, d: [], x: 6, y: 7 };
      var f = 8; for (var g = 0; g < 9; g++) await wait(0);
      class H { static of(value: number) { return new H(value); } constructor(readonly value: number) {} }
      function i() { return j(); }
      const j = () => 10;
      enum K { one = 11 }
      await wait(1);
      b = 2;
      i()`);
    assert.equal(result, '10');
    const names =
      '[a, b, c, e, rest, f, g, H.of(4).value, i(), K.one, H.name, j.name, join("l", "m")].join()';
    assert.equal(await kernel.value(names), "'1,2,3,5,[object Object],8,9,4,10,11,H,j,l/m'");
    assert.match((await kernel.run('a = 2')).error?.message ?? '', /constant/);
    assert.equal(await kernel.value('const a = await Promise.resolve(12); a'), '12');
  });

  it('fails at its own line', async () => {
    const { error } = await kernel.run(
      'await wait(1);\nconst f = async () => {\n  await wait(1);\n  throw new Error("here");\n};\nawait f();',
    );
    assert.deepEqual(
      error?.frames.map(({ cell, line }) => [cell?.executionCount !== undefined, line]),
      [
        [true, 4],
        [true, 6],
      ],
    );
  });

  for (const [how, code] of [
    [
      'waits',
      'try { console.log("started"); await wait(99_999) } finally { console.log("unwound") }',
    ],
    ['runs on after it waited', 'await wait(1); console.log("started"); for (;;);'],
    ['runs on before it waits', 'console.log("started"); for (;;); await wait(1)'],
    ['awaits over and over', 'console.log("started"); for (;;) await 1'],
    [
      'catches what stops it',
      'console.log("started"); for (;;) { try { await wait(99_999) } catch {} }',
    ],
  ] as const) {
    it(`is stopped where it ${how}`, async () => {
      const { reply, error, stdout } = await kernel.runAndInterrupt(code);
      assert.equal(reply.status, 'error');
      assert.equal(error?.name, 'Interrupted');
      if (how === 'waits') assert.match(stdout, /unwound/);
      assert.equal(await kernel.value('await wait(1); 2'), '2');
    });
  }
});
