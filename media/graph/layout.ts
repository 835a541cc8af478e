import type { GraphLayer, GraphPayload } from '../../kernel/contract/mime.js';
import type { Box } from '../box.js';
import { type CellLayout, toCellLayout } from './cellLayout.js';

/** What the reader looks at. */
export interface GraphWindow {
  /** Room for the drawing; it may get wider than that. */
  width: number;
  /** First time step drawn. */
  firstStep: number;
  /** The cell whose inside is shown. */
  expanded?: { layer: number; t: number } | undefined;
}

/** The grid that everything is drawn on: a column per time step, a row per layer. Pixels, y downwards. */
export interface GraphLayout {
  width: number;
  height: number;
  /** The first and last time step drawn. */
  steps: { first: number; last: number };
  /** Layers left out at the top. */
  hiddenLayers: number;
  columns: Column[];
  rows: LayerRow[];
  /** Middles of the rows of texts. */
  outputsY: number;
  inputsY: number;
  indexY: number;
  /** There is room to write into a cell and on an edge. */
  roomy: boolean;
  detail?: { layout: CellLayout; box: Box; layer: number; t: number } | undefined;
}

export interface Column {
  t: number;
  /** Of the cells in it. */
  x: number;
  width: number;
  /** Where vertical edges run below and above an expanded cell; both the middle in other columns. */
  below: number;
  above: number;
}

export interface LayerRow {
  layer: number;
  y: number;
  height: number;
  middle: number;
  /** Heights of the edges between time steps, in the order of the cell's states. */
  states: { name: string; y: number }[];
}

export const mostColumns = 48;
export const mostLayers = 24;

const cellHeight = 42;
const rowGap = 30;
const textRow = 24;
/** Room for the edges that come into the first column and leave the last. */
export const stub = 34;
const narrowest = 46;
const widest = 96;
const roomyPitch = 62;
const statesDrawn = 3;

export function toGraphLayout(payload: GraphPayload, window: GraphWindow): GraphLayout {
  const shown = payload.layers.slice(0, mostLayers);
  const first = firstDrawn(payload.timeSteps, window.firstStep);
  const last = Math.min(payload.timeSteps, first + mostColumns) - 1;
  const inside = toInside(shown, window, first, last);
  const columns = toColumns({ first, last }, window.width, inside);
  const { rows, bottom } = toRows(shown, inside);
  const end = columns.at(-1)!;
  const layout: GraphLayout = {
    width: end.x + end.width + stub,
    height: bottom + rowGap + 2 * textRow,
    steps: { first, last },
    hiddenLayers: payload.layers.length - shown.length,
    columns,
    rows,
    outputsY: textRow / 2,
    inputsY: bottom + rowGap + textRow / 2 - 2,
    indexY: bottom + rowGap + textRow * 1.5 - 2,
    roomy: pitchOf(columns, inside) >= roomyPitch,
  };
  if (inside) {
    const row = rows.find(({ layer }) => layer === inside.layer)!;
    const column = columns.find(({ t }) => t === inside.t)!;
    layout.detail = { ...inside, box: boxOf(row, column) };
  }
  return layout;
}

export function boxOf(row: LayerRow, column: Column): Box {
  return { x: column.x, y: row.y, width: column.width, height: row.height };
}

/** The window holds as many steps as it can; it can't run past the end. */
export function firstDrawn(timeSteps: number, wanted: number): number {
  return Math.max(0, Math.min(wanted, timeSteps - mostColumns));
}

/**
 * A graph of at most three time steps and two recurrent layers opens with a cell expanded: there is room,
 * and it shows what a click does. A larger one opens collapsed.
 */
export function firstExpanded(payload: GraphPayload): GraphWindow['expanded'] {
  const recurrent = payload.layers.flatMap(({ cell }, layer) => (cell ? [layer] : []));
  if (payload.timeSteps > 3 || recurrent.length > 2 || recurrent[0] === undefined) return undefined;
  return { layer: recurrent[0], t: Math.floor((payload.timeSteps - 1) / 2) };
}

interface Inside {
  layout: CellLayout;
  layer: number;
  t: number;
}

function toInside(
  layers: readonly GraphLayer[],
  { expanded }: GraphWindow,
  first: number,
  last: number,
): Inside | undefined {
  if (!expanded || expanded.t < first || expanded.t > last) return undefined;
  const cell = layers[expanded.layer]?.cell;
  const layout = cell && toCellLayout(cell);
  return layout && { layout, ...expanded };
}

function toColumns(
  steps: { first: number; last: number },
  width: number,
  inside: Inside | undefined,
): Column[] {
  const count = steps.last - steps.first + 1;
  const others = inside ? count - 1 : count;
  const room = width - 2 * stub - (inside ? inside.layout.width + gapOf(narrowest) : 0);
  const pitch = Math.min(widest, Math.max(narrowest, others > 0 ? room / others : widest));
  const gap = gapOf(pitch);
  let x = stub;
  return Array.from({ length: count }, (_, index) => {
    const t = steps.first + index;
    const open = inside?.t === t ? inside.layout : undefined;
    const columnWidth = open?.width ?? pitch - gap;
    const column: Column = {
      t,
      x,
      width: columnWidth,
      below: x + (open?.inputX ?? columnWidth / 2),
      above: x + (open?.outputX ?? columnWidth / 2),
    };
    x += columnWidth + gap;
    return column;
  });
}

function gapOf(pitch: number): number {
  return pitch >= roomyPitch ? 30 : 22;
}

function pitchOf(columns: readonly Column[], inside: Inside | undefined): number {
  const index = columns.findIndex(({ t }, at) => t !== inside?.t && at + 1 < columns.length);
  return index < 0 ? widest : columns[index + 1]!.x - columns[index]!.x;
}

/** Top to bottom on the page is last to first layer. */
function toRows(
  layers: readonly GraphLayer[],
  inside: Inside | undefined,
): { rows: LayerRow[]; bottom: number } {
  const rows: LayerRow[] = [];
  let y = textRow + rowGap;
  for (let layer = layers.length - 1; layer >= 0; layer--) {
    const open = inside?.layer === layer ? inside.layout : undefined;
    const height = open?.height ?? cellHeight;
    const states = layers[layer]!.cell?.states.map(({ name }) => name) ?? [];
    rows.push({
      layer,
      y,
      height,
      middle: y + height / 2,
      states: toStates(states, y, height, open),
    });
    y += height + rowGap;
  }
  return { rows, bottom: y - rowGap };
}

/** More states than can be told apart share one line. */
function toStates(
  names: readonly string[],
  y: number,
  height: number,
  open: CellLayout | undefined,
): LayerRow['states'] {
  if (open) return names.map((name) => ({ name, y: y + open.stateHeights.get(name)! }));
  const middle = y + height / 2;
  if (names.length > statesDrawn) return [{ name: `${names.length} states`, y: middle }];
  const distance = names.length === 2 ? 20 : 14;
  const lowest = middle + ((names.length - 1) * distance) / 2;
  return names.map((name, index) => ({ name, y: lowest - index * distance }));
}

/** Layers whose output no other layer reads: what the network gives out. */
export function sinksOf(layers: readonly GraphLayer[]): number[] {
  const read = new Set(layers.flatMap(({ from }) => from));
  return layers.flatMap((_, layer) => (read.has(layer) ? [] : [layer]));
}
