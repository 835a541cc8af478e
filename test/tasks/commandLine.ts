/** What `npm run tasks -- …` was asked for. */
import { parseArgs } from 'node:util';

export interface TaskRunOptions {
  /** Names of tasks. */
  readonly names: readonly string[];
  /** Seeds 1 … n. */
  readonly seeds: number;
  /** Whether docs/tasks.md is written: not when less than all was run. */
  readonly writes: boolean;
}

/** A command line that makes no sense. */
export class UsageError extends Error {
  override readonly name = 'UsageError';
}

/** How many seeds count. */
const allSeeds = 5;

export const usage = (known: readonly string[]): string => `npm run tasks -- [task …] [options]
  tasks          ${known.join(' ')}; all where none is named
  --seeds <n>    seeds 1 to n, ${allSeeds}
  --dry-run      leave docs/tasks.md as it is; so do named tasks and fewer seeds`;

/** @throws UsageError that says what was expected */
export function parseTaskOptions(
  args: readonly string[],
  known: readonly string[],
): TaskRunOptions {
  const { values, positionals } = parse(args);
  const unknown = positionals.filter((name) => !known.includes(name));
  if (unknown.length > 0)
    throw new UsageError(`expected tasks of ${known.join(', ')}, got ${unknown.join(', ')}`);
  const seeds = Number(values.seeds);
  if (!Number.isInteger(seeds) || seeds < 1)
    throw new UsageError(`--seeds: expected a whole number of at least 1, got '${values.seeds}'`);
  return {
    names: positionals.length > 0 ? positionals : known,
    seeds,
    writes: !values['dry-run'] && positionals.length === 0 && seeds >= allSeeds,
  };
}

function parse(args: readonly string[]) {
  try {
    return parseArgs({
      args: [...args],
      allowPositionals: true,
      options: {
        seeds: { type: 'string', default: String(allSeeds) },
        'dry-run': { type: 'boolean', default: false },
      },
    });
  } catch (error) {
    throw new UsageError((error as Error).message);
  }
}
