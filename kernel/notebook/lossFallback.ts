import type { Json, LossPayload } from '../contract/mime.js';

/** A plain Vega-Lite loss curve, for front ends that do not know our media type. */
export function lossFallback(payload: LossPayload): Json {
  const { title, unit, series, baselines = [], marks = [] } = payload;
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
      ...(marks.length > 0 ? markLayers(marks) : []),
    ],
  };
}

/** A vertical line at each change of a setting, with what changed. */
function markLayers(marks: { step: number; text: string }[]): Json[] {
  const x = { field: 'step', type: 'quantitative' };
  return [
    { data: { values: marks }, mark: { type: 'rule', strokeDash: [2, 3] }, encoding: { x } },
    {
      data: { values: marks },
      mark: { type: 'text', align: 'left', dx: 4, y: 8 },
      encoding: { x, text: { field: 'text', type: 'nominal' } },
    },
  ];
}
