import type { GraphPayload } from '../../kernel/contract/mime.js';
import { shorten } from '../shorten.js';
import type { Row } from '../vegaView.js';
import { toVisibleText } from '../visibleText.js';
import { endAngle, roundCorners, shortenEnd } from './curves.js';
import { boxOf, type Column, type GraphLayout, type LayerRow, sinksOf } from './layout.js';
import type { Point } from './rankedLayout.js';

export type DataName = 'boxes' | 'lines' | 'heads' | 'operations' | 'dots' | 'texts';

/** What the colour of a line means. */
export type LineTone = 'flow' | 'state';
export type TextKind = 'token' | 'index' | 'cell' | 'state' | 'glyph' | 'gate' | 'caption';

interface Line {
  points: Point[];
  tone: LineTone;
  arrow: boolean;
}

const headLength = 7;
const laneDistance = 7;

/** Rows for `spec.ts`: everything at its place in pixels. */
export function toGraphRows(payload: GraphPayload, layout: GraphLayout): Record<DataName, Row[]> {
  const lines = [
    ...layout.columns.flatMap((column) => verticalLines(payload, layout, column)),
    ...layout.rows.flatMap((row) => stateLines(layout, row)),
    ...insideLines(layout),
  ];
  const { detail } = layout;
  const origin = detail?.box ?? { x: 0, y: 0 };
  return {
    boxes: layout.rows.flatMap((row) =>
      layout.columns.map((column) => toBox(payload, layout, row, column)),
    ),
    lines: lines.flatMap(({ points, tone, arrow }, edge) =>
      (arrow ? shortenEnd(points, headLength - 1) : points).map(({ x, y }, at) => ({
        edge,
        at,
        x,
        y,
        tone,
      })),
    ),
    heads: lines
      .filter(({ arrow }) => arrow)
      .map(({ points, tone }) => ({ ...points.at(-1)!, angle: endAngle(points), tone })),
    operations: (detail?.layout.operations ?? [])
      .filter(({ glyph }) => glyph.tone !== 'dot')
      .map(({ x, y, width, height, glyph }) => ({
        x: origin.x + x - width / 2,
        x2: origin.x + x + width / 2,
        y: origin.y + y - height / 2,
        y2: origin.y + y + height / 2,
        tone: glyph.tone,
      })),
    dots: [
      ...(detail?.layout.operations ?? []).filter(({ glyph }) => glyph.tone === 'dot'),
      ...(detail?.layout.junctions ?? []),
    ].map(({ x, y }) => ({ x: origin.x + x, y: origin.y + y })),
    texts: [...gridTexts(payload, layout), ...insideTexts(payload, layout)],
  };
}

function toBox(payload: GraphPayload, layout: GraphLayout, row: LayerRow, column: Column): Row {
  const { x, y, width, height } = boxOf(row, column);
  const open = layout.detail?.layer === row.layer && layout.detail.t === column.t;
  const recurrent = payload.layers[row.layer]!.cell !== undefined;
  return {
    x,
    y,
    x2: x + width,
    y2: y + height,
    tone: open ? 'open' : recurrent ? 'recurrent' : 'plain',
  };
}

// ---------------------------------------------------------------------------------------------------
// Edges

/** Within a time step: input → layers → output. */
function verticalLines(payload: GraphPayload, layout: GraphLayout, column: Column): Line[] {
  const lowest = layout.rows.at(-1)!;
  const drawn = new Map(layout.rows.map((row) => [row.layer, row]));
  const lines: Line[] = [];
  const connect = (from: number, to: number | 'output') => {
    const source = drawn.get(from);
    const target = to === 'output' ? undefined : drawn.get(to);
    const adjacent = to === 'output' ? from === layout.rows[0]!.layer : to === from + 1;
    const start = source ? source.y : lowest.y + lowest.height + 22;
    const end = target ? target.y + target.height : layout.rows[0]!.y - 22;
    lines.push({
      points: adjacent
        ? straightUp(xBetween(layout, column, source, target), start, end)
        : aroundRight(column, { start, end, source, target }),
      tone: 'flow',
      arrow: true,
    });
  };
  for (const { layer } of layout.rows) {
    for (const from of new Set(payload.layers[layer]!.from)) connect(from, layer);
  }
  if (layout.hiddenLayers === 0) {
    for (const sink of sinksOf(payload.layers)) connect(sink, 'output');
  }
  return lines;
}

function straightUp(x: number, start: number, end: number): Point[] {
  return [
    { x, y: start },
    { x, y: end },
  ];
}

/** Above an expanded cell edges run where its output leaves, below where its input enters. */
function xBetween(
  layout: GraphLayout,
  column: Column,
  source: LayerRow | undefined,
  target: LayerRow | undefined,
): number {
  const open = layout.detail?.t === column.t ? layout.detail : undefined;
  if (!open) return column.above;
  const above = source ? source.layer >= open.layer : (target?.layer ?? 0) > open.layer;
  return above ? column.above : column.below;
}

/** An edge past layers between goes through the gap on the right of its column. */
function aroundRight(
  column: Column,
  edge: { start: number; end: number; source: LayerRow | undefined; target: LayerRow | undefined },
): Point[] {
  const x = column.x + column.width;
  const lane = x + laneDistance;
  const inner = Math.min(column.width / 4, 10);
  const from = edge.source ? x - inner : column.below;
  const to = edge.target ? x - inner : column.above;
  const points = [
    { x: from, y: edge.start },
    { x: from, y: edge.start - 9 },
    { x: lane, y: edge.start - 9 },
    { x: lane, y: edge.end + 14 },
    { x: to, y: edge.end + 14 },
    { x: to, y: edge.end },
  ];
  return roundCorners(points, 5);
}

