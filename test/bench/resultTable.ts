/** Results in Markdown, and where they go in docs/benchmarks.md. */
import type { Peak } from './peak.js';
import type { Absence, Timing } from './race.js';
import { median, ratioPerRound, type Ratio } from './statistics.js';
import { flopsPerStep, type Goal, type Workload } from './workloads.js';

export type Outcome = Timing | Absence;

const isTiming = (one: Outcome): one is Timing => 'rounds' in one;

/** Three digits that matter. */
export const digits = (value: number): string =>
  value >= 100 ? value.toFixed(0) : String(Number(value.toPrecision(3)));

const showRatio = ({ median: middle, lowest, highest }: Ratio): string =>
  `${digits(middle)} (${digits(lowest)}–${digits(highest)})`;

export function toMarkdownTable(rows: readonly (readonly string[])[]): string {
  const [head, ...body] = rows;
  const line = (cells: readonly string[]) => `| ${cells.join(' | ')} |`;
  return [line(head!), line(head!.map(() => '---')), ...body.map(line)].join('\n');
}

/** A reason may be what another program printed. */
const inOneCell = (text: string): string => {
  const line = text.replaceAll(/\s+/g, ' ').replaceAll('|', '\\|').trim();
  return line.length > 200 ? `${line.slice(0, 199)}…` : line;
};

/** How long a step, or how many tokens a second, as the workload's task is counted. */
const speeds: Record<Workload['task'], { title: string; of: (ms: number, w: Workload) => number }> =
  {
    train: { title: 'ms per step', of: (ms) => ms },
    forward: { title: 'ms per pass', of: (ms) => ms },
    sample: { title: 'tokens/s', of: (ms, { timeSteps }) => timeSteps / (ms / 1000) },
  };

const isUnroll = ({ entrant }: Outcome, threads: number): boolean =>
  entrant.name === 'unroll' && entrant.threads === threads;

/** One row for each contestant and number of threads; ratios above 1 mean that Unroll is faster. */
export function toResultTable(
  workload: Workload,
  outcomes: readonly Outcome[],
  peak: Peak,
): string {
  const { title, of } = speeds[workload.task];
  const timings = outcomes.filter(isTiming);
  const own = [1, 2].map((threads) => timings.find((one) => isUnroll(one, threads)));
  const ratios = ['time ÷ Unroll’s with 1 thread', 'time ÷ Unroll’s with 2'];
  const columns = ['', 'version', 'threads', title, 'GFLOP/s', 'of peak', ...ratios, 'peak MiB'];
  const rows = outcomes.map((one) => {
    const { label, threads } = one.entrant;
    if (!isTiming(one))
      return [
        label,
        '–',
        String(threads),
        `not measured: ${inOneCell(one.reason)}`,
        '',
        '',
        '',
        '',
        '',
      ];
    const ms = median(one.rounds);
    const gflops = flopsPerStep(one.entrant.workload) / ms / 1e6;
    return [
      label,
      one.version,
      String(threads),
      digits(of(ms, workload)),
      digits(gflops),
      `${digits((100 * gflops) / (peak.gflops * threads))} %`,
      ...own.map((unroll) =>
        one === unroll ? '1' : unroll ? showRatio(ratioPerRound(one.rounds, unroll.rounds)) : '–',
      ),
      (one.peakBytes / 2 ** 20).toFixed(0),
    ];
  });
  return toMarkdownTable([columns, ...rows]);
}

/** A sentence per goal: what was wanted, what was measured. */
export function toGoalLines(workload: Workload, outcomes: readonly Outcome[]): string[] {
  return (workload.goals ?? []).flatMap((goal) => {
    const other = outcomes.find(
      ({ entrant }) => entrant.name === goal.against && entrant.threads === 1,
    );
    if (!other) return [];
    if (!isTiming(other)) return [`- Goal against ${other.entrant.label}: it was not measured.`];
    const parts = [
      toSpeedGoal(goal.oneThread, 1, other, outcomes),
      toSpeedGoal(goal.twoThreads, 2, other, outcomes),
      toMemoryGoal(goal, other, outcomes),
    ].filter((part) => part !== undefined);
    const name = `${other.entrant.label} ${other.version}`;
    return [`- Goal against ${name} with 1 thread: ${parts.join('; ')}.`];
  });
}

function toSpeedGoal(
  wanted: number | undefined,
  threads: number,
  other: Timing,
  outcomes: readonly Outcome[],
): string | undefined {
  if (wanted === undefined) return undefined;
  const goal = `at least ${wanted} times as fast with ${threads} thread${threads > 1 ? 's' : ''}`;
  const own = outcomes.find((one) => isUnroll(one, threads));
  if (!own || !isTiming(own)) return `${goal}, not measured`;
  const ratio = ratioPerRound(other.rounds, own.rounds).median;
  return `${goal}, measured ${digits(ratio)} (${ratio >= wanted ? 'reached' : 'not reached'})`;
}

function toMemoryGoal(
  { memory }: Goal,
  other: Timing,
  outcomes: readonly Outcome[],
): string | undefined {
  const own = outcomes.find((one) => isUnroll(one, 1));
  if (memory === undefined || !own || !isTiming(own)) return undefined;
  const part = own.peakBytes / other.peakBytes;
  return `at most ${memory} of its memory, measured ${digits(part)} (${part <= memory ? 'reached' : 'not reached'})`;
}

/** `text` between the markers of a section. @throws Error if the document does not have them */
export function replaceSection(document: string, section: string, text: string): string {
  const [open, close] = [`<!-- bench:${section} -->`, `<!-- /bench:${section} -->`];
  const [start, end] = [document.indexOf(open), document.indexOf(close)];
  if (start < 0 || end < start)
    throw new Error(`docs/benchmarks.md: expected the markers ${open} and ${close}`);
  return `${document.slice(0, start + open.length)}\n\n${text.trim()}\n\n${document.slice(end)}`;
}
