import { shortNumber } from '../format.js';
import { shorten } from '../shorten.js';
import type { Row } from '../vegaView.js';
import { toVisibleText } from '../visibleText.js';
import { stageNorm, stagePaint } from './cellRows.js';
import type { Scene } from './scene.js';
import { shownAt } from './shown.js';

/** Texts of the unrolled graph: what is read and predicted, norms in cells, time steps. */
export function gridTexts(scene: Scene): Row[] {
  const { columns, labelEvery, indexY, inputsY, outputsY } = scene.layout;
  const { inputs, outputs } = scene.trace;
  const { place } = scene.state;
  const most = Math.max(1, Math.floor((columns[0]!.width + 10) / 8));
  const token = (list: string[] | undefined, t: number, x: number, y: number | undefined) =>
    list?.[t] === undefined || y === undefined
      ? []
      : [gridText(scene, x, y, shorten(toVisibleText(list[t]), most), 'token')];
  // Its own number is always there, and needs the room.
  const isNearCurrent = (t: number) => 't' in place && Math.abs(place.t - t) < labelEvery;
  return columns.flatMap(({ t, x, width }) => {
    const middle = x + width / 2;
    const isCurrent = 't' in place && place.t === t;
    return [
      ...token(inputs, t, middle, inputsY),
      ...token(outputs, t, middle, outputsY),
      ...(isCurrent || (t % labelEvery === 0 && !isNearCurrent(t))
        ? [gridText(scene, middle, indexY, String(t), isCurrent ? 'strong' : 'index')]
        : []),
      ...cellTexts(scene, t, middle),
    ];
  });
}

function cellTexts(scene: Scene, t: number, middle: number): Row[] {
  if (!scene.layout.roomy) return [];
  return scene.layout.rows.flatMap((row) => {
    if (row.layer === undefined || t < row.span.start || t >= row.span.end) return [];
    const shown = shownAt(scene, row, t);
    if (shown === 'none') return [];
    const text = shortNumber(stageNorm(scene, row, t, shown));
    const { text: fill } = stagePaint(scene, row, t, shown);
    return [{ x: middle, y: row.y + row.height / 2, text, kind: 'number', fill }];
  });
}

function gridText(
  { colours }: Scene,
  x: number,
  y: number,
  text: string,
  kind: 'token' | 'index' | 'strong',
): Row {
  return { x, y, text, kind, fill: kind === 'index' ? colours.muted : colours.foreground };
}

export function breakpointDots({ layout, state, colours }: Scene): Row[] {
  return layout.columns
    .filter(({ t }) => state.breakpoints.has(t))
    .map(({ x, width }) => ({
      x: x + width / 2,
      y: layout.indexY + 11,
      fill: colours.breakpoint,
      size: 42,
    }));
}

/** On the upper right corner of every cell with an edited number. */
export function editDots({ layout, state, colours }: Scene): Row[] {
  return state.edited.flatMap(({ layer, t }) => {
    const row = layout.rows.find((one) => one.layer === layer);
    const column = layout.columns.find((one) => one.t === t);
    return row && column
      ? [{ x: column.x + column.width - 2, y: row.y + 2, fill: colours.edited, size: 110 }]
      : [];
  });
}
