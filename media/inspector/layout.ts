import type { TraceData } from '../../kernel/contract/trace.js';
import { spanOf, type Span } from '../../kernel/contract/traceSpan.js';
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
  /** Its time steps. */
  span: Span;
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
const attentionRoom = 16;
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

/** Top to bottom on the page is last to first stage. An encoder and its decoder stand beside each other. */
function toRows(trace: TraceData, top: number): { rows: StageRow[]; bottom: number } {
  const shelves = shelvesOf(trace, drawnStages(trace)).reverse();
  const looking = new Set(trace.attention?.map(({ to }) => to));
  let y = top;
  const rows = shelves.flatMap((shelf) => {
    const height = shelf.some((stage) => trace.stages[stage]!.layer !== undefined)
      ? cellHeight
      : plainHeight;
    const at = y;
    // Room for the curves that come from below.
    const isLooking = shelf.some((stage) => looking.has(stage));
    y += height + rowGap + (isLooking ? attentionRoom : 0);
    return shelf.reverse().map((stage) => toRow(trace, stage, at, height));
  });
  return { rows, bottom: y - rowGap };
}

function toRow(trace: TraceData, stage: number, top: number, room: number): StageRow {
  const { layer } = trace.stages[stage]!;
  const height = layer === undefined ? plainHeight : cellHeight;
  const y = top + (room - height) / 2;
  const count = layer === undefined ? 0 : trace.layers[layer]!.states.length;
  return {
    stage,
    layer,
    span: spanOf(trace, trace.stages[stage]!),
    y,
    height,
    states: Array.from(
      { length: count },
      (_, k) => y + height - ((k + 1) * height) / (Math.min(count, 4) + 1),
    ).slice(0, 4),
  };
}

/** Stages of the same height, lowest first: each stands on those that run at one of its time steps. */
export function shelvesOf(trace: TraceData, drawn: readonly number[]): number[][] {
  const shelves: number[][] = [];
  for (const stage of drawn) {
    const span = spanOf(trace, trace.stages[stage]!);
    const under = shelves.findLastIndex((shelf) =>
      shelf.some((other) => overlap(span, spanOf(trace, trace.stages[other]!))),
    );
    (shelves[under + 1] ??= []).push(stage);
  }
  return shelves;
}

/** The columns at which a stage runs. */
export const columnsOf = (
  { columns }: Pick<InspectorLayout, 'columns'>,
  { span }: StageRow,
): InspectorLayout['columns'] => columns.filter(({ t }) => t >= span.start && t < span.end);

export const overlap = (a: Span, b: Span): boolean => a.start < b.end && b.start < a.end;

/** All stages, or those of recurrent layers alone where there are too many above each other. */
export function drawnStages(trace: TraceData): number[] {
  const { stages } = trace;
  const all = stages.map((_, stage) => stage);
  if (shelvesOf(trace, all).length <= mostRows) return all;
  const recurrent = all.filter((stage) => stages[stage]!.layer !== undefined);
  return shelvesOf(trace, recurrent)
    .slice(0, mostRows)
    .flat()
    .sort((a, b) => a - b);
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
