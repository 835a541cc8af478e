import type { Row } from '../vegaView.js';
import type { Progress } from './cursor.js';
import { columnsOf, type StageRow } from './layout.js';
import type { Paint } from './scales.js';
import type { Scene } from './scene.js';
import { shownAt } from './shown.js';
import { stageAdjoint } from './stageAdjoint.js';

/** Behind the column of the current time step. */
export function stepBand({ layout, state: { place }, colours }: Scene): Row[] {
  if (!('t' in place)) return [];
  const column = layout.columns.find(({ t }) => t === place.t);
  if (!column) return [];
  const margin = Math.min(6, column.x - layout.columns[0]!.x + 3);
  return [
    {
      x: column.x - margin,
      x2: column.x + column.width + margin,
      y: 0,
      y2: layout.gridBottom,
      fill: colours.band,
    },
  ];
}

/** The part of the loss that is measured at each time step. */
export function lossBars({ trace, layout, scales, colours }: Scene): Row[] {
  const { lossFoot, lossHeight, columns } = layout;
  const measured = new Set(trace.loss.measuredAt);
  const { data } = trace.loss.terms;
  return columns
    .filter(({ t }) => measured.has(t))
    .map(({ t, x, width }) => ({
      x: x + width * 0.2,
      x2: x + width * 0.8,
      y: lossFoot,
      y2: lossFoot - Math.max(2, lossHeight * (scales.loss.share(Math.abs(data[t]!)) ?? 0)),
      fill: Number.isFinite(data[t]!) ? colours.muted : colours.palette.notFinite.fill,
      stroke: 'transparent',
      strokeWidth: 0,
      corner: 1,
    }));
}

/** A box for every stage and time step. */
export function cellRows(scene: Scene): Row[] {
  const { layout, colours } = scene;
  const { place } = scene.state;
  return layout.rows.flatMap((row) =>
    columnsOf(layout, row).map(({ t, x, width }) => {
      const shown = shownAt(scene, row, t);
      const isCurrent = 'layer' in place && place.layer === row.layer && place.t === t;
      return {
        x,
        x2: x + width,
        y: row.y,
        y2: row.y + row.height,
        fill: stagePaint(scene, row, t, shown).fill,
        stroke: isCurrent ? colours.foreground : colours.line,
        strokeWidth: isCurrent ? 2.5 : shown === 'none' ? 0.6 : 0.9,
        corner: row.layer === undefined ? 8 : 4,
      };
    }),
  );
}

/** The norm that a box shows. */
export function stageNorm({ trace }: Scene, row: StageRow, t: number, shown: Progress): number {
  return shown === 'value'
    ? trace.stages[row.stage]!.valueNorm.data[t]!
    : stageAdjoint(trace, row.stage)[t]!;
}

export function stagePaint(scene: Scene, row: StageRow, t: number, shown: Progress): Paint {
  const { colours, scales } = scene;
  const { palette } = colours;
  if (shown === 'none') return { fill: colours.background, text: colours.muted };
  const norm = stageNorm(scene, row, t, shown);
  if (!Number.isFinite(norm)) return palette.notFinite;
  return shown === 'value'
    ? palette.value(scales.stages[row.stage]!.share(norm))
    : palette.adjoint(scales.adjoint.share(norm));
}
