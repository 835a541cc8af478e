/** `npm run bench`: measures, prints, and writes docs/benchmarks.md. */
import { execFile } from 'node:child_process';
import { readFile, writeFile } from 'node:fs/promises';
import os from 'node:os';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import * as prettier from 'prettier';
import { parseBenchOptions, usage, UsageError, type BenchOptions } from './commandLine.js';
import { compiled, contestants, nodeBinary, type ContestantEntry } from './contestants.js';
import { projectFolder } from './folders.js';
import {
  drawGrowth,
  growthBase,
  growthWorkloads,
  toGrowth,
  toGrowthTable,
  variedNames,
} from './growth.js';
import { measureEditor } from './editor/measureEditor.js';
import { measureInspect } from './inspectCost.js';
import { measureKernels } from './kernels/measureKernels.js';
import type { Peak } from './peak.js';
import { LossMismatchError, race, type Entrant } from './race.js';
import { replaceSection, toGoalLines, toResultTable, type Outcome } from './resultTable.js';
import { workloads, type Workload } from './workloads.js';

const run = promisify(execFile);
const docs = new URL('docs/benchmarks.md', projectFolder);
const picture = new URL('docs/pictures/growth.svg', projectFolder);
const pictureText =
  'Time per step against time steps, batch size, hidden size and layers, on logarithmic axes';

interface Machine {
  readonly peak: Peak;
  readonly description: string;
}

async function lookAtMachine(): Promise<Machine> {
  const inNode = async (...args: string[]) => (await run(nodeBinary(), args)).stdout.trim();
  const peak = JSON.parse(await inNode(compiled('peak.js'))) as Peak;
  const cores = os.cpus();
  const description = [
    `${cores[0]?.model.trim() ?? 'unknown processor'} (${cores.length} cores)`,
    `${os.type()} ${os.arch()}`,
    `Node ${await inNode('--version')}`,
    `load ${os.loadavg()[0]!.toFixed(1)} before the run`,
    `WebAssembly peak ${peak.gflops.toFixed(0)} GFLOP/s a core (${peak.simd} SIMD)`,
  ].join(', ');
  return { peak, description };
}

/** Everyone who takes part in a workload, once for each number of threads. */
function entrantsOf(name: string, workload: Workload, options: BenchOptions): Entrant[] {
  return options.only.flatMap((contestant) => {
    const entry: ContestantEntry = contestants[contestant];
    const { label, command, slowWorkloads = [] } = entry;
    const takesPart =
      entry.workloads.includes(name) || (options.all && slowWorkloads.includes(name));
    const threads = entry.threads.filter((count) => takesPart && options.threads.includes(count));
    return threads.map((count) => ({ name: contestant, label, threads: count, workload, command }));
  });
}

async function measureWorkload(name: string, options: BenchOptions, { peak }: Machine) {
  const workload = workloads[name]!;
  const outcomes = await race(entrantsOf(name, workload, options), options);
  const table = toResultTable(workload, outcomes, peak);
  return [table, toGoalLines(workload, outcomes).join('\n')].join('\n\n').trim();
}

const unroll = (workload: Workload, label = 'Unroll'): Entrant => ({
  name: 'unroll',
  label,
  threads: 1,
  workload,
  command: contestants.unroll.command,
});

/** A cell of defineCell with three gates' products, against the built-in with four. */
async function measureCoupled(options: BenchOptions, { peak }: Machine): Promise<string> {
  const builtIn = workloads['W1']!;
  const outcomes: Outcome[] = await race(
    [
      unroll(builtIn, 'built-in LSTM'),
      unroll({ ...builtIn, cell: 'coupledLstm' }, 'CoupledLSTM by defineCell'),
    ],
    options,
  );
  return toResultTable(builtIn, outcomes, peak);
}

async function measureGrowth(options: BenchOptions): Promise<string> {
  const growths = [];
  for (const varied of variedNames) {
    const entrants = growthWorkloads(varied).map((workload) => unroll(workload));
    growths.push(toGrowth(varied, await race(entrants, options)));
  }
  if (options.writes) await writeFile(picture, await drawGrowth(growths));
  return `![${pictureText}](pictures/growth.svg)\n\n${growthBase}; one thread.\n\n${toGrowthTable(growths)}`;
}

function measure(section: string, options: BenchOptions, machine: Machine): Promise<string> {
  if (section === 'coupled') return measureCoupled(options, machine);
  if (section === 'growth') return measureGrowth(options);
  if (section === 'inspect') return Promise.resolve(measureInspect(options.rounds));
  if (section === 'kernel') return measureKernels(options.rounds);
  if (section === 'editor') return measureEditor(options.rounds);
  return measureWorkload(section, options, machine);
}

async function writeSection(section: string, text: string): Promise<void> {
  const document = replaceSection(await readFile(docs, 'utf8'), section, text);
  const config = await prettier.resolveConfig(fileURLToPath(docs));
  await writeFile(docs, await prettier.format(document, { ...config, parser: 'markdown' }));
}

async function main(): Promise<void> {
  const options = parseBenchOptions(process.argv.slice(2));
  const machine = await lookAtMachine();
  const date = new Date().toISOString().slice(0, 10);
  const circumstances = `${date}, ${options.rounds} rounds. ${machine.description}.`;
  console.log(circumstances);
  for (const section of options.sections) {
    console.log(`\n${section}: ${workloads[section]?.title ?? section}\n`);
    try {
      const text = await measure(section, options, machine);
      console.log(text);
      if (options.writes) await writeSection(section, `${circumstances}\n\n${text}`);
    } catch (error) {
      if (!(error instanceof LossMismatchError)) throw error;
      console.error(`${section} FAILED: ${error.message}`);
      process.exitCode = 1;
    }
  }
}

main().catch((error: unknown) => {
  console.error(error instanceof UsageError ? `${error.message}\n\n${usage}` : error);
  process.exitCode = 1;
});
