import type { TraceData } from '../../kernel/contract/trace.js';
import type { TableData } from '../dataTable.js';
import { formatCount, formatValue } from '../format.js';
import { linearScale, logScale, type Palette } from './scales.js';

/** Numbers over time steps, drawn as a heat map. */
export interface Matrix {
  /** The same for the same value of another trace: layer and label. */
  key: string;
  /** What is chosen, e.g. `net.l1 · f`. */
  name: string;
  /** What a number is, for row and column: `unit 3 at t = 5`. */
  place(row: number, column: number): string;
  rowTitle: string;
  rows: readonly number[];
  /** Time steps. */
  columns: readonly number[];
  at(row: number, column: number): number;
  /** The low and the high end of the shades, in words. */
  ends: [string, string];
  shade(value: number, palette: Palette): string;
}

/**
 * Values of every gate and state over time and units, of one sequence, where they are carried.
 * @param among traces that share a scale with it
 */
export function gateMatrices(trace: TraceData, among: readonly TraceData[] = [trace]): Matrix[] {
  return trace.layers.flatMap((layer, at) =>
    layer.nodes.flatMap((node): Matrix[] => {
      const { value, units, once, label, formula } = node;
      if (!value || once || !formula || label === undefined || units.length === 0) return [];
      const sequences = value.shape[1]!;
      const likes = among.flatMap(({ layers }) =>
        (layers[at]?.nodes ?? []).filter((one) => one.formula && one.label === label),
      );
      const high = Math.max(...likes.map(boundOf));
      const count = units.length;
      const isSigned = likes.some((one) => one.value?.data.some((number) => number < 0));
      const end = formatValue(high);
      return [
        {
          key: `${at} ${label}`,
          name: `${layer.name} · ${label}`,
          rowTitle: 'unit',
          rows: units,
          columns: trace.steps,
          at: (row, column) => value.data[column * sequences * count + row]!,
          place: (row, column) => `unit ${units[row]!}, t = ${trace.steps[column]!}`,
          ends: [isSigned ? `−${end}` : '0', end],
          shade: (number, palette) => palette.signed(high > 0 ? number / high : 0).fill,
        },
      ];
    }),
  );
}

/** A gate's shades go to its bounds, so that gates can be compared. */
function boundOf({ saturation, value }: TraceData['layers'][number]['nodes'][number]): number {
  return saturation
    ? Math.max(Math.abs(saturation.low), Math.abs(saturation.high))
    : linearScale(value ? [value.data] : []).high;
}

/** The ledger of every state: ‖∂Lⱼ/∂sₖ‖. @param among traces that share a scale with it */
export function ledgerMatrices(trace: TraceData, among: readonly TraceData[] = [trace]): Matrix[] {
  return trace.layers.flatMap((layer, at) =>
    layer.ledgers.map(({ state, rows, columns, matrix }): Matrix => {
      const scale = logScale(
        among.flatMap(({ layers }) =>
          (layers[at]?.ledgers ?? [])
            .filter((one) => one.state === state)
            .map((one) => one.matrix.data),
        ),
      );
      return {
        key: `${at} ${state}`,
        name: `${layer.name} · ${state}`,
        rowTitle: 'loss at j',
        rows,
        columns,
        at: (row, column) => matrix.data[row * columns.length + column]!,
        place: (row, column) =>
          `‖∂L at j = ${rows[row]!} / ∂${state} after t = ${columns[column]!}‖`,
        ends: [formatValue(scale.low), `${formatValue(scale.high)}, log`],
        shade: (number, palette) =>
          Number.isFinite(number)
            ? palette.adjoint(scale.share(number)).fill
            : palette.notFinite.fill,
      };
    }),
  );
}

/** One value of each trace, drawn beside each other. */
export interface MatrixChoice {
  name: string;
  /** Undefined where that trace has no such value, or does not carry it. */
  matrices: (Matrix | undefined)[];
}

export function toMatrixChoices(lists: readonly Matrix[][]): MatrixChoice[] {
  const keys = [...new Set(lists.flatMap((list) => list.map(({ key }) => key)))];
  return keys.map((key) => {
    const matrices = lists.map((list) => list.find((one) => one.key === key));
    const names = new Set(matrices.flatMap((one) => (one ? [one.name] : [])));
    return { name: [...names].join(', '), matrices };
  });
}

const mostTableRows = 200;
const mostTableColumns = 64;

export function toMatrixTable(matrix: Matrix, caption: string): TableData {
  const units = matrix.rows.slice(0, mostTableColumns);
  const steps = matrix.columns.slice(0, mostTableRows);
  const left =
    units.length < matrix.rows.length || steps.length < matrix.columns.length
      ? `; the first ${formatCount(steps.length)} time steps and ${formatCount(units.length)} of ${matrix.rowTitle}`
      : '';
  return {
    caption: `${caption}, ${matrix.name}${left}`,
    columns: [
      { title: 't', number: true },
      ...units.map((row) => ({ title: `${matrix.rowTitle} ${row}`, number: true })),
    ],
    rows: steps.map((t, column) => [
      String(t),
      ...units.map((_, row) => {
        const value = matrix.at(row, column);
        return formatValue(Number.isFinite(value) ? value : null);
      }),
    ]),
  };
}