/** Between time steps, with stubs for the states that come in and go out of the window. */
function stateLines(layout: GraphLayout, row: LayerRow): Line[] {
  return row.states.flatMap(({ y }) => {
    const stops = layout.columns.map(({ x, width }) => ({ left: x, right: x + width }));
    const ends = [
      { from: stops[0]!.left - 26, to: stops[0]!.left },
      ...stops.slice(1).map(({ left }, index) => ({ from: stops[index]!.right, to: left })),
      { from: stops.at(-1)!.right, to: stops.at(-1)!.right + 26 },
    ];
    return ends.map(({ from, to }): Line => ({
      points: [
        { x: from, y },
        { x: to, y },
      ],
      tone: 'state',
      arrow: true,
    }));
  });
}

function insideLines({ detail }: GraphLayout): Line[] {
  return (detail?.layout.edges ?? []).map(({ points, state, arrow }) => ({
    points: points.map(({ x, y }) => ({ x: x + detail!.box.x, y: y + detail!.box.y })),
    tone: state ? 'state' : 'flow',
    arrow,
  }));
}

// ---------------------------------------------------------------------------------------------------
// Texts

function toText(kind: TextKind, x: number, y: number, text: string): Row {
  return { kind, x, y, text };
}

function gridTexts(payload: GraphPayload, layout: GraphLayout): Row[] {
  const tokens = layout.columns.flatMap((column) => [
    tokenText(payload.outputs?.[column.t], 'y', column.t, column.above, layout.outputsY, column),
    tokenText(payload.inputs?.[column.t], 'x', column.t, column.below, layout.inputsY, column),
    toText('index', column.below, layout.indexY, String(column.t)),
  ]);
  const cells = layout.rows.flatMap((row) =>
    layout.columns
      .filter(({ t }) => !(layout.detail?.layer === row.layer && layout.detail.t === t))
      .map((column) => {
        const { type } = payload.layers[row.layer]!;
        const fits = column.width >= 32 && type.length * 5.8 + 5 <= column.width;
        return toText('cell', column.x + column.width / 2, row.middle, fits ? type : '');
      })
      .filter(({ text }) => text !== ''),
  );
  return [...tokens, ...cells, ...layout.rows.flatMap((row) => stateTexts(layout, row))];
}

/** The text at this time step; the variable's name where no texts were sent. */
function tokenText(
  text: string | undefined,
  variable: string,
  t: number,
  x: number,
  y: number,
  column: Column,
): Row {
  if (text === undefined) return toText('index', x, y, withTime(variable, t));
  const most = Math.max(2, Math.floor((column.width + 14) / 8));
  return toText('token', x, y, shorten(toVisibleText(text), most));
}

/** Where columns stand close, the first stub alone says which line is which. */
function stateTexts(layout: GraphLayout, row: LayerRow): Row[] {
  const starts = layout.columns.map(({ x, width }) => x + width);
  const open = layout.detail?.layer === row.layer ? layout.detail.t : undefined;
  return row.states.flatMap(({ name, y }) => {
    const text = name.length > 4 && layout.columns.length > 1 ? shorten(name, 9) : name;
    const label = (x: number) => toText('state', x, y - 4, text);
    const between = starts.slice(0, -1).flatMap((right, index) => {
      const column = layout.columns[index]!;
      if (!layout.roomy || column.t === open || column.t + 1 === open) return [];
      return [label((right + layout.columns[index + 1]!.x) / 2 - 3)];
    });
    const first = layout.columns[0]!;
    return [
      ...(first.t === open ? [] : [label(first.x - 17)]),
      ...(text === name || layout.roomy ? between : []),
    ];
  });
}

function insideTexts(payload: GraphPayload, { detail }: GraphLayout): Row[] {
  if (!detail) return [];
  const { layout, box, t, layer } = detail;
  const cell = payload.layers[layer]!.cell!;
  const output = cell.nodes.find(({ id }) => id === cell.output);
  const input = cell.nodes.find(({ kind }) => kind === 'input');
  const ports = cell.states.flatMap(({ name }) => {
    const y = box.y + layout.stateHeights.get(name)! - 5;
    const half = (name.length + 1) * 3.2 + 4;
    return [
      toText('state', box.x + Math.max(13, half), y, withTime(name, t - 1)),
      toText('state', box.x + box.width - Math.max(22, half), y, withTime(name, t)),
    ];
  });
  const named = layout.operations.flatMap(({ node, parameters, glyph, x, y, height }) => [
    ...(glyph.text === '' ? [] : [toText('glyph', box.x + x, box.y + y, glyph.text)]),
    ...(node.label === undefined || node.id === cell.output
      ? []
      : [toText('gate', box.x + x, box.y + y - height / 2 - 9, shorten(node.label, 8))]),
    ...(parameters[0] === undefined
      ? []
      : [toText('caption', box.x + x, box.y + y + 20, shorten(parameters[0], 16))]),
  ]);
  const vertical = [
    ...(input ? [{ node: input, x: layout.inputX + 14, y: box.height - 11 }] : []),
    ...(output ? [{ node: output, x: layout.outputX - 14, y: 12 }] : []),
  ].map(({ node, x, y }) =>
    toText('gate', box.x + x, box.y + y, withTime(shorten(node.label ?? node.id, 8), t)),
  );
  return [...ports, ...named, ...vertical];
}

/** `h₃`, `h₋₁` */
function withTime(name: string, t: number): string {
  const digits = String(t).replace(/[0-9]/g, (digit) =>
    String.fromCharCode(0x2080 + Number(digit)),
  );
  return `${name}${digits.replace('-', '₋')}`;
}
