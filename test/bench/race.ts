/** Several contestants, one process each, step in turns: A B A B …, so that a slow minute hits all. */
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { startContestant, type ContestantClient } from './contestantClient.js';
import { createOnnxModel } from './onnxModel.js';
import { createProblem, writeProblem } from './problem.js';
import type { PrepareRequest } from './protocol.js';
import { median, relativeDifference } from './statistics.js';
import type { Workload } from './workloads.js';

export interface Entrant {
  /** The contestant's name in the table of contestants.ts. */
  readonly name: string;
  readonly label: string;
  readonly threads: number;
  readonly workload: Workload;
  readonly command: () => Promise<readonly string[]>;
}

/** How an entrant did. */
export interface Timing {
  readonly entrant: Entrant;
  readonly version: string;
  readonly losses: readonly number[];
  /** Median milliseconds of a step, in each round. */
  readonly rounds: readonly number[];
  readonly peakBytes: number;
}

/** One that did not run. */
export interface Absence {
  readonly entrant: Entrant;
  readonly reason: string;
}

export interface RaceOptions {
  readonly rounds: number;
  /** How long a contestant steps in each round, in milliseconds; one step at least. */
  readonly turn: number;
}

/** Contestants compute different things, so no time of theirs means anything. */
export class LossMismatchError extends Error {
  override readonly name = 'LossMismatchError';
}

interface Runner {
  readonly entrant: Entrant;
  readonly client: ContestantClient;
  readonly version: string;
  readonly losses: readonly number[];
  readonly unfit?: string;
  readonly rounds: number[];
  peakBytes: number;
}

const nameOf = ({ label, threads }: Entrant): string => `${label} (${threads})`;

/** How far losses may be apart, relative: of the first step, and after three updates. */
const tolerances = [1e-4, 1e-3];

export function checkLosses(runners: readonly Pick<Runner, 'entrant' | 'losses'>[]): void {
  const [first, ...others] = runners;
  for (const other of others)
    for (const [k, tolerance] of tolerances.entries()) {
      const [expected, actual] = [first!.losses[k], other.losses[k]];
      if (expected === undefined && actual === undefined) continue;
      if (relativeDifference(expected ?? NaN, actual ?? NaN) <= tolerance) continue;
      throw new LossMismatchError(
        `loss ${k === 0 ? 'of the first step' : 'after three updates'}: ${nameOf(first!.entrant)} has ${expected ?? 'none'}, ${nameOf(other.entrant)} has ${actual ?? 'none'}, expected within ${tolerance}`,
      );
    }
}

/**
 * @throws LossMismatchError if entrants of one workload do not compute the same
 * @returns in the order of the entrants
 */
export async function race(
  entrants: readonly Entrant[],
  options: RaceOptions,
): Promise<(Timing | Absence)[]> {
  const clients: ContestantClient[] = [];
  try {
    const outcomes = await prepareAll(entrants, clients);
    const runners = outcomes.filter(isRunner);
    for (const workload of new Set(entrants.map((one) => one.workload)))
      checkLosses(runners.filter(({ entrant }) => entrant.workload === workload));
    return await runRounds(outcomes.map(dropUnfit), options);
  } finally {
    for (const client of clients) client.dispose();
  }
}

/** One after the other: a build and its first steps may need most of the machine. */
async function prepareAll(
  entrants: readonly Entrant[],
  clients: ContestantClient[],
): Promise<(Runner | Absence)[]> {
  const folder = await mkdtemp(path.join(tmpdir(), 'unroll-bench-'));
  try {
    const requests = await writeRequests(entrants, folder);
    const outcomes: (Runner | Absence)[] = [];
    for (const entrant of entrants)
      outcomes.push(await prepare(entrant, requests.get(entrant.workload)!, clients));
    return outcomes;
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

const isRunner = (one: Runner | Absence): one is Runner => 'client' in one;

const dropUnfit = (one: Runner | Absence): Runner | Absence =>
  isRunner(one) && one.unfit ? { entrant: one.entrant, reason: one.unfit } : one;

const absent = (entrant: Entrant, error: unknown): Absence => ({
  entrant,
  reason: error instanceof Error ? error.message : String(error),
});

type Requests = Map<Workload, Omit<PrepareRequest, 'threads'>>;

/** The problem of each workload, as files that its contestants read. */
async function writeRequests(entrants: readonly Entrant[], folder: string): Promise<Requests> {
  const requests: Requests = new Map();
  for (const { workload } of entrants) {
    if (requests.has(workload)) continue;
    const problem = createProblem(workload);
    const file = path.join(folder, `problem${requests.size}`);
    const request = { do: 'prepare', workload, problem: writeProblem(problem, file) } as const;
    const hasModel = workload.task !== 'train' && workload.cell === 'lstm';
    if (hasModel) await writeFile(`${file}.onnx`, createOnnxModel(workload, problem));
    requests.set(workload, hasModel ? { ...request, onnxFile: `${file}.onnx` } : request);
  }
  return requests;
}

async function prepare(
  entrant: Entrant,
  request: Omit<PrepareRequest, 'threads'>,
  clients: ContestantClient[],
): Promise<Runner | Absence> {
  try {
    const client = startContestant(await entrant.command(), entrant.threads);
    clients.push(client);
    const answer = await client.ask({ ...request, threads: entrant.threads });
    return { entrant, client, ...answer, rounds: [], peakBytes: 0 };
  } catch (error) {
    return absent(entrant, error);
  }
}

/** One round more than is counted: the first warms up. */
async function runRounds(
  outcomes: (Runner | Absence)[],
  { rounds, turn }: RaceOptions,
): Promise<(Timing | Absence)[]> {
  const forEachRunner = async (act: (runner: Runner) => Promise<void>): Promise<void> => {
    for (const [k, one] of outcomes.entries())
      if (isRunner(one))
        await act(one).catch((error: unknown) => (outcomes[k] = absent(one.entrant, error)));
  };
  for (let round = 0; round <= rounds; round++)
    await forEachRunner(async ({ client, rounds: times }) => {
      const { ms } = await client.ask({ do: 'run', milliseconds: turn });
      if (round > 0) times.push(median(ms));
    });
  await forEachRunner(async (runner) => {
    runner.peakBytes = (await runner.client.ask({ do: 'memory' })).peakBytes;
  });
  return outcomes;
}
