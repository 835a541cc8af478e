import type { Json, LossPayload } from '../contract/mime.js';

/** A plain Vega-Lite loss curve, for front ends that do not know our media type. */
export function lossFallback({ title, unit, series, baselines = [] }: LossPayload): Json {
  const rows = series.flatMap(({ name, step, value }) =>
    step.map((at, i) => ({ series: name, step: at, value: value[i] ?? null })),
  );
  return {
    $schema: 'https://vega.github.io/schema/vega-lite/v5.json',
    title,
    width: 600,
    height: 260,
    layer: [
      {
        data: { values: rows },
        mark: { type: 'line', interpolate: 'linear' },
        encoding: {
          x: { field: 'step', type: 'quantitative', title: 'training step' },
          y: { field: 'value', type: 'quantitative', title: unit, scale: { zero: false } },
          color: { field: 'series', type: 'nominal', title: null },
        },
      },
      {
        data: { values: baselines },
        mark: { type: 'rule', strokeDash: [4, 4] },
        encoding: { y: { field: 'value', type: 'quantitative' } },
      },
      {
        data: { values: baselines },
        mark: { type: 'text', align: 'left', dx: 4, dy: -5, x: 0 },
        encoding: {
          y: { field: 'value', type: 'quantitative' },
          text: { field: 'name', type: 'nominal' },
        },
      },
    ],
  };
}
