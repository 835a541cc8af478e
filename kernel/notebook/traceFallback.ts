import type { Json } from '../contract/mime.js';
import type { Trace } from '../rnn/inspect/trace.js';

/** A plain Vega-Lite chart of gradient norms over time, for front ends that do not know our media type. */
export function traceFallback(trace: Trace, title: string): Json {
  const notes = trace.verdict().findings.map(({ text }) => text);
  return normChart([title, ...notes], normRows(trace, ''), trace.timeSteps <= 40);
}

/** The same of two traces, on one scale. */
export function comparisonFallback(
  title: string,
  traces: readonly { name: string; trace: Trace }[],
): Json {
  const notes = traces.map(({ name, trace }) => `${name}: ${trace.verdict().sentence}`);
  const rows = traces.flatMap(({ name, trace }) => normRows(trace, `${name}: `));
  return normChart([title, ...notes], rows, rows.length <= 160);
}

const normRows = (trace: Trace, prefix: string): Json[] =>
  trace.layers.flatMap((layer) =>
    layer.program.states.flatMap(({ name, next }) =>
      [...layer.norms.adjoints[next]!].map((norm, t) => ({
        t: layer.start + t,
        series: `${prefix}${layer.name} ${name}`,
        // A logarithmic axis has no zero.
        norm: Number.isFinite(norm) && norm > 0 ? norm : null,
      })),
    ),
  );

const normChart = (title: string[], values: Json[], point: boolean): Json => ({
  $schema: 'https://vega.github.io/schema/vega-lite/v5.json',
  title,
  width: 600,
  height: 260,
  data: { values },
  mark: { type: 'line', point, tooltip: true },
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
});
