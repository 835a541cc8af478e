import assert from 'node:assert/strict';
import { execFile, spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { pathToFileURL } from 'node:url';
import { promisify } from 'node:util';

const root = process.cwd();
const run = promisify(execFile);
let cache: string;
let started: ChildProcess[];

/** Source text that imports from a file of scripts/ and then runs `body`. */
function script(names: string, file: string, body: string): string[] {
  const url = pathToFileURL(path.join(root, 'scripts', file)).href;
  return ['--input-type=module', '--eval', `import { ${names} } from '${url}';\n${body}`];
}

function environment(): NodeJS.ProcessEnv {
  return { ...process.env, UNROLL_CACHE: cache };
}

function start(args: string[]): ChildProcess {
  const child = spawn(process.execPath, args, { env: environment(), stdio: ['ignore', 'pipe', 2] });
  started.push(child);
  return child;
}

async function firstLine(child: ChildProcess): Promise<string> {
  assert.ok(child.stdout);
  let text = '';
  for await (const chunk of child.stdout) {
    text += String(chunk);
    if (text.includes('\n')) break;
  }
  return text.split('\n')[0] ?? '';
}

describe('the set-up of npm start and npm test', () => {
  beforeEach(() => {
    cache = mkdtempSync(path.join(os.tmpdir(), 'unroll-setup-test-'));
    started = [];
  });

  afterEach(() => {
    for (const child of started) {
      child.kill('SIGKILL');
      // What a command leaves behind holds it open, and with it these tests.
      child.stdout?.destroy();
    }
    rmSync(cache, { recursive: true, force: true });
  });

  describe('a lock of the set-up', () => {
    const log = (): string => path.join(cache, 'log');
    const holding = (milliseconds: number): string[] =>
      script(
        'withLock',
        'setup/lock.mjs',
        `import { appendFileSync } from 'node:fs';
       await withLock('thing', async () => {
         appendFileSync(${JSON.stringify(log())}, 'in ');
         console.log('holding');
         await new Promise((resolve) => setTimeout(resolve, ${milliseconds}));
         appendFileSync(${JSON.stringify(log())}, 'out ');
       });`,
      );

    it('is held by one process at a time', async () => {
      const children = [1, 2, 3, 4].map(() => start(holding(150)));
      for (const child of children) child.stdout?.resume();
      await Promise.all(children.map((child) => once(child, 'exit')));
      assert.equal(readFileSync(log(), 'utf8'), 'in out '.repeat(4));
    });

    it('passes on when the process that held it was killed', async () => {
      const killed = start(holding(60_000));
      assert.equal(await firstLine(killed), 'holding');
      killed.kill('SIGKILL');
      await once(killed, 'exit');
      await run(process.execPath, holding(1), { env: environment() });
      assert.equal(readFileSync(log(), 'utf8'), 'in in out ');
    });

    it('passes on when it was torn while being written', async () => {
      mkdirSync(path.join(cache, 'locks'));
      writeFileSync(path.join(cache, 'locks', 'thing.lock'), '');
      await run(process.execPath, holding(1), { env: environment() });
      assert.equal(readFileSync(log(), 'utf8'), 'in out ');
    });
  });

  describe('a supervised program', () => {
    /** A program that starts another, says that one's process id, and waits. */
    const family = `
    const { spawn } = require('node:child_process');
    const child = spawn(process.execPath, ['--eval', 'setInterval(() => {}, 1000)']);
    console.log(child.pid);`;

    it('ends with all it started when its command is killed', async () => {
      const command = start(
        script(
          'startSupervised',
          'run/supervised.mjs',
          `startSupervised(process.execPath, ['--eval', ${JSON.stringify(family)}]);`,
        ),
      );
      const grandchild = Number(await firstLine(command));
      assert.ok(isAlive(grandchild));
      command.kill('SIGKILL');
      await waitUntil(() => !isAlive(grandchild), `process ${grandchild} to end`);
    });

    /** A program without end, that says when it has begun. */
    const endless = "console.log('begun'); setInterval(() => {}, 1000)";
    const starting = (body: string) =>
      start(
        script(
          'startSupervised, stopAllOnSignals',
          'run/supervised.mjs',
          `const begin = () => startSupervised(process.execPath, ['--eval', ${JSON.stringify(endless)}]);\n${body}`,
        ),
      );

    it('is not followed by the next one when its command is told to stop', async () => {
      // One after the other, as npm run examples does with its notebooks.
      const command = starting('stopAllOnSignals(); await begin().ended; await begin().ended;');
      let said = '';
      command.stdout!.on('data', (chunk) => {
        said += String(chunk);
        if (said === 'begun\n') command.kill('SIGINT');
      });
      // Whatever the command started has its stdout, which closes with the last of them.
      assert.deepEqual(await once(command, 'close'), [130, null]);
      assert.equal(said, 'begun\n');
    });

    it('ends even where its command is gone before anything has begun', async () => {
      const command = starting('begin(); process.exit(3);');
      command.stdout!.resume();
      assert.deepEqual(await once(command, 'close'), [3, null]);
    });

    it('hands its exit code and output on', async () => {
      const { stdout } = await run(
        process.execPath,
        script(
          'startSupervised',
          'run/supervised.mjs',
          `const program = startSupervised(process.execPath, ['--eval', 'console.log(7); process.exit(7)'], { output: 'pipe' });
         let text = '';
         program.stdout.on('data', (chunk) => (text += chunk));
         console.log(await program.ended, text.trim());`,
        ),
      );
      assert.equal(stdout.trim(), '7 7');
    });

    function isAlive(pid: number): boolean {
      try {
        process.kill(pid, 0);
      } catch {
        return false;
      }
      // A zombie that nobody has reaped yet is dead.
      if (process.platform !== 'linux') return true;
      try {
        return !/^State:\s*Z/m.test(readFileSync(`/proc/${pid}/status`, 'utf8'));
      } catch {
        return false;
      }
    }
  });

  describe('the dependencies of a checkout', () => {
    const manifest = { name: 'checkout', version: '1.0.0', dependencies: { near: 'file:near' } };

    async function ensure(folder: string): Promise<string> {
      const { stdout } = await run(
        process.execPath,
        script(
          'ensureDependencies',
          'setup/dependencies.mjs',
          `await ensureDependencies(${JSON.stringify(folder)});`,
        ),
        { env: environment() },
      );
      return stdout;
    }

    it('are installed once, and again when an install was cut off half-way', async () => {
      const folder = path.join(cache, 'checkout');
      mkdirSync(path.join(folder, 'near'), { recursive: true });
      writeFileSync(path.join(folder, 'package.json'), JSON.stringify(manifest));
      writeFileSync(
        path.join(folder, 'near', 'package.json'),
        JSON.stringify({ name: 'near', version: '1.0.0' }),
      );
      await run('npm', ['install', '--package-lock-only', '--offline'], {
        cwd: folder,
        shell: process.platform === 'win32',
      });
      assert.match(await ensure(folder), /Installing dependencies/);
      assert.match(await ensure(folder), /in place/);
      rmSync(path.join(folder, 'node_modules', '.package-lock.json'));
      assert.match(await ensure(folder), /Installing dependencies/);
      assert.match(await ensure(folder), /in place/);
    });
  });
});

async function waitUntil(isSo: () => boolean, what: string): Promise<void> {
  for (let tries = 0; tries < 200; tries++) {
    if (isSo()) return;
    await sleep(100);
  }
  assert.fail(`waited 20 s for ${what}`);
}
