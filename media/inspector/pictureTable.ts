import type { TableData } from '../dataTable.js';
import { formatCount, formatValue } from '../format.js';
import type { ChartSide } from './series.js';
import { stageAdjoint } from './stageAdjoint.js';

/** A table may not be longer. */
const mostRows = 1_000;

/** What the unrolled graph shows: norms of every stage's output and of its adjoint, by time step. */
export function toPictureTable({ name, trace }: ChartSide): TableData {
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
