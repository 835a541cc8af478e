import type { TraceData } from '../../kernel/contract/trace.js';
import type { TableData } from '../dataTable.js';
import { formatValue } from '../format.js';
import type { Row } from '../vegaView.js';

/** A line or points over time steps. */
export interface Series {
  name: string;
  /** Which hue; series of one layer share it. */
  hue: number;
  dashed: boolean;
  /** Drawn as points, not as a line. */
  isPoints: boolean;
  points: { t: number; value: number }[];
}

/** A table may not be longer; the chart shows all. */
const mostTableRows = 1_000;

/** Norm of the adjoint of every state after each time step. */
export function gradientSeries({ layers }: TraceData): Series[] {
  return layers.flatMap((layer, hue) =>
    layer.states.map(({ name, next }, index) => ({
      name: `${layer.name} · ${name}`,
      hue,
      dashed: index > 0,
      isPoints: false,
      points: toPoints(layer.nodes[next]!.adjointNorm.data),
    })),
  );
}

/** Singular values of each step's Jacobian, and the norm of the product back from the last step. */
export function spectrumSeries({ layers }: TraceData, index: number): Series[] {
  const jacobian = layers[index]?.jacobian;
  if (!jacobian) return [];
  const { steps, ranks, singular, product } = jacobian;
  return [
    {
      name: `‖∂s${subscript(product.from)} / ∂sₜ‖`,
      hue: 0,
      dashed: false,
      isPoints: false,
      points: toPoints(product.norm.data).filter(({ t }) => t <= product.from),
    },
    ...ranks.map((rank, column) => ({
      name: `singular value ${rank + 1}`,
      hue: 1,
      dashed: false,
      isPoints: true,
      points: steps.map((t, row) => ({ t, value: singular.data[row * ranks.length + column]! })),
    })),
  ];
}

/** A trace among those that are compared; without a name where it is alone. */
export interface ChartSide {
  name?: string;
  trace: TraceData;
}

/** Hues of the layers of each side, lowest first: warm for the first, cold for the second. */
const sideHues = [
  [0, 4, 5],
  [1, 3, 2],
] as const;

/** Series of several traces in one chart, told apart by name and hue. */
export function overlay(
  sides: readonly ChartSide[],
  seriesOf: (trace: TraceData) => Series[],
): Series[] {
  if (sides.length === 1) return seriesOf(sides[0]!.trace);
  return sides.flatMap(({ name, trace }, side) =>
    seriesOf(trace).map((one): Series => {
      const hues = sideHues[side]!;
      // Points go with the line that they belong to.
      const hue = hues[(one.isPoints ? 0 : one.hue) % hues.length]!;
      return { ...one, name: `${name}: ${one.name}`, hue };
    }),
  );
}

const toPoints = (numbers: Float32Array): Series['points'] =>
  Array.from(numbers, (value, t) => ({ t, value }));

const subscript = (index: number): string =>
  String(index).replace(/[0-9]/g, (digit) => String.fromCharCode(0x2080 + Number(digit)));

/**
 * Rows for a logarithmic axis, and its ends. What is zero or not finite has no place there and breaks the
 * line; what lies more than twelve decades below the largest is left out.
 */
export function toSeriesRows(series: readonly Series[]): {
  rows: Row[];
  domain: [number, number];
} {
  let high = 0;
  for (const { points } of series)
    for (const { value } of points) if (Number.isFinite(value) && value > high) high = value;
  const floor = high / 1e12;
  let low = high || 1;
  const rows = series.flatMap(({ name, hue, dashed, isPoints, points }) => {
    let stretch = 0;
    return points.flatMap(({ t, value }): Row[] => {
      if (!(Number.isFinite(value) && value > floor)) {
        stretch++;
        return [];
      }
      low = Math.min(low, value);
      return [{ t, value, name, hue, dashed, isPoints, stretch: `${name} ${stretch}` }];
    });
  });
  const top = high || 1;
  return { rows, domain: [Math.min(low, top / 10) / 1.2, top * 1.2] };
}

export function toSeriesTable(caption: string, series: readonly Series[]): TableData {
  const steps = [...new Set(series.flatMap(({ points }) => points.map(({ t }) => t)))].sort(
    (a, b) => a - b,
  );
  const columns = series.map(
    ({ points }) => new Map(points.map(({ t, value }) => [t, value] as const)),
  );
  return {
    caption,
    columns: [
      { title: 't', number: true },
      ...series.map(({ name }) => ({ title: name, number: true })),
    ],
    rows: steps.slice(0, mostTableRows).map((t) => [
      String(t),
      ...columns.map((column) => {
        const value = column.get(t);
        return value === undefined ? '' : formatValue(Number.isFinite(value) ? value : null);
      }),
    ]),
  };
}
