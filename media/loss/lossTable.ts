import type { LossPayload } from '../../kernel/contract/mime.js';
import type { TableData } from '../dataTable.js';
import { formatCount, formatValue } from '../format.js';

const mostRows = 200;

/** Every measurement by training step, thinned evenly where there are many; the last is always there. */
export function toLossTable(payload: LossPayload): TableData[] {
  const bySteps = new Map<number, { seconds: number; values: Map<number, number | null> }>();
  payload.series.forEach(({ step, seconds, value }, series) => {
    step.forEach((at, index) => {
      const row = bySteps.get(at) ?? { seconds: seconds[index]!, values: new Map() };
      row.values.set(series, value[index]!);
      bySteps.set(at, row);
    });
  });
  const steps = [...bySteps.keys()].sort((a, b) => a - b);
  const every = Math.max(1, Math.ceil(steps.length / mostRows));
  const shown = steps.filter((_, index) => (steps.length - 1 - index) % every === 0);
  const tables: TableData[] = [
    {
      caption: captionOf(payload, steps.length, every),
      columns: [
        { title: 'Training step', number: true },
        { title: 'Wall time (s)', number: true },
        ...payload.series.map(({ name }) => ({ title: name, number: true })),
      ],
      rows: shown.map((step) => {
        const { seconds, values } = bySteps.get(step)!;
        const cells = payload.series.map((_, series) => {
          const value = values.get(series);
          return value === undefined ? '' : formatValue(value);
        });
        return [formatCount(step), seconds.toFixed(2), ...cells];
      }),
    },
  ];
  const baselines = payload.baselines ?? [];
  if (baselines.length > 0) {
    tables.push({
      caption: `Baselines, ${payload.unit}`,
      columns: [{ title: 'Baseline' }, { title: 'Value', number: true }],
      rows: baselines.map(({ name, value }) => [name, formatValue(value)]),
    });
  }
  return tables;
}

function captionOf({ unit }: LossPayload, count: number, every: number): string {
  const what = `Measured values, ${unit}`;
  return every === 1 ? what : `${what}: one of every ${every} of ${formatCount(count)} steps`;
}
