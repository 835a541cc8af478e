/** Many cells on many kernels, with interrupts and kills at random times; what must hold at the end is checked. */
import assert from 'node:assert/strict';
import { setTimeout as sleep } from 'node:timers/promises';
import { SpareKernel } from '../../kernel/client/kernelClient.js';
import { TestKernel } from '../process/kernelClient.js';
import { isAlive } from '../process/processes.js';
import { createRandom } from '../process/seededRandom.js';

export interface StressOptions {
  cells: number;
  kernels: number;
  /** Interrupts and kills together; one in ten is a kill. */
  disturbances: number;
  seed: number;
}

export interface StressReport {
  ok: number;
  interrupted: number;
  killed: number;
  orphans: number;
  seconds: number;
  /** Of the host, before and after, in megabytes. */
  heap: [number, number];
}

const cells: ((n: number) => string)[] = [
  (n) => `${String(n)} + 0`,
  (n) => `await new Promise((go) => setTimeout(go, 5)); ${String(n)}`,
  (n) => `for (const end = performance.now() + 5; performance.now() < end; ); ${String(n)}`,
  (n) => `for (let i = 0; i < 50; i++) console.log('line', i); ${String(n)}`,
  (n) => `for (let i = 0; i < 200; i++) await null; ${String(n)}`,
];

export async function runStress(options: StressOptions): Promise<StressReport> {
  const began = performance.now();
  const random = createRandom(options.seed);
  // As in VS Code, a process that waits takes the place of one that was killed.
  const spare = new SpareKernel();
  const kernels = Array.from({ length: options.kernels }, () => new TestKernel({}, spare));
  const pids = new Set<number>();
  const note = (pid: number | undefined) => pid !== undefined && pids.add(pid);
  await Promise.all(kernels.map((kernel) => kernel.value('1')));
  const before = heapUsed();
  const report = { ok: 0, interrupted: 0, killed: 0 };
  let next = 0;
  const work = async (kernel: TestKernel): Promise<void> => {
    for (let n = next++; n < options.cells; n = next++) {
      note(kernel.client.pid);
      note(spare.pid);
      const run = kernel.run(cells[random(cells.length)]!(n));
      // Spread evenly over the cells.
      const isDisturbed =
        Math.floor(((n + 1) * options.disturbances) / options.cells) >
        Math.floor((n * options.disturbances) / options.cells);
      if (isDisturbed) await disturb(kernel, random);
      const { reply, result, error } = await run;
      if (reply.status === 'ok') {
        assert.equal(result, String(n), 'a result was lost or mixed up');
        report.ok++;
      } else if (error?.name === 'Interrupted') report.interrupted++;
      else {
        assert.match(error?.name ?? '', /^Kernel(Died|Start)Error$/, error?.stack);
        report.killed++;
      }
    }
  };
  await Promise.all(kernels.map(work));
  for (const { client } of kernels) note(client.pid);
  note(spare.pid);
  await Promise.all(kernels.map((kernel) => kernel.dispose()));
  spare.dispose();
  return {
    ...report,
    orphans: await countAlive([...pids]),
    seconds: (performance.now() - began) / 1000,
    heap: [before, heapUsed()],
  };
}

async function disturb({ client, lastId }: TestKernel, random: (n: number) => number) {
  await sleep(random(12));
  if (random(10) > 0 || client.pid === undefined) client.interrupt(lastId);
  else process.kill(client.pid, 'SIGKILL');
}

/** Waits a little for processes that are just ending. */
async function countAlive(pids: number[]): Promise<number> {
  let alive = pids;
  for (let tries = 0; alive.length > 0 && tries < 100; tries++) {
    alive = alive.filter(isAlive);
    await sleep(50);
  }
  return alive.length;
}

function heapUsed(): number {
  (globalThis as { gc?: () => void }).gc?.();
  return Math.round(process.memoryUsage().heapUsed / 2 ** 20);
}
