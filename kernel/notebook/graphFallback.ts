import type { GraphPayload, Json } from '../contract/mime.js';

/** Most time steps that the plain picture draws. */
const mostColumns = 40;

/** A plain Vega-Lite drawing of the unrolled layers, for front ends that do not know our media type. */
export function graphFallback({ title, timeSteps, layers }: GraphPayload): Json {
  const columns = Math.min(timeSteps, mostColumns);
  const cells: Json[] = [];
  const edges: Json[] = [];
  layers.forEach(({ name, type, from, cell }, row) => {
    for (let t = 1; t <= columns; t++) {
      cells.push({ t, layer: row + 1, name, type });
      for (const below of from) edges.push({ t, layer: below + 1, t2: t, layer2: row + 1 });
      if (cell && t < columns) edges.push({ t, layer: row + 1, t2: t + 1, layer2: row + 1 });
    }
  });
  const x: Json = {
    field: 't',
    type: 'quantitative',
    title: 'time step',
    scale: { domain: [0, columns + 1] },
    axis: { tickMinStep: 1, grid: false },
  };
  const y: Json = {
    field: 'layer',
    type: 'quantitative',
    title: null,
    scale: { domain: [-0.5, layers.length + 0.5] },
    axis: null,
  };
  return {
    $schema: 'https://vega.github.io/schema/vega-lite/v5.json',
    title: columns < timeSteps ? `${title} (first ${columns} of ${timeSteps} time steps)` : title,
    width: Math.max(240, columns * 60),
    height: (layers.length + 1) * 60,
    layer: [
      {
        data: { values: edges },
        mark: { type: 'rule', color: 'gray' },
        encoding: { x, y, x2: { field: 't2' }, y2: { field: 'layer2' } },
      },
      {
        data: { values: cells },
        mark: { type: 'square', size: 900, opacity: 1, tooltip: true },
        encoding: {
          x,
          y,
          color: { field: 'name', type: 'nominal', title: null },
          tooltip: [{ field: 'name' }, { field: 'type' }, { field: 't' }],
        },
      },
    ],
  };
}
