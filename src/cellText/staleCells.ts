/**
 * Which cells show what is out of date: they read a name of an earlier cell that was edited since, or ran again
 * with other code. A cell that ran again as it was changed nothing.
 */
import { namesIn } from './maskedCode.js';

/** A cell as it ran. */
export interface CellRun {
  code: string;
  /** The names that it set. */
  sets: readonly string[];
  /** The code and what it was computed from: equal where both are. */
  version: string;
  /** The versions of the cells whose names it read, by name. */
  reads: ReadonlyMap<string, string>;
}

export interface NotebookCellState {
  code: string;
  /** Undefined: it did not run in this kernel. */
  run?: CellRun;
}

export interface Staleness {
  /** Index of the earlier cell that is the reason. */
  cell: number;
  reason: 'edited' | 'ranAgain' | 'stale';
}

/** What to remember of a cell that has run. */
export function toRun(
  cells: readonly NotebookCellState[],
  index: number,
  code: string,
  sets: readonly string[],
): CellRun {
  const reads = new Map<string, string>();
  for (const [name, provider] of providersOf(cells, index, code))
    reads.set(name, cells[provider]!.run!.version);
  const version = JSON.stringify([code, [...reads].sort()]);
  return { code, sets, reads, version: digest(version) };
}

/** One entry for each cell. */
export function staleCells(cells: readonly NotebookCellState[]): (Staleness | undefined)[] {
  const found: (Staleness | undefined)[] = [];
  cells.forEach(({ run }, index) => {
    found.push(run && staleness(cells, index, run, found));
  });
  return found;
}

function staleness(
  cells: readonly NotebookCellState[],
  index: number,
  run: CellRun,
  before: readonly (Staleness | undefined)[],
): Staleness | undefined {
  for (const [name, provider] of providersOf(cells, index, run.code)) {
    const earlier = cells[provider]!;
    const read = run.reads.get(name);
    if (earlier.code !== earlier.run!.code) return { cell: provider, reason: 'edited' };
    if (earlier.run!.version !== read) return { cell: provider, reason: 'ranAgain' };
    if (before[provider]) return { cell: provider, reason: 'stale' };
  }
  return undefined;
}

/** Name → the nearest cell above that set it, of the names that the code mentions. */
function providersOf(
  cells: readonly NotebookCellState[],
  index: number,
  code: string,
): [name: string, provider: number][] {
  return [...namesIn(code)].flatMap((name): [string, number][] => {
    const provider = cells
      .slice(0, index)
      .findLastIndex(({ run }) => run?.sets.includes(name) === true);
    return provider < 0 ? [] : [[name, provider]];
  });
}

/** 64 bits of a text: versions hold versions, and are to stay short. */
function digest(text: string): string {
  let [a, b] = [0xdeadbeef, 0x41c6ce57];
  for (let i = 0; i < text.length; i++) {
    const one = text.charCodeAt(i);
    a = Math.imul(a ^ one, 2654435761);
    b = Math.imul(b ^ one, 1597334677);
  }
  return `${(a >>> 0).toString(36)}${(b >>> 0).toString(36)}`;
}
