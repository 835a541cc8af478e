import type { Theme } from '../theme.js';
import type { LayerSpec, VegaLiteSpec } from '../vegaView.js';

const arrowHead = 'M0,0L-2,-0.95L-1.6,0L-2,0.95Z';

/** Kinds of text that stand inside a cell. */
const insideKinds: readonly string[] = ['glyph', 'gate', 'caption'];

const given = (field: string) => ({ field, type: 'quantitative' as const, scale: null });
const colour = (field: string) => ({ field, type: 'nominal' as const, scale: null });
const pixel = (field: 'x' | 'y') => ({ ...given(field), axis: null });
const place = { x: pixel('x'), y: pixel('y') };
const span = { ...place, x2: { field: 'x2' }, y2: { field: 'y2' } };

/**
 * The unrolled graph and the inside of a cell, without rows. Places are pixels and colours are colours, worked
 * out in `picture.ts`, so a step of the walk changes rows only.
 */
export function toInspectorSpec(theme: Theme): VegaLiteSpec {
  return {
    $schema: 'https://vega.github.io/schema/vega-lite/v6.json',
    background: 'transparent',
    autosize: 'none',
    padding: 0,
    width: 600,
    height: 300,
    layer: [
      {
        name: 'bands',
        data: { name: 'bands' },
        mark: { type: 'rect', cornerRadius: 4 },
        encoding: { ...span, fill: colour('fill') },
      },
      {
        name: 'rules',
        data: { name: 'rules' },
        mark: { type: 'rule' },
        encoding: {
          ...span,
          stroke: colour('stroke'),
          strokeWidth: given('strokeWidth'),
          opacity: given('opacity'),
          strokeDash: {
            field: 'dash',
            type: 'nominal',
            scale: {
              domain: [0, 1],
              range: [
                [1, 0],
                [4, 4],
              ],
            },
            legend: null,
          },
        },
      },
      {
        name: 'curves',
        data: { name: 'curves' },
        mark: { type: 'line', strokeJoin: 'round', strokeCap: 'round' },
        encoding: {
          ...place,
          stroke: colour('stroke'),
          strokeWidth: given('strokeWidth'),
          opacity: given('opacity'),
          detail: { field: 'edge', type: 'nominal' },
          order: { field: 'at', type: 'quantitative' },
        },
      },
      ...['heads', 'insideHeads'].map((name) => headLayer(name)),
      ...['boxes', 'insideBoxes'].map((name) => boxLayer(name)),
      {
        name: 'dots',
        data: { name: 'dots' },
        mark: { type: 'point', filled: true, opacity: 1, strokeWidth: 0 },
        encoding: { ...place, fill: colour('fill'), size: given('size') },
      },
      ...toTextLayers(theme),
    ],
    config: { font: theme.font, view: { stroke: null }, aria: false },
  };
}

function headLayer(name: string): LayerSpec {
  return {
    name,
    data: { name },
    mark: { type: 'point', shape: arrowHead, strokeWidth: 0 },
    encoding: {
      ...place,
      fill: colour('fill'),
      angle: given('angle'),
      size: given('size'),
      opacity: given('opacity'),
    },
  };
}

function boxLayer(name: string): LayerSpec {
  return {
    name,
    data: { name },
    mark: { type: 'rect', cornerRadius: { expr: 'datum.corner' } },
    encoding: {
      ...span,
      fill: colour('fill'),
      stroke: colour('stroke'),
      strokeWidth: given('strokeWidth'),
    },
  };
}

function toTextLayers(theme: Theme): LayerSpec[] {
  const texts: Record<string, object> = {
    token: { font: theme.monospace, fontSize: 13 },
    index: { fontSize: 11 },
    strong: { fontSize: 12, fontWeight: 700 },
    number: { fontSize: 10.5 },
    glyph: { fontSize: 13 },
    gate: { fontSize: 13, fontStyle: 'italic', fontWeight: 600 },
    caption: { font: theme.monospace, fontSize: 10 },
  };
  return Object.entries(texts).map(([kind, mark]) => ({
    name: `${kind}Texts`,
    data: { name: insideKinds.includes(kind) ? 'insideTexts' : 'texts' },
    transform: [{ filter: { field: 'kind', equal: kind } }],
    mark: { type: 'text', align: 'center', baseline: 'middle', ...mark },
    encoding: { ...place, text: { field: 'text' }, fill: colour('fill') },
  }));
}
