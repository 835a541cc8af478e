import type { Theme } from '../theme.js';
import type { LayerSpec, VegaLiteSpec } from '../vegaView.js';
import type { LineTone, TextKind } from './rows.js';

/** Tip at the point, facing right; turned by the `angle` of its row. */
const arrowHead = 'M0,0L-2,-0.85L-1.5,0L-2,0.85Z';

const pixel = (field: 'x' | 'y') => ({
  field,
  type: 'quantitative' as const,
  scale: null,
  axis: null,
});
const x = pixel('x');
const y = pixel('y');

/**
 * The unrolled graph without its rows. Every place is a pixel that the layout has worked out, so no
 * scale is involved, and expanding a cell or moving in time changes rows only.
 */
export function toGraphSpec(theme: Theme): VegaLiteSpec {
  const box = { x, y, x2: { field: 'x2' }, y2: { field: 'y2' } };
  const highContrast = theme.kind.startsWith('high');
  const state = theme.palette.blue;
  const lineColour = toScale<LineTone>({ flow: theme.line, state });
  const operationFill = toScale({
    weights: theme.tint.blue,
    activation: theme.tint.orange,
    arithmetic: theme.background,
  });
  const operationStroke = toScale({
    weights: highContrast ? theme.foreground : theme.palette.blue,
    activation: highContrast ? theme.foreground : theme.palette.orange,
    arithmetic: theme.line,
  });
  return {
    $schema: 'https://vega.github.io/schema/vega-lite/v6.json',
    background: 'transparent',
    autosize: 'none',
    padding: 0,
    width: 600,
    height: 240,
    layer: [
      {
        name: 'boxes',
        data: { name: 'boxes' },
        mark: { type: 'rect', cornerRadius: 5, strokeWidth: 1 },
        encoding: {
          ...box,
          fill: toScale({
            recurrent: theme.tint.blue,
            plain: theme.surface,
            open: theme.background,
          }),
          stroke: toScale({ recurrent: state, plain: theme.line, open: state }),
        },
      },
      {
        name: 'lines',
        data: { name: 'lines' },
        mark: { type: 'line', strokeWidth: 1.25, interpolate: 'linear', strokeJoin: 'round' },
        encoding: {
          x,
          y,
          stroke: lineColour,
          detail: { field: 'edge', type: 'nominal' },
          order: { field: 'at', type: 'quantitative' },
        },
      },
      {
        name: 'heads',
        data: { name: 'heads' },
        mark: { type: 'point', shape: arrowHead, size: 52, strokeWidth: 0, opacity: 1 },
        encoding: {
          x,
          y,
          fill: lineColour,
          angle: { field: 'angle', type: 'quantitative', scale: null },
        },
      },
      {
        name: 'operations',
        data: { name: 'operations' },
        mark: { type: 'rect', cornerRadius: 12, strokeWidth: 1 },
        encoding: { ...box, fill: operationFill, stroke: operationStroke },
      },
      {
        name: 'dots',
        data: { name: 'dots' },
        mark: { type: 'point', filled: true, size: 26, opacity: 1, color: theme.line },
        encoding: { x, y },
      },
      ...toTextLayers(theme),
    ],
    config: { font: theme.font, view: { stroke: null }, aria: false },
    resolve: { scale: { fill: 'independent', stroke: 'independent' } },
  };
}

function toTextLayers(theme: Theme): LayerSpec[] {
  const texts: Record<TextKind, object> = {
    token: { font: theme.monospace, fontSize: 13, color: theme.foreground },
    index: { fontSize: 11, color: theme.muted },
    cell: { fontSize: 11, color: theme.foreground },
    state: {
      fontSize: 11,
      fontStyle: 'italic',
      color: theme.textPalette.blue,
      baseline: 'alphabetic',
    },
    glyph: { fontSize: 12, color: theme.foreground },
    gate: {
      fontSize: 12,
      fontStyle: 'italic',
      fontWeight: 600,
      color: theme.foreground,
    },
    caption: { font: theme.monospace, fontSize: 10, color: theme.muted },
  };
  return Object.entries(texts).map(([kind, mark]) => ({
    name: `${kind}Texts`,
    data: { name: 'texts' },
    transform: [{ filter: { field: 'kind', equal: kind } }],
    mark: { type: 'text', align: 'center', baseline: 'middle', ...mark },
    encoding: { x, y, text: { field: 'text' } },
  }));
}

function toScale<T extends string>(colours: Record<T, string>) {
  return {
    field: 'tone',
    type: 'nominal' as const,
    scale: { domain: Object.keys(colours), range: Object.values<string>(colours) },
    legend: null,
  };
}
