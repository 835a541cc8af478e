import type { Hue, Theme } from '../theme.js';
import type { LayerSpec, VegaLiteSpec } from '../vegaView.js';
import { coloursPerRole, type LossOptions } from './lines.js';
import type { LossDrawing } from './rows.js';

/** Room around the plot that does not depend on the data; labels right of the plot stand outside. */
export const lossPadding = { left: 56, top: 32, right: 4, bottom: 40 };

const trainingHues: Hue[] = ['blue', 'green', 'purple'];
const validationHues: Hue[] = ['orange', 'red', 'yellow'];

/** The colours that a row's `colour` stands for, by index. */
export function seriesColours(theme: Theme, use: 'palette' | 'textPalette' = 'palette'): string[] {
  const colours = Array.from({ length: coloursPerRole }, (_, index) => [
    theme[use][trainingHues[index % trainingHues.length]!],
    theme[use][validationHues[index % validationHues.length]!],
  ]);
  return [...colours.flat(), theme.muted];
}

/**
 * The chart without its data. It depends on the reader's choices and the theme, not on the run, so that
 * a run that goes on changes rows and parameters (`toLossSignals`) only and the view stays.
 */
export function toLossSpec(unit: string, options: LossOptions, theme: Theme): VegaLiteSpec {
  return {
    $schema: 'https://vega.github.io/schema/vega-lite/v6.json',
    background: 'transparent',
    autosize: 'none',
    padding: lossPadding,
    width: 600,
    height: 240,
    params: [
      { name: 'xDomain', value: [0, 1] },
      { name: 'xTicks', value: [] },
      { name: 'xFormat', value: ',.0f' },
      { name: 'xDivisor', value: 1 },
      { name: 'xSuffix', value: '' },
      { name: 'yDomain', value: [0.1, 1] },
      { name: 'yTicks', value: [] },
      { name: 'yFormat', value: '.1f' },
    ],
    layer: toLayers(unit, options, theme),
    config: {
      font: theme.font,
      view: { stroke: null },
      aria: false,
      customFormatTypes: false,
    },
  };
}

/** Values of the specification's parameters: what of its axes follows the data. */
export function toLossSignals({ x, y }: Pick<LossDrawing, 'x' | 'y'>): Record<string, unknown> {
  return {
    xDomain: x.domain,
    xTicks: x.ticks,
    xFormat: x.format,
    xDivisor: x.divisor,
    xSuffix: x.suffix,
    yDomain: y.domain,
    yTicks: y.ticks,
    yFormat: y.format,
  };
}

