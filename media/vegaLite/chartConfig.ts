import type { Theme } from '../theme.js';

/** The look of a chart that says nothing of its own. */
export function toChartConfig({ foreground, muted, line, grid, categories, font }: Theme) {
  const text = { labelColor: muted, titleColor: foreground };
  return {
    background: 'transparent',
    font,
    axis: {
      ...text,
      domainColor: line,
      tickColor: line,
      gridColor: grid,
      titleFontWeight: 'normal',
    },
    legend: text,
    header: text,
    title: { color: foreground, subtitleColor: muted },
    view: { stroke: grid },
    mark: { color: categories[0]! },
    text: { fill: foreground },
    rule: { color: muted },
    range: { category: categories },
  };
}
