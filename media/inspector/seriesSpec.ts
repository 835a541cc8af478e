import type { Theme } from '../theme.js';
import { flowHues } from './scales.js';
import type { VegaLiteSpec } from '../vegaView.js';

export const seriesPadding = { left: 58, right: 14, top: 10, bottom: 34 };

export function seriesHues(theme: Theme): string[] {
  const { forward, backward } = flowHues[theme.kind];
  const { green, purple, red, yellow } = theme.palette;
  return [backward, forward, green, purple, red, yellow];
}

/** Lines over time steps on a logarithmic axis, the current step and a level marked. */
export function toSeriesSpec(
  theme: Theme,
  axes: { title: string; timeSteps: number; domain: [number, number]; points: boolean },
): VegaLiteSpec {
  const x = {
    field: 't',
    type: 'quantitative' as const,
    scale: { domain: [0, Math.max(1, axes.timeSteps - 1)], nice: false },
    axis: { title: 'time step', format: 'd', tickMinStep: 1, grid: false },
  };
  const y = {
    field: 'value',
    type: 'quantitative' as const,
    scale: { type: 'log' as const, domain: axes.domain, nice: false },
    axis: { title: axes.title, format: '.0e', tickCount: 5 },
  };
  const colour = {
    field: 'hue',
    type: 'ordinal' as const,
    scale: { domain: [0, 1, 2, 3, 4, 5], range: seriesHues(theme) },
    legend: null,
  };
  const dash = {
    field: 'dashed',
    type: 'nominal' as const,
    scale: {
      domain: [false, true],
      range: [
        [1, 0],
        [5, 3],
      ],
    },
    legend: null,
  };
  const lines = { x, y, stroke: colour, detail: { field: 'stretch', type: 'nominal' as const } };
  return {
    $schema: 'https://vega.github.io/schema/vega-lite/v6.json',
    background: 'transparent',
    autosize: 'none',
    padding: seriesPadding,
    width: 600,
    height: 150,
    layer: [
      {
        name: 'levels',
        data: { name: 'levels' },
        mark: { type: 'rule', strokeDash: [2, 3], color: theme.muted },
        encoding: { y },
      },
      {
        name: 'now',
        data: { name: 'now' },
        mark: { type: 'rule', strokeWidth: 1.5, color: theme.foreground },
        encoding: { x },
      },
      {
        name: 'lines',
        data: { name: 'lines' },
        mark: { type: 'line', strokeWidth: 1.8 },
        encoding: { ...lines, strokeDash: dash },
      },
      {
        name: 'points',
        data: { name: 'points' },
        mark: { type: 'point', filled: true, size: axes.points ? 13 : 22, opacity: 0.75 },
        encoding: { x, y, fill: colour },
      },
    ],
    config: {
      font: theme.font,
      view: { stroke: null },
      aria: false,
      axis: {
        labelColor: theme.muted,
        titleColor: theme.muted,
        titleFontWeight: 'normal',
        domainColor: theme.line,
        tickColor: theme.line,
        gridColor: theme.grid,
        labelFontSize: 11,
        titleFontSize: 11,
      },
    },
  };
}
