/** What `npm run bench -- …` was asked for. */
import { parseArgs } from 'node:util';
import { contestantNames, type ContestantName } from './contestants.js';
import { workloads } from './workloads.js';

export interface BenchOptions {
  readonly sections: readonly string[];
  readonly only: readonly ContestantName[];
  readonly threads: readonly number[];
  readonly rounds: number;
  readonly turn: number;
  /** Slow contestants too. */
  readonly all: boolean;
  /** Whether docs/benchmarks.md is written: not when contestants were left out. */
  readonly writes: boolean;
}

/** What can be measured: each has a section in docs/benchmarks.md. */
export const sectionNames = [
  ...Object.keys(workloads),
  'coupled',
  'growth',
  'inspect',
  'kernel',
  'editor',
];

export const usage = `npm run bench -- [section …] [options]
  sections               ${sectionNames.join(' ')}; all where none is named
  --rounds <n>           rounds that count, 7
  --turn <ms>            how long a contestant steps in each round, 300
  --only <a,b>           contestants: ${contestantNames.join(',')}
  --threads <1,2>        numbers of threads
  --all                  slow contestants too
  --dry-run              leave docs/benchmarks.md as it is; so do --only and --threads`;

/** A command line that makes no sense. */
export class UsageError extends Error {
  override readonly name = 'UsageError';
}

function chosen<T>(what: string, given: readonly unknown[], known: readonly T[]): T[] {
  for (const one of given)
    if (!known.includes(one as T))
      throw new UsageError(`${what}: expected one of ${known.join(', ')}, got '${String(one)}'`);
  return known.filter((one) => given.length === 0 || given.includes(one));
}

function positive(option: string, text: string): number {
  const value = Number(text);
  if (value >= 1 && Number.isInteger(value)) return value;
  throw new UsageError(`--${option}: expected a whole number of at least 1, got '${text}'`);
}

function parse(args: readonly string[]) {
  try {
    return parseArgs({
      args: [...args],
      allowPositionals: true,
      options: {
        rounds: { type: 'string', default: '7' },
        turn: { type: 'string', default: '300' },
        only: { type: 'string' },
        threads: { type: 'string' },
        all: { type: 'boolean', default: false },
        'dry-run': { type: 'boolean', default: false },
      },
    });
  } catch (error) {
    throw new UsageError((error as Error).message);
  }
}

/** @throws UsageError that says what was expected */
export function parseBenchOptions(args: readonly string[]): BenchOptions {
  const { values, positionals } = parse(args);
  const { only, threads } = values;
  return {
    sections: chosen('section', positionals, sectionNames),
    only: chosen('--only', only?.split(',') ?? [], contestantNames),
    threads: chosen('--threads', threads?.split(',').map(Number) ?? [], [1, 2]),
    rounds: positive('rounds', values.rounds),
    turn: positive('turn', values.turn),
    all: values.all,
    writes: only === undefined && threads === undefined && !values['dry-run'],
  };
}