/** Back to front. */
function toLayers(unit: string, options: LossOptions, theme: Theme): LayerSpec[] {
  const { x, y } = toAxes(unit, options, theme);
  const colour = toColour(seriesColours(theme));
  const series = { field: 'series', type: 'nominal' as const };
  const pixelX = { field: 'px', type: 'quantitative' as const, scale: null, axis: null };
  const pixelY = { field: 'py', type: 'quantitative' as const, scale: null, axis: null };
  const label = {
    type: 'text' as const,
    align: 'left' as const,
    baseline: 'middle' as const,
    fontSize: 12,
  };
  const gapPath = 'M-1,-1L1,-1L0,0.8Z';
  return [
    {
      name: 'marks',
      data: { name: 'marks' },
      mark: { type: 'rule', color: theme.line, strokeWidth: 1, strokeDash: [1, 3] },
      encoding: { x },
    },
    {
      name: 'markTexts',
      data: { name: 'markTexts' },
      mark: { type: 'text', align: 'left', baseline: 'bottom', fontSize: 11, color: theme.muted },
      encoding: { x: pixelX, y: { value: -12 }, text: { field: 'text' } },
    },
    {
      name: 'baselines',
      data: { name: 'baselines' },
      mark: { type: 'rule', color: theme.muted, strokeWidth: 1, strokeDash: [5, 4] },
      encoding: { y },
    },
    {
      name: 'measured',
      data: { name: 'measured' },
      mark: { type: 'line', strokeWidth: 1, opacity: theme.faint },
      encoding: { x, y, color: colour, detail: series },
    },
    {
      name: 'curves',
      data: { name: 'curves' },
      mark: { type: 'line', strokeWidth: 1.75, strokeJoin: 'round' },
      encoding: { x, y, color: colour, detail: series },
    },
    {
      name: 'dots',
      data: { name: 'dots' },
      mark: { type: 'point', size: 24, strokeWidth: 1.5, fill: theme.background, opacity: 1 },
      encoding: { x, y, color: colour },
    },
    {
      name: 'tips',
      data: { name: 'tips' },
      mark: { type: 'point', filled: true, size: 34, opacity: 1 },
      encoding: { x, y, color: colour },
    },
    {
      name: 'gaps',
      data: { name: 'gaps' },
      mark: { type: 'point', shape: gapPath, filled: true, size: 60, opacity: 1 },
      encoding: { x, y: { value: -5 }, color: { value: theme.error } },
    },
    {
      // Keeps a label readable where a line runs through it.
      name: 'labelHalos',
      data: { name: 'labels' },
      mark: {
        ...label,
        stroke: theme.background,
        strokeWidth: 4,
        strokeJoin: 'round',
        fill: theme.background,
      },
      encoding: { x: pixelX, y: pixelY, text: { field: 'text' } },
    },
    {
      name: 'labels',
      data: { name: 'labels' },
      mark: label,
      encoding: {
        x: pixelX,
        y: pixelY,
        text: { field: 'text' },
        fill: toColour(seriesColours(theme, 'textPalette')),
      },
    },
    {
      name: 'hoverRule',
      data: { name: 'hoverRule' },
      mark: { type: 'rule', color: theme.foreground, strokeWidth: 1, opacity: 0.6 },
      encoding: { x },
    },
    {
      name: 'hoverDots',
      data: { name: 'hoverDots' },
      mark: {
        type: 'point',
        filled: true,
        size: 46,
        opacity: 1,
        stroke: theme.background,
        strokeWidth: 1.5,
      },
      encoding: { x, y, color: colour },
    },
  ];
}

function toAxes(unit: string, options: LossOptions, theme: Theme) {
  const axis = {
    domainColor: theme.line,
    tickColor: theme.line,
    labelColor: theme.muted,
    titleColor: theme.muted,
    titleFontWeight: 'normal' as const,
    labelFontSize: 11,
    titleFontSize: 11,
    labelPadding: 6,
    labelOverlap: true,
    labelFlush: false,
  };
  const x = {
    field: 'x',
    type: 'quantitative' as const,
    scale: { domain: { expr: 'xDomain' }, nice: false, zero: false },
    axis: {
      ...axis,
      title: options.x === 'step' ? 'training step' : 'wall time',
      titleAnchor: 'end' as const,
      titlePadding: 8,
      values: { expr: 'xTicks' },
      labelExpr: 'format(datum.value / xDivisor, xFormat) + xSuffix',
      grid: false,
      tickSize: 4,
    },
  };
  const y = {
    field: 'y',
    type: 'quantitative' as const,
    scale: {
      type: options.y,
      domain: { expr: 'yDomain' },
      nice: false,
      ...(options.y === 'linear' ? { zero: false } : {}),
    },
    axis: {
      ...axis,
      title: options.y === 'log' ? `${unit} (log)` : unit,
      titleAnchor: 'end' as const,
      titleAngle: 0,
      titleAlign: 'left' as const,
      titleBaseline: 'bottom' as const,
      titleX: 8 - lossPadding.left,
      titleY: -12,
      values: { expr: 'yTicks' },
      labelExpr: 'format(datum.value, yFormat)',
      grid: true,
      gridColor: theme.grid,
      domain: false,
      ticks: false,
    },
  };
  return { x, y };
}

function toColour(colours: string[]) {
  return {
    field: 'colour',
    type: 'nominal' as const,
    scale: { domain: colours.map((_, index) => index), range: colours },
    legend: null,
  };
}
