import { element } from '../element.js';
import type { Theme } from '../theme.js';
import { type Row, type VegaLiteSpec, VegaView } from '../vegaView.js';
import { type Series, toSeriesRows } from './series.js';
import { seriesHues, seriesPadding, toSeriesSpec } from './seriesSpec.js';

const chartHeight = 150;
/** Points on the lines where there is room for them. */
const mostPointed = 40;
const mostNamed = 12;

/** Lines and points over time steps, with a mark at the current one. */
export interface SeriesChart {
  root: HTMLElement;
  legend: HTMLElement;
  /** Works out what is drawn; after a change of trace, tab or theme. */
  prepare(
    chart: {
      series: readonly Series[];
      title: string;
      label: string;
      timeSteps: number;
      level?: number;
    },
    theme: Theme,
  ): void;
  /** Draws; a step of the walk moves the mark alone. */
  draw(width: number, now: number | undefined): void;
  dispose(): void;
}

interface Prepared {
  spec: VegaLiteSpec;
  lines: Row[];
  points: Row[];
  levels: Row[];
}

export function createSeriesChart(goTo: (t: number) => void): SeriesChart {
  const root = element('div', {
    class: 'stage chart',
    attributes: { role: 'img', tabindex: '0' },
  });
  const legend = element('span', { class: 'legend' });
  const vega = new VegaView(root);
  let prepared: Prepared | undefined;
  let last = 0;
  let current = 0;
  root.addEventListener('click', (event) => {
    const { left, width } = root.getBoundingClientRect();
    const room = width - seriesPadding.left - seriesPadding.right;
    const share = (event.clientX - left - seriesPadding.left) / room;
    goTo(Math.round(Math.min(1, Math.max(0, share)) * last));
  });
  root.addEventListener('keydown', (event) => {
    const by = { ArrowLeft: -1, ArrowRight: 1 }[event.key];
    if (by === undefined || event.altKey || event.ctrlKey || event.metaKey) return;
    event.preventDefault();
    event.stopPropagation();
    goTo(Math.min(last, Math.max(0, current + by)));
  });
  return {
    root,
    legend,
    prepare: ({ series, title, label, timeSteps, level }, theme) => {
      const { rows, domain } = toSeriesRows(series);
      const hues = seriesHues(theme);
      const coloured = rows.map((row): Row => ({ ...row, hue: Number(row['hue']) % hues.length }));
      const points = series.some(({ isPoints }) => isPoints);
      last = timeSteps - 1;
      prepared = {
        spec: toSeriesSpec(theme, { title, timeSteps, domain, points }),
        lines: coloured.filter((row) => row['isPoints'] !== true),
        points: coloured.filter((row) =>
          points ? row['isPoints'] === true : timeSteps <= mostPointed,
        ),
        levels:
          level !== undefined && domain[0] < level && domain[1] > level ? [{ value: level }] : [],
      };
      legend.replaceChildren(...toLegend(series, hues));
      root.setAttribute('aria-label', label);
    },
    draw: (width, now) => {
      if (!prepared) return;
      const { spec, lines, points, levels } = prepared;
      current = now ?? current;
      void vega.show({
        spec,
        width: Math.max(120, width - seriesPadding.left - seriesPadding.right),
        height: chartHeight,
        signals: {},
        data: { lines, points, levels, now: now === undefined ? [] : [{ t: now }] },
      });
    },
    dispose: () => vega.dispose(),
  };
}

function toLegend(series: readonly Series[], hues: readonly string[]): Node[] {
  const lines = series.filter(({ isPoints }) => !isPoints).slice(0, mostNamed);
  const pointed = new Set(series.flatMap(({ isPoints, hue }) => (isPoints ? [hue] : [])));
  const swatch = (hue: number, className: string) => {
    const made = element('b', { class: className });
    made.style.color = hues[hue % hues.length]!;
    return made;
  };
  return [
    ...lines.flatMap(({ name, hue, dashed }) => [
      swatch(hue, dashed ? 'dashed' : ''),
      document.createTextNode(name),
    ]),
    ...[...pointed].map((hue) => swatch(hue, 'dot')),
    ...(pointed.size > 0 ? [document.createTextNode('singular values')] : []),
  ];
}
