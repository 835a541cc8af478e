import type { Json } from '../contract/mime.js';
import type { Trace } from '../rnn/inspect/trace.js';

/** A plain Vega-Lite chart of gradient norms over time, for front ends that do not know our media type. */
export function traceFallback(trace: Trace, title: string): Json {
  const rows = trace.layers.flatMap((layer) =>
    layer.program.states.flatMap(({ name, next }) =>
      [...layer.norms.adjoints[next]!].map((norm, t) => ({
        t,
        series: `${layer.name} ${name}`,
        // A logarithmic axis has no zero.
        norm: Number.isFinite(norm) && norm > 0 ? norm : null,
      })),
    ),
  );
  return {
    $schema: 'https://vega.github.io/schema/vega-lite/v5.json',
    title: [title, ...trace.verdict().findings.map(({ text }) => text)],
    width: 600,
    height: 260,
    data: { values: rows },
    mark: { type: 'line', point: trace.timeSteps <= 40, tooltip: true },
    encoding: {
      x: { field: 't', type: 'quantitative', title: 'time step', axis: { tickMinStep: 1 } },
      y: {
        field: 'norm',
        type: 'quantitative',
        title: 'norm of ∂loss/∂state',
        scale: { type: 'log' },
      },
      color: { field: 'series', type: 'nominal', title: null },
    },
  };
}
