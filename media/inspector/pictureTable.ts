import type { TableData } from '../dataTable.js';
import { formatCount, formatValue } from '../format.js';
import type { ChartSide } from './series.js';
import { stageAdjoint } from './stageAdjoint.js';

/** A table may not be longer. */
const mostRows = 1_000;

/** What the unrolled graph shows: norms of every stage's output and of its adjoint, by time step, and attention. */
export const toPictureTables = (side: ChartSide): TableData[] => [
  toNormTable(side),
  ...toAttentionTables(side),
];

/** Where each time step looks, a table for each attention. */
function toAttentionTables({ name, trace }: ChartSide): TableData[] {
  return (trace.attention ?? []).map(({ from, to, queries, keys, weight }) => ({
    caption: `${name === undefined ? '' : `${name}: `}attention of ${trace.stages[to]!.name} (rows, by time step) to ${trace.stages[from]!.name} (columns): weights`,
    columns: [
      { title: 't', number: true },
      ...keys.map((t) => ({ title: String(t), number: true })),
    ],
    rows: queries
      .slice(0, mostRows)
      .map((t, q) => [
        String(t),
        ...Array.from(weight.data.subarray(q * keys.length, (q + 1) * keys.length), (one) =>
          formatValue(one),
        ),
      ]),
  }));
}

function toNormTable({ name, trace }: ChartSide): TableData {
  const { stages, timeSteps } = trace;
  const count = Math.min(timeSteps, mostRows);
  const left = count < timeSteps ? `; the first ${formatCount(count)} of them` : '';
  const text = (norm: number) => formatValue(Number.isFinite(norm) ? norm : null);
  return {
    caption: `${name === undefined ? '' : `${name}: `}norms of values and adjoints by time step${left}`,
    columns: [
      { title: 't', number: true },
      ...stages.flatMap((stage) => [
        { title: stage.name, number: true },
        { title: `adjoint of ${stage.name}`, number: true },
      ]),
    ],
    rows: Array.from({ length: count }, (_, t) => [
      String(t),
      ...stages.flatMap(({ valueNorm }, stage) => [
        text(valueNorm.data[t]!),
        text(stageAdjoint(trace, stage)[t]!),
      ]),
    ]),
  };
}
