import type { TraceData } from '../../kernel/contract/trace.js';
import type { Box } from '../box.js';
import { type CellLayout, toCellLayout } from '../graph/cellLayout.js';
import { type DrawnCell, toDrawnCell } from './cellOf.js';
import type { Level } from './cursor.js';

/** Where everything is drawn: a column per time step, a row per stage, the inside of a cell below. Pixels, y downwards. */
export interface InspectorLayout {
  width: number;
  height: number;
  columns: { t: number; x: number; width: number }[];
  rows: StageRow[];
  /** There is room for a text in each cell; every how many columns have room for their time step. */
  roomy: boolean;
  labelEvery: number;
  /** Middles of the rows of texts, and foot and height of the bars of the loss. */
  outputsY: number | undefined;
  inputsY: number | undefined;
  indexY: number;
  lossFoot: number;
  lossHeight: number;
  /** Bottom of the grid. */
  gridBottom: number;
  inside: Inside | undefined;
}

export interface StageRow {
  stage: number;
  /** Index into the trace's layers, where it is recurrent. */
  layer: number | undefined;
  y: number;
  height: number;
  /** Heights of the edges between time steps, in the order of the layer's states. */
  states: number[];
}

export interface Inside {
  cell: DrawnCell;
  layout: CellLayout;
  box: Box;
  /** The layout's pixels are drawn this many times larger. */
  scale: number;
}

export interface InspectorWindow {
  width: number;
  firstStep: number;
  level: Level;
  /** The layer whose cell is shown inside. */
  layer: number;
}

const widest = 118;
const narrowest = 15;
const mostColumns = 64;
const mostRows = 16;
const roomyWidth = 40;
const edgeRoom = 30;
const textRow = 22;
const lossHeight = 20;
const rowGap = 20;
const cellHeight = 38;
const plainHeight = 16;
const insideGap = 16;
const roomyInside = 1.35;

export function toInspectorLayout(trace: TraceData, window: InspectorWindow): InspectorLayout {
  const columns = toColumns(trace, window);
  const top = trace.outputs ? textRow : 0;
  const lossFoot = top + 4 + lossHeight;
  const { rows, bottom } = toRows(trace, lossFoot + rowGap);
  const inputsY = trace.inputs ? bottom + rowGap - 2 + textRow / 2 : undefined;
  const indexY = (inputsY ?? bottom + rowGap - textRow / 2) + textRow - 4;
  const gridBottom = indexY + textRow / 2 + 3;
  const inside = toInside(trace, window, gridBottom + insideGap);
  const pitch = (columns[1]?.x ?? columns[0]!.x + columns[0]!.width) - columns[0]!.x;
  const labelRoom = 10 + 7 * String(trace.timeSteps).length;
  const width = window.width;
  return {
    width,
    height: inside ? inside.box.y + inside.box.height + 2 : gridBottom,
    columns,
    rows,
    roomy: columns[0]!.width >= roomyWidth,
    labelEvery: [1, 2, 5, 10, 20].find((every) => every * pitch >= labelRoom) ?? 50,
    outputsY: trace.outputs ? textRow / 2 : undefined,
    inputsY,
    indexY,
    lossFoot,
    lossHeight,
    gridBottom,
    inside,
  };
}

/** How many time steps fit beside each other. */
export function columnsIn(width: number, timeSteps: number): number {
  const room = Math.max(1, Math.floor((width - 2 * edgeRoom) / narrowest));
  return Math.min(timeSteps, mostColumns, room);
}

/**
 * The first time step to draw so that t is among them: unchanged where it already is, else the window is
 * turned like a page, with t a quarter from the side that it comes in from.
 */
export function firstStepFor(
  window: { width: number; firstStep: number },
  timeSteps: number,
  t: number,
): number {
  const count = columnsIn(window.width, timeSteps);
  const held = Math.max(0, Math.min(window.firstStep, timeSteps - count));
  if (t >= held && t < held + count) return held;
  const wanted = t < held ? t - Math.floor(count * 0.75) : t - Math.floor(count * 0.25);
  return Math.max(0, Math.min(wanted, timeSteps - count));
}

function toColumns(
  { timeSteps }: TraceData,
  { width, firstStep }: InspectorWindow,
): InspectorLayout['columns'] {
  const count = columnsIn(width, timeSteps);
  const pitch = Math.min(widest, (width - 2 * edgeRoom) / count);
  const gap = Math.min(30, Math.max(5, pitch * 0.38));
  const first = Math.max(0, Math.min(firstStep, timeSteps - count));
  return Array.from({ length: count }, (_, index) => ({
    t: first + index,
    x: edgeRoom + index * pitch + gap / 2,
    width: pitch - gap,
  }));
}

/** Top to bottom on the page is last to first stage. */
function toRows(trace: TraceData, top: number): { rows: StageRow[]; bottom: number } {
  const rows: StageRow[] = [];
  let y = top;
  for (const stage of drawnStages(trace).reverse()) {
    const { layer } = trace.stages[stage]!;
    const height = layer === undefined ? plainHeight : cellHeight;
    const count = layer === undefined ? 0 : trace.layers[layer]!.states.length;
    rows.push({
      stage,
      layer,
      y,
      height,
      states: Array.from(
        { length: count },
        (_, k) => y + height - ((k + 1) * height) / (Math.min(count, 4) + 1),
      ).slice(0, 4),
    });
    y += height + rowGap;
  }
  return { rows, bottom: y - rowGap };
}

/** All stages, or those of recurrent layers alone where there are too many. */
export function drawnStages({ stages }: TraceData): number[] {
  const all = stages.map((_, stage) => stage);
  if (all.length <= mostRows) return all;
  return all.filter((stage) => stages[stage]!.layer !== undefined).slice(0, mostRows);
}

function toInside(trace: TraceData, window: InspectorWindow, y: number): Inside | undefined {
  const layer = trace.layers[window.layer];
  if (window.level === 'cell' || !layer) return undefined;
  const cell = toDrawnCell(layer, window.level);
  const layout = cell && toCellLayout(cell.cell);
  if (!layout) return undefined;
  const room = Math.max(200, window.width - 2 * edgeRoom);
  const scale = Math.min(window.level === 'gate' ? 1.5 : roomyInside, room / layout.width);
  const [width, height] = [layout.width * scale, layout.height * scale];
  return {
    cell,
    layout,
    scale,
    box: { x: Math.max(2, (window.width - width) / 2), y, width, height },
  };
}
