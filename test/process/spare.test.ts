import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { KernelOptions } from '../../kernel/client/kernelClient.js';
import { SpareKernel } from '../../kernel/client/kernelClient.js';
import { kernelPath, TestKernel } from './kernelClient.js';
import { assertGone, isAlive } from './processes.js';

const clientUrl = new URL('../../kernel/client/kernelClient.js', import.meta.url).href;

describe('a spare process', () => {
  let spare: SpareKernel;
  const kernels: TestKernel[] = [];
  beforeEach(() => {
    spare = new SpareKernel();
  });
  afterEach(async () => {
    spare.dispose();
    await Promise.all(kernels.splice(0).map((kernel) => kernel.dispose()));
  });

  function start(options: Partial<KernelOptions> = {}): TestKernel {
    const kernel = new TestKernel(options, spare);
    kernels.push(kernel);
    return kernel;
  }

  async function isReady(): Promise<number> {
    const deadline = Date.now() + 10_000;
    while (spare.pid === undefined && Date.now() < deadline) await sleep(20);
    return spare.pid ?? assert.fail('there is no spare process');
  }

  it('starts after a kernel has answered a cell, and there is one', async () => {
    const first = start();
    const second = start();
    await Promise.all([first.client.ready, second.client.ready]);
    await sleep(1500);
    assert.equal(spare.pid, undefined);
    await Promise.all([first.value('1'), second.value('1')]);
    const pid = await isReady();
    await Promise.all([first.value('2'), second.value('2')]);
    await sleep(1500);
    assert.equal(spare.pid, pid);
  });

  it('becomes the kernel of the next notebook, in its folder', async () => {
    const folder = await mkdtemp(path.join(tmpdir(), 'unroll-spare-'));
    try {
      await writeFile(path.join(folder, 'near.ts'), 'export const near: string = "near";');
      await start().value('let other = 1');
      const pid = await isReady();
      const kernel = start({ cwd: folder });
      assert.equal(spare.pid, undefined);
      const shown = await kernel.value(
        'import { near } from "./near"; [process.pid, process.cwd(), __dirname, near, typeof other, process.argv.length]',
      );
      assert.equal(
        shown,
        await kernel.value(`[${String(pid)}, '${folder}', '${folder}', 'near', 'undefined', 2]`),
      );
      assert.equal((await kernel.client.ready).pid, pid);
    } finally {
      await rm(folder, { recursive: true });
    }
  });

  it('is a kernel as any other: it stops, asks and keeps timers', async () => {
    await start().value('1');
    const pid = await isReady();
    const kernel = start();
    const { error } = await kernel.runAndInterrupt(
      'let kept = 4; console.log("started"); while (true);',
    );
    assert.equal(error?.name, 'Interrupted');
    assert.equal(await kernel.value('[kept, process.pid]'), `[ 4, ${String(pid)} ]`);
    const answer = kernel.run('import { input } from "unroll"; await input("?")', (event) => {
      if (event.type === 'inputRequest') kernel.client.replyInput(event.id, 'yes');
    });
    assert.equal((await answer).result, "'yes'");
  });

  const kinds: [string, Partial<KernelOptions>][] = [
    ['another memory limit', { memoryLimit: 900 }],
    ['another number of threads', { threads: 1 }],
    ['another environment', { env: { OF_THIS_NOTEBOOK: 'yes' } }],
  ];
  for (const [what, options] of kinds) {
    it(`is ended, and not taken, by a notebook with ${what}`, async () => {
      await start().value('1');
      const pid = await isReady();
      const kernel = start(options);
      assert.notEqual(await kernel.value('process.pid'), String(pid));
      await assertGone(pid);
      const next = await isReady();
      const again = start(options);
      assert.equal(await again.value('process.pid'), String(next));
      const { UNROLL_THREADS = '', OF_THIS_NOTEBOOK = '' } = { ...options.env };
      const threads = options.threads === undefined ? UNROLL_THREADS : String(options.threads);
      assert.equal(
        await again.value(
          '[process.env.UNROLL_THREADS ?? "", process.env.OF_THIS_NOTEBOOK ?? ""].join()',
        ),
        `'${threads},${OF_THIS_NOTEBOOK}'`,
      );
    });
  }

  it('takes over at a restart and after a crash', async () => {
    const kernel = start();
    await kernel.value('let gone = 1');
    const first = await isReady();
    await kernel.client.restart();
    assert.equal(
      await kernel.value('[typeof gone, process.pid].join()'),
      `'undefined,${String(first)}'`,
    );
    const second = await isReady();
    const { error } = await kernel.run('process.kill(process.pid, "SIGKILL"); while (true);');
    assert.equal(error?.name, 'KernelDiedError');
    const next = await kernel.run('process.pid');
    assert.equal(next.result, String(second));
    assert.match(next.stderr, /fresh kernel was started/);
  });

  it('takes over at a restart once the former process has let go of its ports', async () => {
    const kernel = start();
    const listen = (port: string) =>
      `await new Promise((done, failed) => (globalThis as any).server = require('node:net').createServer()` +
      `.once('error', failed).listen(${port}, '127.0.0.1', () => done((globalThis as any).server.address().port)))`;
    // The system takes back memory first, then closes ports.
    await kernel.value('const held = Array.from({ length: 10 }, () => Buffer.alloc(1e8, 1)); 0');
    const port = await kernel.value(listen('0'));
    const first = kernel.client.pid!;
    await isReady();
    // Warm by then, so that it is there before the other has gone.
    await sleep(2000);
    await kernel.client.restart();
    assert.equal(isAlive(first), false);
    assert.equal(await kernel.value(listen(port!)), port);
  });

  it('that died meanwhile is missed by nobody', async () => {
    const kernel = start();
    await kernel.value('1');
    const pid = await isReady();
    process.kill(pid, 'SIGKILL');
    await assertGone(pid);
    await sleep(100);
    assert.equal(spare.pid, undefined);
    assert.equal(await start().value('"works"'), "'works'");
  });

  it('that cannot go to the notebook’s folder says so', async () => {
    await start().value('1');
    await isReady();
    const { error } = await start({ cwd: '/nowhere/at/all' }).run('1');
    assert.equal(error?.name, 'KernelStartError');
    assert.match(error.message, /ENOENT.*\/nowhere\/at\/all/);
  });

  it('goes when it is let go, and none comes after', async () => {
    const kernel = start();
    await kernel.value('1');
    const pid = await isReady();
    spare.dispose();
    await assertGone(pid);
    await kernel.value('2');
    await sleep(1500);
    assert.equal(spare.pid, undefined);
  });

  it('goes with its host, however that ends', async () => {
    const script = `
      const { SpareKernel, startKernel } = await import(${JSON.stringify(clientUrl)});
      const spare = new SpareKernel();
      const kernel = startKernel({ kernelPath: ${JSON.stringify(kernelPath)}, cwd: '/' }, spare);
      await kernel.execute({ id: 'a', cell: { id: 'a', index: 0 }, code: '1' }, () => {});
      setInterval(() => { if (spare.pid) console.log(spare.pid, kernel.pid) }, 20);`;
    for (const end of ['SIGKILL', 'SIGTERM'] as const) {
      const host = spawn(process.execPath, ['--input-type=module', '-e', script], {
        stdio: ['ignore', 'pipe', 'inherit'],
      });
      const [line] = (await once(host.stdout, 'data')) as [Buffer];
      const pids = line.toString().split('\n')[0]!.split(' ').map(Number);
      for (const pid of pids) assert.ok(isAlive(pid));
      // In the middle of its warming up, too.
      host.kill(end);
      for (const pid of pids) await assertGone(pid, `after ${end}`);
    }
  });
});
