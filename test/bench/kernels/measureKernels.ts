/** `npm run bench -- kernel`: latency, memory at rest and output of the kernel, beside tslab's. */
import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';
import { promisify } from 'node:util';
import { SpareKernel } from '../../../kernel/client/kernelClient.js';
import { nodeBinary } from '../contestants.js';
import { peersFolder } from '../folders.js';
import { packageVersion } from '../packageVersion.js';
import { installPeers } from '../peers.js';
import { digits, toMarkdownTable } from '../resultTable.js';
import { median } from '../statistics.js';
import { type BenchKernel, type CellShown, floodOf, type KernelMaker } from './benchKernel.js';
import { measureDrawn } from './measureDrawn.js';
import { createUnrollMaker } from './unrollKernel.js';

const run = promisify(execFile);
/** Cells of which the round trip is the median. */
const trivialCells = 30;
/** What a kernel starts behind its first cell has ended by then. */
const restsAfterMs = 3000;
const floods = [500, 5_000, 100_000, 1_000_000];
/** A flood that takes longer is not waited for. */
const floodWithinMs = 20_000;

interface Latencies {
  first: number;
  later: number;
  restMiB: number;
}

async function timeOf(work: () => Promise<unknown>): Promise<number> {
  const began = performance.now();
  await work();
  return performance.now() - began;
}

/** Resident memory, in MiB; NaN where the system has no `ps`. */
async function residentOf(pid: number): Promise<number> {
  try {
    const { stdout } = await run('ps', ['-o', 'rss=', '-p', String(pid)]);
    return Number(stdout) / 1024;
  } catch {
    return NaN;
  }
}

/** From the start of the process to the first result, then cell after cell, then at rest. */
async function measureLatencies(maker: KernelMaker): Promise<Latencies> {
  let kernel: BenchKernel | undefined;
  try {
    const first = await timeOf(async () => {
      kernel = await maker.start();
      await kernel.execute('1 + 1');
    });
    await sleep(restsAfterMs);
    const later: number[] = [];
    for (let n = 0; n < trivialCells; n++) {
      later.push(await timeOf(() => kernel!.execute(`let a${n} = ${n}; a${n} + 1`)));
    }
    await sleep(restsAfterMs);
    return { first, later: median(later), restMiB: await residentOf(kernel!.pid) };
  } finally {
    await kernel?.close();
  }
}

/** The first result of kernels that take a process that waits, as from a window's second notebook on. */
async function measureWithSpare(rounds: number): Promise<{ first: number; restMiB: number }> {
  const spare = new SpareKernel();
  const maker = createUnrollMaker(spare);
  const kernel = await maker.start();
  try {
    await kernel.execute('1 + 1');
    const firsts: number[] = [];
    let restMiB = NaN;
    for (let round = 0; round < rounds; round++) {
      while (spare.pid === undefined) await sleep(20);
      await sleep(restsAfterMs);
      restMiB = await residentOf(spare.pid);
      const began = performance.now();
      const next = await maker.start();
      await next.execute('1 + 1');
      firsts.push(performance.now() - began);
      await next.close();
    }
    return { first: median(firsts), restMiB };
  } finally {
    spare.dispose();
    await kernel.close();
  }
}

interface Flood extends CellShown {
  perSecond: number;
}

async function measureFlood(kernel: BenchKernel, lines: number): Promise<Flood | undefined> {
  let shown: CellShown | undefined;
  const ms = await timeOf(async () => {
    const timeout = sleep(floodWithinMs, undefined, { ref: false });
    shown = await Promise.race([kernel.execute(floodOf(lines)), timeout]);
  });
  if (!shown) return undefined;
  if (!shown.text.trimEnd().endsWith(`line ${lines - 1}`))
    throw new Error(`the last of ${lines} lines did not arrive`);
  return { ...shown, perSecond: (1000 * lines) / ms };
}

