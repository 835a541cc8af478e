import assert from 'node:assert/strict';
import { setTimeout as sleep } from 'node:timers/promises';
import { type CellRun, TestKernel } from './kernelClient.js';
import { createRandom } from './seededRandom.js';

/** Cells that end by themselves after about so many milliseconds, with `'ok n'` as their value. */
const endings: ((n: number, ms: number) => string)[] = [
  (n, ms) => `busy(${String(ms)}); 'ok ${String(n)}'`,
  (n, ms) => `await wait(${String(ms)}); 'ok ${String(n)}'`,
  (n, ms) => `for (let i = 0; i < ${String(ms)}; i++) await wait(1); 'ok ${String(n)}'`,
  (n, ms) => `for (const end = now() + ${String(ms)}; now() < end; ) await null; 'ok ${String(n)}'`,
  (n, ms) => `await wait(1); busy(${String(ms)}); 'ok ${String(n)}'`,
  (n, ms) =>
    `await new Promise<void>((done) => setTimeout(() => { busy(${String(ms)}); done() }, 1)); 'ok ${String(n)}'`,
  (n, ms) =>
    `for (const end = now() + ${String(ms)}; now() < end; ) console.log('x'.repeat(99)); 'ok ${String(n)}'`,
  (n, ms) =>
    `for (const end = now() + ${String(ms)}; now() < end; ) JSON.parse(JSON.stringify([...Array(999).keys()])); 'ok ${String(n)}'`,
  (n, ms) =>
    `for (const end = now() + ${String(ms)}; now() < end; ) await require('node:fs/promises').stat('/'); 'ok ${String(n)}'`,
  (n) => `'ok ${String(n)}'`,
  // Long to compile, which no interrupt may tear.
  (n) =>
    `${Array.from({ length: 200 }, (_, i) => `const v${String(i)}: number = ${String(i)};`).join('\n')} 'ok ${String(n)}'`,
];

/** Cells that only an interrupt ends. */
const endless = [
  'while (true);',
  'await wait(1); while (true);',
  'while (true) await null;',
  'while (true) await wait(1);',
  'await new Promise(() => {});',
  'while (true) console.log("flood");',
  'while (true) JSON.stringify([...Array(999).keys()]);',
  'while (true) { try { await wait(1) } catch {} }',
];

describe('hundreds of interrupts at any time', function () {
  this.timeout(120_000);
  const random = createRandom(20_260);
  let kernel: TestKernel;
  before(async () => {
    kernel = new TestKernel();
    await kernel.value(`
      const now = () => performance.now();
      const wait = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));
      const busy = (ms: number) => { for (const end = now() + ms; now() < end; ); };
      let ticks = 0; let turns = 0;
      setInterval(async () => { busy(0.3); await null; ticks++ }, 2);
      void (async () => { for (;;) { await new Promise((go) => setImmediate(go)); turns++ } })();
      0`);
  });
  after(() => kernel.dispose());

  /** The interval and the chain of promises that the first cell left behind go on, undisturbed. */
  async function assertBystandersLive(): Promise<void> {
    const code = 'const [a, b] = [ticks, turns]; await wait(60); [ticks > a, turns > b]';
    assert.equal(await kernel.value(code), '[ true, true ]');
    assert.deepEqual(kernel.strays, []);
  }

  function assertEnded({ reply, error, result }: CellRun, n: number): boolean {
    if (reply.status === 'ok') {
      assert.equal(result, `'ok ${String(n)}'`);
      return false;
    }
    assert.equal(error?.name, 'Interrupted', error?.stack);
    return true;
  }

  it('stop what they mean or come too late, and nothing else', async () => {
    let stopped = 0;
    const total = 200;
    for (let n = 0; n < total; n++) {
      const run = kernel.run(endings[random(endings.length)]!(n, random(12)));
      // Some come before the kernel has begun with the cell, some after it is over.
      if (n % 5 !== 0) await sleep(random(16));
      kernel.client.interrupt(kernel.lastId);
      const behind = kernel.run(`'behind ${String(n)}'`);
      if (assertEnded(await run, n)) stopped++;
      const { result, error } = await behind;
      assert.equal(result, `'behind ${String(n)}'`, error?.stack);
    }
    assert.ok(stopped > total / 10 && stopped < total, `${String(stopped)} were stopped`);
    await assertBystandersLive();
  });

  it('are never lost', async () => {
    for (let n = 0; n < 100; n++) {
      const run = kernel.run(endless[random(endless.length)]!);
      if (n % 3 !== 0) await sleep(random(10));
      kernel.client.interrupt(kernel.lastId);
      const { reply, error } = await run;
      assert.equal(error?.name, 'Interrupted', error?.stack);
      assert.ok(reply.durationMs < 2000, `took ${String(reply.durationMs)} ms`);
    }
    await assertBystandersLive();
  });
});
