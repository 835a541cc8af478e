/** How the time of a training step grows with the sizes, measured, fitted and drawn. */
import { View, parse } from 'vega';
import { compile, type TopLevelSpec } from 'vega-lite';
import type { Absence, Timing } from './race.js';
import { digits, toMarkdownTable } from './resultTable.js';
import { fitExponent, median } from './statistics.js';
import type { Workload } from './workloads.js';

const base: Workload = {
  title: 'LSTM 128: input 64, T 50, B 16, one layer, head of 64, MSE at every step',
  task: 'train',
  cell: 'lstm',
  numLayers: 1,
  timeSteps: 50,
  batchSize: 16,
  inputSize: 64,
  hiddenSize: 128,
  outputSize: 64,
  loss: 'mse',
  lossAt: 'everyStep',
};

/** One size is varied, the others stay as in `base`. */
const variedSizes = {
  timeSteps: { symbol: 'T', title: 'time steps T', sizes: [25, 50, 100, 200, 400] },
  batchSize: { symbol: 'B', title: 'batch size B', sizes: [4, 8, 16, 32, 64] },
  hiddenSize: { symbol: 'H', title: 'hidden size H', sizes: [32, 64, 128, 256, 512] },
  numLayers: { symbol: 'layers', title: 'layers', sizes: [1, 2, 3, 4, 5] },
} as const;

export type VariedSize = keyof typeof variedSizes;

export interface Growth {
  readonly varied: VariedSize;
  readonly points: readonly { readonly size: number; readonly ms: number }[];
  readonly exponent: number;
}

export const growthBase = base.title;
export const variedNames = Object.keys(variedSizes) as VariedSize[];

export const growthWorkloads = (varied: VariedSize): Workload[] =>
  variedSizes[varied].sizes.map((size) => ({ ...base, [varied]: size }));

/** @throws Error with its reason if an entrant did not run */
export function toGrowth(varied: VariedSize, outcomes: readonly (Timing | Absence)[]): Growth {
  const points = outcomes.map((one) => {
    if ('reason' in one) throw new Error(`growth with ${varied}: ${one.reason}`);
    return { size: one.entrant.workload[varied], ms: median(one.rounds) };
  });
  const sizes = points.map(({ size }) => size);
  const exponent = fitExponent(
    sizes,
    points.map(({ ms }) => ms),
  );
  return { varied, points, exponent };
}

export function toGrowthTable(growths: readonly Growth[]): string {
  const rows = growths.map(({ varied, points, exponent }) => [
    variedSizes[varied].symbol,
    ...points.map(({ size, ms }) => `${size}: ${digits(ms)}`),
    digits(exponent),
  ]);
  const head = ['varied', ...Array.from({ length: 5 }, () => 'size: ms'), 'exponent'];
  return toMarkdownTable([head, ...rows]);
}

const axisTicks = [0.01, 0.1, 1, 10, 100, 1000].flatMap((power) => [power, 2 * power, 5 * power]);

/** Both axes logarithmic, so that a power of the size is a line; the grey one is proportional growth. */
function toGrowthSpec(growths: readonly Growth[]): TopLevelSpec {
  const panel = ({ varied, points, exponent }: Growth) => {
    const { title, symbol } = variedSizes[varied];
    // The line of proportional growth goes through the points' middle.
    const middle = (of: (point: Growth['points'][number]) => number): number =>
      Math.exp(points.reduce((sum, point) => sum + Math.log(of(point)), 0) / points.length);
    const slope = middle(({ ms }) => ms) / middle(({ size }) => size);
    const values = points.map((point) => ({ ...point, proportional: slope * point.size }));
    const x = {
      field: 'size',
      type: 'quantitative',
      title,
      scale: { type: 'log', nice: false },
      axis: { values: points.map(({ size }) => size), grid: false },
    } as const;
    const y = (field: string) =>
      ({
        field,
        type: 'quantitative',
        title: 'ms per step',
        scale: { type: 'log', nice: false, padding: 8 },
        axis: { values: axisTicks },
      }) as const;
    const line = (field: string, color: string, point: boolean) => ({
      mark: { type: 'line', color, point: point && { color } } as const,
      encoding: { x, y: y(field) },
    });
    return {
      title: `time ∝ ${symbol}^${exponent.toFixed(2)}`,
      width: 220,
      height: 160,
      data: { values },
      layer: [line('proportional', '#bbbbbb', false), line('ms', '#2f6fb3', true)],
    };
  };
  return {
    $schema: 'https://vega.github.io/schema/vega-lite/v6.json',
    background: 'white',
    columns: 2,
    concat: growths.map(panel),
  };
}

export const drawGrowth = (growths: readonly Growth[]): Promise<string> =>
  new View(parse(compile(toGrowthSpec(growths)).spec), { renderer: 'none' }).toSVG();