async function measureFloods(maker: KernelMaker): Promise<(Flood | undefined)[]> {
  const kernel = await maker.start();
  try {
    await kernel.execute(floodOf(10));
    const measured: (Flood | undefined)[] = [];
    for (const lines of floods) {
      // One that was not waited for still runs: larger ones would wait for it.
      const isStuck = measured.length > 0 && measured.at(-1) === undefined;
      measured.push(isStuck ? undefined : await measureFlood(kernel, lines));
    }
    return measured;
  } finally {
    await kernel.close();
  }
}

/** A plain Node, with its start, that prints to a pipe. */
async function measureNode(lines: number): Promise<number> {
  const ms = await timeOf(async () => {
    const stdio = ['ignore', 'pipe', 'ignore'] as const;
    const child = spawn(nodeBinary(), ['-e', floodOf(lines)], { stdio: [...stdio] });
    child.stdout.resume();
    await once(child, 'close');
  });
  return (1000 * lines) / ms;
}

/** @returns or why it is not measured */
async function findTslab(): Promise<KernelMaker | string> {
  try {
    await installPeers();
    const { createMaker } = (await import(new URL('tslab.mjs', peersFolder).href)) as {
      createMaker: (node: string, version: string) => KernelMaker;
    };
    const maker = createMaker(nodeBinary(), packageVersion('tslab'));
    const kernel = await maker.start();
    await kernel.execute('1 + 1').finally(() => kernel.close());
    return maker;
  } catch (error) {
    return error instanceof Error ? error.message.split('\n')[0]! : String(error);
  }
}

const whole = (value: number): string =>
  Number.isNaN(value) ? '–' : Math.round(value).toLocaleString('en');

function latencyRow({ label, version }: KernelMaker, all: Latencies[], spare?: number): string[] {
  const of = (name: keyof Latencies) => median(all.map((one) => one[name]));
  const warm = spare === undefined ? '–' : digits(spare);
  return [label, version, digits(of('first')), warm, digits(of('later')), whole(of('restMiB'))];
}

/** The tables, in Markdown. */
export async function measureKernels(rounds: number): Promise<string> {
  const unroll = createUnrollMaker();
  const tslab = await findTslab();
  const makers = typeof tslab === 'string' ? [unroll] : [unroll, tslab];
  const latencies = makers.map((): Latencies[] => []);
  for (let round = 0; round < rounds; round++) {
    for (const [index, maker] of makers.entries())
      latencies[index]!.push(await measureLatencies(maker));
  }
  const spare = await measureWithSpare(rounds);
  const rows = makers.map((maker, index) =>
    latencyRow(maker, latencies[index]!, maker === unroll ? spare.first : undefined),
  );
  if (typeof tslab === 'string') rows.push(['tslab', '–', `not measured: ${tslab}`, '', '', '']);
  const latencyTable = toMarkdownTable([
    [
      '',
      'version',
      'first result, cold, ms',
      'with the spare, ms',
      'later cell, ms',
      'MiB at rest',
    ],
    ...rows,
  ]);
  const note = `The process that waits takes ${whole(spare.restMiB)} MiB.`;
  return [latencyTable, note, await floodTable(makers), await measureDrawn(rounds)].join('\n\n');
}

async function floodTable(makers: readonly KernelMaker[]): Promise<string> {
  const measured: (Flood | undefined)[][] = [];
  for (const maker of makers) measured.push(await measureFloods(maker));
  const rows: string[][] = [];
  for (const [index, lines] of floods.entries()) {
    const [mine, its] = [measured[0]![index], measured[1]?.[index]];
    rows.push([
      whole(lines),
      whole(mine?.perSecond ?? NaN),
      whole(its?.perSecond ?? NaN),
      whole(await measureNode(lines)),
      `${whole(mine?.messages ?? NaN)} / ${whole(its?.messages ?? NaN)}`,
      `${whole(mine?.characters ?? NaN)} / ${whole(its?.characters ?? NaN)}`,
    ]);
  }
  return toMarkdownTable([
    [
      'lines',
      'lines/s, Unroll',
      'tslab',
      'Node to a pipe',
      'messages, Unroll / tslab',
      'characters',
    ],
    ...rows,
  ]);
}
