import assert from 'node:assert/strict';
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';
import { kernelEnvironment } from '../../kernel/client/kernelEnvironment.js';
import { kernelPath, TestKernel } from './kernelClient.js';
import { assertGone, isAlive } from './processes.js';

const clientUrl = new URL('../../kernel/client/kernelClient.js', import.meta.url).href;

describe('a kernel process', () => {
  const kernels: TestKernel[] = [];
  const start = (...options: ConstructorParameters<typeof TestKernel>) => {
    const kernel = new TestKernel(...options);
    kernels.push(kernel);
    return kernel;
  };
  afterEach(async () => {
    await Promise.all(kernels.splice(0).map((kernel) => kernel.dispose()));
  });

  it('says that it is ready, and what it is', async () => {
    const kernel = start();
    const ready = await kernel.client.ready;
    assert.equal(ready.protocol, 1);
    assert.equal(ready.pid, kernel.client.pid);
    assert.match(ready.node, /^v\d+\./);
  });

  it('opens no inspector port and keeps its channel from cells', async () => {
    const shown = await start().value('[require("node:inspector").url(), typeof process.send]');
    assert.equal(shown, "[ undefined, 'undefined' ]");
  });

  it('runs in the notebook’s folder, without the editor’s environment', async () => {
    process.env.VSCODE_TEST_ONLY = '1';
    const kernel = start({ cwd: '/', env: { ADDED: 'yes' } });
    delete process.env.VSCODE_TEST_ONLY;
    const shown = await kernel.value(
      '[process.cwd(), process.env.VSCODE_TEST_ONLY, process.env.ADDED]',
    );
    assert.equal(shown, "[ '/', undefined, 'yes' ]");
  });

  it('gets an environment that makes Electron Node and lets no debugger in', () => {
    const host = {
      PATH: '/bin',
      NODE_OPTIONS: '--require /x/bootloader.js --inspect',
      VSCODE_INSPECTOR_OPTIONS: '{}',
      ELECTRON_NO_ATTACH_CONSOLE: '1',
    };
    assert.deepEqual(kernelEnvironment(host, {}, true), {
      PATH: '/bin',
      ELECTRON_RUN_AS_NODE: '1',
    });
    const memory = { NODE_OPTIONS: '--max-old-space-size=512' };
    assert.deepEqual(kernelEnvironment(memory, { A: 'b' }, false), { ...memory, A: 'b' });
  });

  it('restarts without variables', async () => {
    const kernel = start();
    await kernel.value('const x = 1');
    const before = kernel.client.pid!;
    await kernel.client.restart();
    assert.notEqual(kernel.client.pid, before);
    await assertGone(before);
    const { reply, error, stderr } = await kernel.run('x');
    assert.equal(error?.message, 'x is not defined');
    assert.equal(reply.executionCount, 1);
    assert.equal(stderr, '');
  });

  it('that restarts ends the running cell, and never runs those behind it', async () => {
    const kernel = start();
    const running = kernel.run('console.log("on"); while (true);', (event) => {
      if (event.type === 'stream') void kernel.client.restart();
    });
    const behind = kernel.run('globalThis.ran = true');
    assert.equal((await running).error?.name, 'KernelReplacedError');
    assert.equal((await running).reply.status, 'error');
    assert.equal((await behind).reply.status, 'aborted');
    assert.equal(await kernel.value('typeof ran'), "'undefined'");
  });

  const deaths: [string, string, RegExp][] = [
    [
      'killed by SIGKILL',
      'process.kill(process.pid, "SIGKILL"); while (true);',
      /killed by SIGKILL/,
    ],
    ['aborted', 'process.abort()', /killed by SIGABRT/],
    ['ended by process.reallyExit', '(process as any).reallyExit(7)', /exit code 7/],
  ];
  for (const [how, code, sentence] of deaths) {
    it(`${how} mid-cell ends that cell with an error, and the next starts afresh and says so`, async () => {
      const kernel = start();
      const ends: unknown[] = [];
      kernel.client.onExit((end) => ends.push(end.expected));
      await kernel.value('const x = 1');
      const dying = kernel.run(
        `console.log("last words"); await new Promise((go) => setTimeout(go, 30)); ${code}`,
      );
      const behind = kernel.run('2');
      const { reply, error, stdout } = await dying;
      assert.equal(stdout, 'last words\n');
      assert.equal(reply.status, 'error');
      assert.equal(error?.name, 'KernelDiedError');
      assert.match(error.message, sentence);
      assert.match(error.message, /variables are gone; the next cell starts a fresh kernel/);
      assert.equal((await behind).reply.status, 'aborted');
      assert.deepEqual(ends, [false]);
      const next = await kernel.run('typeof x');
      assert.equal(next.result, "'undefined'");
      assert.match(next.stderr, /fresh kernel was started/);
      assert.equal((await kernel.run('1')).stderr, '');
    });
  }

  it('that runs out of memory says so', async () => {
    const kernel = start({ env: { NODE_OPTIONS: '--max-old-space-size=48' } });
    const { error } = await kernel.run(
      'const all: unknown[] = []; while (true) all.push(new Array(1e4).fill({}))',
    );
    assert.equal(error?.name, 'KernelDiedError');
    assert.match(error.message, /ran out of memory/);
  });

  it('killed between cells is replaced at the next one', async () => {
    const kernel = start();
    await kernel.value('1');
    const gone = new Promise((resolve) => kernel.client.onExit(resolve));
    process.kill(kernel.client.pid!, 'SIGKILL');
    await gone;
    assert.match((await kernel.run('1')).stderr, /fresh kernel was started/);
  });

  it('that cannot start says why', async () => {
    const kernel = start({ kernelPath: '/nowhere/kernel.js' });
    const { error, reply } = await kernel.run('1');
    assert.equal(reply.status, 'error');
    assert.equal(error?.name, 'KernelStartError');
    assert.match(
      error.message,
      /did not start: the process ended with exit code 1 .*Cannot find module/,
    );
    await assert.rejects(
      start({ execPath: '/nowhere/node' }).client.ready,
      /did not start: .*ENOENT/,
    );
  });

  it('ends in order when told to', async () => {
    const kernel = start();
    await kernel.value('setInterval(() => {}, 10); 1');
    const pid = kernel.client.pid!;
    const end = new Promise<unknown>((resolve) => kernel.client.onExit(resolve));
    await kernel.client.shutdown();
    assert.deepEqual(await end, {
      code: 0,
      signal: null,
      hasStarted: true,
      stderr: '',
      expected: true,
    });
    await assertGone(pid);
  });

  it('is ended by force where it does not end by itself', async () => {
    const kernel = start();
    const pid = (await kernel.client.ready).pid;
    const stuck = kernel.run('while (true);');
    await sleep(100);
    await kernel.client.shutdown();
    assert.equal((await stuck).reply.status, 'error');
    await assertGone(pid);
  });

  it('ignores Ctrl+C, which is the front end’s to interpret', async () => {
    const kernel = start();
    await kernel.value('const kept = 5');
    process.kill(kernel.client.pid!, 'SIGINT');
    assert.equal(await kernel.value('kept'), '5');
  });

  it('started by hand says who starts it', async () => {
    const child = spawn(process.execPath, [kernelPath], { stdio: ['ignore', 'ignore', 'pipe'] });
    let text = '';
    child.stderr.on('data', (chunk: Buffer) => (text += chunk.toString()));
    const [code] = (await once(child, 'close')) as [number];
    assert.equal(code, 2);
    assert.match(text, /no IPC channel/);
  });

  const states: [string, string][] = [
    ['idle', '1'],
    ['waiting', 'console.log("on"); await new Promise(() => {})'],
    ['computing without a break', 'console.log("on"); while (true);'],
    ['computing after an await', 'await null; console.log("on"); while (true);'],
    ['kept alive by timers', 'setInterval(() => {}, 1); console.log("on")'],
  ];
  /** A host of its own whose kernel is in that state; resolves to the kernel's process id. */
  async function startHost(code: string): Promise<{ host: ChildProcess; pid: number }> {
    const script = `
      const { startKernel } = await import(${JSON.stringify(clientUrl)});
      const kernel = startKernel({ kernelPath: ${JSON.stringify(kernelPath)}, cwd: '/' });
      const { pid } = await kernel.ready;
      kernel.execute({ id: 'a', cell: { id: 'a', index: 0 }, code: ${JSON.stringify(code)} },
        ({ type }) => { if (type === 'stream' || type === 'executeReply') console.log(pid) });`;
    const host = spawn(process.execPath, ['--input-type=module', '-e', script], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    const [line] = (await once(host.stdout, 'data')) as [Buffer];
    return { host, pid: Number.parseInt(line.toString(), 10) };
  }

  it('goes with its host when that is killed, whatever it does', async () => {
    const hosts = await Promise.all(
      states.map(async (state) => [state, await startHost(state[1])] as const),
    );
    for (const [, { pid }] of hosts) assert.ok(isAlive(pid));
    for (const [, { host }] of hosts) host.kill('SIGKILL');
    for (const [[state], { pid }] of hosts) await assertGone(pid, state);
  });
});
