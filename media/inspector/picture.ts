import type { TraceData } from '../../kernel/contract/trace.js';
import type { Row } from '../vegaView.js';
import { nodeKey } from '../graph/cellGraph.js';
import { shortenEnd, endAngle } from '../graph/curves.js';
import { shorten } from '../shorten.js';
import { toVisibleText } from '../visibleText.js';
import { type Progress, progressAt } from './cursor.js';
import type { InspectorLayout, StageRow } from './layout.js';
import type { Palette } from './scales.js';
import type { TraceScales } from './traceScales.js';
import type { Layer, Place, Walk } from './walk.js';

/** What colours show: values going forward and adjoints coming back as the walk goes, or one of the two. */
export type Colouring = 'phase' | 'value' | 'adjoint';

export interface PictureState {
  index: number;
  place: Place;
  colouring: Colouring;
  breakpoints: ReadonlySet<number>;
}

export interface PictureColours {
  palette: Palette;
  foreground: string;
  muted: string;
  line: string;
  adjointLine: string;
  background: string;
  band: string;
  breakpoint: string;
}

/** All rows of the picture; see `spec.ts` for how each set is drawn. */
export function toPictureRows(
  walk: Walk,
  layout: InspectorLayout,
  scales: TraceScales,
  state: PictureState,
  colours: PictureColours,
): Record<string, Row[]> {
  const painter = new Painter(walk, layout, scales, state, colours);
  return {
    bands: painter.bands(),
    boxes: [...painter.lossBars(), ...painter.cells()],
    insideBoxes: painter.insideBoxes(),
    rules: [...painter.verticals(), ...painter.horizontals(), ...painter.boundaries()],
    heads: painter.heads,
    insideHeads: painter.insideHeads(),
    curves: painter.insideCurves(),
    texts: painter.texts(),
    insideTexts: painter.insideTexts(),
    dots: painter.dots(),
  };
}

class Painter {
  readonly heads: Row[] = [];
  readonly #trace: TraceData;

  constructor(
    private readonly walk: Walk,
    private readonly layout: InspectorLayout,
    private readonly scales: TraceScales,
    private readonly state: PictureState,
    private readonly colours: PictureColours,
  ) {
    this.#trace = walk.trace;
  }

  /** What is shown of a layer at a time step. */
  #shown(layer: number, t: number): Progress {
    const { colouring, index } = this.state;
    return colouring === 'phase' ? progressAt(this.walk, index, layer, t) : colouring;
  }

  /** A stage without a cell of its own goes with the recurrent layer below it, or else above. */
  #shownAt(row: StageRow, t: number): Progress {
    if (row.layer !== undefined) return this.#shown(row.layer, t);
    const { rows } = this.layout;
    const at = rows.indexOf(row);
    const below = rows.slice(at + 1).find(({ layer }) => layer !== undefined);
    const near = below ?? rows.slice(0, at).findLast(({ layer }) => layer !== undefined);
    const shown = near?.layer === undefined ? 'none' : this.#shown(near.layer, t);
    const { phase } = this.state.place;
    // What lies above has its adjoint before the layer that gets it.
    if (this.state.colouring === 'phase' && below && phase === 'backward' && shown === 'value') {
      const next = this.layout.columns.find((column) => column.t === t + 1);
      return next && this.#shownAt({ ...row, layer: below.layer }, t + 1) === 'adjoint'
        ? 'value'
        : shown;
    }
    return shown;
  }

  bands(): Row[] {
    const { place } = this.state;
    if (!('t' in place)) return [];
    const column = this.layout.columns.find(({ t }) => t === place.t);
    if (!column) return [];
    const margin = Math.min(6, column.x - this.layout.columns[0]!.x + 3);
    return [
      {
        x: column.x - margin,
        x2: column.x + column.width + margin,
        y: 0,
        y2: this.layout.gridBottom,
        fill: this.colours.band,
      },
    ];
  }

  lossBars(): Row[] {
    const { lossFoot, lossHeight, columns } = this.layout;
    const measured = new Set(this.#trace.loss.measuredAt);
    const { data } = this.#trace.loss.terms;
    const scale = this.scales.loss;
    return columns
      .filter(({ t }) => measured.has(t))
      .map(({ t, x, width }) => ({
        x: x + width * 0.2,
        x2: x + width * 0.8,
        y: lossFoot,
        y2: lossFoot - Math.max(2, lossHeight * (scale.share(Math.abs(data[t]!)) ?? 0)),
        fill: Number.isFinite(data[t]!) ? this.colours.muted : this.colours.palette.notFinite.fill,
        stroke: 'transparent',
        strokeWidth: 0,
        corner: 1,
      }));
  }

  cells(): Row[] {
    const { place } = this.state;
    return this.layout.rows.flatMap((row) =>
      this.layout.columns.map(({ t, x, width }) => {
        const shown = this.#shownAt(row, t);
        const isCurrent = 'layer' in place && place.layer === row.layer && place.t === t;
        return {
          x,
          x2: x + width,
          y: row.y,
          y2: row.y + row.height,
          fill: this.#stagePaint(row, t, shown).fill,
          stroke: isCurrent ? this.colours.foreground : this.colours.line,
          strokeWidth: isCurrent ? 2.5 : shown === 'none' ? 0.6 : 0.9,
          corner: row.layer === undefined ? 8 : 4,
        };
      }),
    );
  }

  #stagePaint(row: StageRow, t: number, shown: Progress) {
    const stage = this.#trace.stages[row.stage]!;
    const { palette } = this.colours;
    if (shown === 'none') return { fill: this.colours.background, text: this.colours.muted };
    const number = (shown === 'value' ? stage.valueNorm : stage.adjointNorm).data[t]!;
    if (!Number.isFinite(number)) return palette.notFinite;
    return shown === 'value'
      ? palette.value(this.scales.stages[row.stage]!.share(number))
      : palette.adjoint(this.scales.adjoint.share(number));
  }

  // -------------------------------------------------------------------------------------------------
  // Edges: thin where values go, as wide as the adjoint that comes back

  #edge(shown: Progress, flow: number) {
    const share = shown === 'adjoint' ? this.scales.adjoint.share(flow) : undefined;
    const width = this.layout.roomy ? 7 : 4.5;
    if (shown === 'adjoint')
      return {
        stroke: share === undefined ? this.colours.line : this.colours.adjointLine,
        strokeWidth: share === undefined ? 0.5 : 0.8 + width * share ** 1.5,
        opacity: share === undefined ? 0.5 : 1,
      };
    return {
      stroke: this.colours.line,
      strokeWidth: shown === 'value' ? 1.2 : 0.6,
      opacity: shown === 'value' ? 0.9 : 0.5,
    };
  }

  verticals(): Row[] {
    return this.layout.rows.flatMap((row, at) => {
      const stage = this.#trace.stages[row.stage]!;
      const under = this.layout.rows[at + 1];
      const { gridBottom, columns, rows } = this.layout;
      const end = row.y + row.height;
      const isAdjacent = under !== undefined && stage.from.includes(under.stage);
      const start = isAdjacent ? under.y : under ? undefined : Math.min(end + 16, gridBottom);
      const edges: Row[] = [];
      for (const { t, x, width } of columns) {
        const middle = x + width / 2;
        if (start !== undefined) {
          const flow = under
            ? this.#trace.stages[under.stage]!.adjointNorm.data[t]!
            : this.#inputFlow(row, t);
          edges.push(...this.#arrow(middle, start, middle, end, this.#shownAt(row, t), flow));
        }
        if (row === rows[0]) {
          const top = this.layout.lossFoot + 2;
          const shown = this.#shownAt(row, t);
          const flow = stage.adjointNorm.data[t]!;
          edges.push(...this.#arrow(middle, row.y, middle, top, shown, flow));
        }
      }
      return edges;
    });
  }

  /** What flows back to the network's input. */
  #inputFlow(row: StageRow, t: number): number {
    if (row.layer === undefined) return 0;
    const input = this.#trace.layers[row.layer]!.nodes.find(({ kind }) => kind === 'input');
    return input?.adjointNorm.data[t] ?? 0;
  }

  horizontals(): Row[] {
    return this.layout.rows.flatMap((row) => {
      if (row.layer === undefined) return [];
      const layer = this.#trace.layers[row.layer]!;
      return row.states.flatMap((y, state) => this.#stateEdges(row.layer!, layer, state, y));
    });
  }

  #stateEdges(index: number, layer: Layer, state: number, y: number): Row[] {
    const { columns } = this.layout;
    const { data } = layer.states[state]!.carried;
    const isForward = layer.direction === 'forward';
    return columns.slice(1).flatMap((column, at) => {
      const before = columns[at]!;
      // `carried` stands at the time step that it comes to.
      const [to, from] = isForward ? [before, column] : [column, before];
      const shown = this.#between(index, to.t, from.t);
      const [start, end] = [before.x + before.width, column.x];
      return isForward
        ? this.#arrow(start, y, end, y, shown, data[to.t]!)
        : this.#arrow(end, y, start, y, shown, data[to.t]!);
    });
  }

  /** An edge has its adjoint once the later cell has sent it. */
  #between(layer: number, earlier: number, later: number): Progress {
    const { colouring } = this.state;
    if (colouring !== 'phase') return colouring;
    const progress = [this.#shown(layer, earlier), this.#shown(layer, later)];
    if (progress[1] === 'adjoint') return 'adjoint';
    return progress[0] === 'none' ? 'none' : 'value';
  }

  /** From source to target as values flow; the head turns round where the adjoint is shown. */
  #arrow(x: number, y: number, x2: number, y2: number, shown: Progress, flow: number): Row[] {
    const look = this.#edge(shown, flow);
    const length = Math.hypot(x2 - x, y2 - y);
    if (length < 9) return [{ x, y, x2, y2, ...look, dash: 0 }];
    const back = shown === 'adjoint';
    const size = 26 + look.strokeWidth * 11;
    const reach = Math.min(length / 2, Math.sqrt(size) * 0.8);
    const [ux, uy] = [(x2 - x) / length, (y2 - y) / length];
    const [tipX, tipY] = back ? [x, y] : [x2, y2];
    const sign = back ? 1 : -1;
    this.heads.push({
      x: tipX,
      y: tipY,
      angle: (Math.atan2(back ? -uy : uy, back ? -ux : ux) * 180) / Math.PI,
      fill: look.stroke,
      size,
      opacity: look.opacity,
    });
    const [sx, sy] = back ? [x + ux * reach * sign, y + uy * reach * sign] : [x, y];
    const [ex, ey] = back ? [x2, y2] : [x2 + ux * reach * sign, y2 + uy * reach * sign];
    return [{ x: sx, y: sy, x2: ex, y2: ey, ...look, dash: 0 }];
  }

  boundaries(): Row[] {
    const cuts = this.#trace.truncation?.boundaries ?? [];
    const { columns, rows, gridBottom } = this.layout;
    return cuts.flatMap((t) => {
      const at = columns.findIndex((column) => column.t === t);
      if (at <= 0) return [];
      const before = columns[at - 1]!;
      const x = (before.x + before.width + columns[at]!.x) / 2;
      return [
        {
          x,
          x2: x,
          y: rows[0]!.y - 10,
          y2: gridBottom - 20,
          stroke: this.colours.foreground,
          strokeWidth: 1.5,
          opacity: 1,
          dash: 1,
        },
      ];
    });
  }

  // -------------------------------------------------------------------------------------------------
  // Texts

  texts(): Row[] {
    const { columns, labelEvery, indexY, inputsY, outputsY } = this.layout;
    const { inputs, outputs } = this.#trace;
    const { place } = this.state;
    const most = Math.max(1, Math.floor((columns[0]!.width + 10) / 8));
    const token = (list: string[] | undefined, t: number, x: number, y: number | undefined) =>
      list?.[t] === undefined || y === undefined
        ? []
        : [this.#text(x, y, shorten(toVisibleText(list[t]), most), 'token')];
    // Its own number is always there, and needs the room.
    const isNearCurrent = (t: number) => 't' in place && Math.abs(place.t - t) < labelEvery;
    return columns.flatMap(({ t, x, width }) => {
      const middle = x + width / 2;
      const isCurrent = 't' in place && place.t === t;
      return [
        ...token(inputs, t, middle, inputsY),
        ...token(outputs, t, middle, outputsY),
        ...(isCurrent || (t % labelEvery === 0 && !isNearCurrent(t))
          ? [this.#text(middle, indexY, String(t), isCurrent ? 'strong' : 'index')]
          : []),
        ...this.#cellTexts(t, middle),
      ];
    });
  }

  #cellTexts(t: number, middle: number): Row[] {
    if (!this.layout.roomy) return [];
    return this.layout.rows.flatMap((row) => {
      if (row.layer === undefined) return [];
      const shown = this.#shownAt(row, t);
      if (shown === 'none') return [];
      const stage = this.#trace.stages[row.stage]!;
      const number = (shown === 'value' ? stage.valueNorm : stage.adjointNorm).data[t]!;
      const text = shortNumber(number);
      const { text: fill } = this.#stagePaint(row, t, shown);
      return [{ ...this.#text(middle, row.y + row.height / 2, text, 'number'), fill }];
    });
  }

  #text(x: number, y: number, text: string, kind: 'token' | 'index' | 'strong' | 'number'): Row {
    const isStrong = kind === 'token' || kind === 'strong';
    return { x, y, text, kind, fill: isStrong ? this.colours.foreground : this.colours.muted };
  }

  dots(): Row[] {
    const { columns, indexY } = this.layout;
    return columns
      .filter(({ t }) => this.state.breakpoints.has(t))
      .map(({ x, width }) => ({
        x: x + width / 2,
        y: indexY + 11,
        fill: this.colours.breakpoint,
        size: 42,
      }));
  }

  // -------------------------------------------------------------------------------------------------
  // The inside of the current cell

  /** The time step whose inside is shown. */
  get #insideT(): number | undefined {
    const { place } = this.state;
    if ('t' in place) return place.t;
    return place.phase === 'loss' ? this.#trace.timeSteps - 1 : 0;
  }

  /** Of an operation: reached in this cell or not. */
  #insideShown(node: number): Progress {
    const { colouring, place, index } = this.state;
    if (colouring !== 'phase') return colouring;
    if (place.phase === 'loss') return 'value';
    if (place.phase === 'end') return 'adjoint';
    if (!('layer' in place)) return 'none';
    const at = this.walk.indexOf({ ...place, node });
    if (at < 0) return place.phase === 'backward' ? 'value' : 'none';
    if (place.phase === 'forward') return at <= index ? 'value' : 'none';
    return at <= index ? 'adjoint' : 'value';
  }

  insideBoxes(): Row[] {
    const { inside } = this.layout;
    const t = this.#insideT;
    if (!inside || t === undefined) return [];
    const { box, scale } = inside;
    const layer = this.#insideLayer();
    return inside.layout.operations.map((operation) => {
      const node = inside.cell.nodeOf(operation.node.id)!;
      const shown = this.#insideShown(node);
      const { place } = this.state;
      const isCurrent = 'node' in place && place.node === node;
      const [width, height] = [
        Math.max(9, operation.width) * scale,
        Math.max(9, operation.height) * scale,
      ];
      return {
        x: box.x + operation.x * scale - width / 2,
        x2: box.x + operation.x * scale + width / 2,
        y: box.y + operation.y * scale - height / 2,
        y2: box.y + operation.y * scale + height / 2,
        fill: this.#nodePaint(layer, node, t, shown).fill,
        stroke: isCurrent ? this.colours.foreground : this.colours.line,
        strokeWidth: isCurrent ? 2.5 : 0.9,
        corner: operation.glyph.tone === 'dot' ? 8 : 6,
      };
    });
  }

  #insideLayer(): Layer {
    const { place } = this.state;
    return this.#trace.layers['layer' in place ? place.layer : this.scales.insideLayer]!;
  }

  #nodePaint(layer: Layer, node: number, t: number, shown: Progress) {
    const { palette } = this.colours;
    if (shown === 'none') return { fill: this.colours.background, text: this.colours.muted };
    const { valueNorm, adjointNorm, once, shape } = layer.nodes[node]!;
    const number = shown === 'value' ? valueNorm.data[once ? 0 : t]! : adjointNorm.data[t]!;
    if (!Number.isFinite(number)) return palette.notFinite;
    return shown === 'value'
      ? palette.value(this.scales.nodes(layer).share(number / rootOf(shape)))
      : palette.adjoint(this.scales.adjoint.share(number));
  }

  insideCurves(): Row[] {
    const { inside } = this.layout;
    const t = this.#insideT;
    if (!inside || t === undefined) return [];
    return inside.layout.edges.flatMap((edge, at) => {
      const look = this.#insideLook(edge, t);
      const points = edge.points.map(({ x, y }) => ({
        x: inside.box.x + x * inside.scale,
        y: inside.box.y + y * inside.scale,
      }));
      const backwards = look.shown === 'adjoint';
      const path = backwards ? points.toReversed() : points;
      const drawn = look.strokeWidth > 0.9 || edge.arrow ? shortenEnd(path, 5) : path;
      return drawn.map(({ x, y }, order) => ({
        edge: at,
        at: order,
        x,
        y,
        stroke: look.stroke,
        strokeWidth: look.strokeWidth,
        opacity: look.opacity,
      }));
    });
  }

  insideHeads(): Row[] {
    const { inside } = this.layout;
    const t = this.#insideT;
    if (!inside || t === undefined) return [];
    return inside.layout.edges.map((edge) => {
      const look = this.#insideLook(edge, t);
      const points = look.shown === 'adjoint' ? edge.points.toReversed() : edge.points;
      const end = points.at(-1)!;
      return {
        x: inside.box.x + end.x * inside.scale,
        y: inside.box.y + end.y * inside.scale,
        angle: endAngle(points),
        fill: look.stroke,
        size: 26 + look.strokeWidth * 11,
        opacity: look.opacity,
      };
    });
  }

  #insideLook(edge: { from: string; to: string }, t: number) {
    const { inside } = this.layout;
    const target = inside!.layout.operations.find(({ node }) => nodeKey(node.id) === edge.to);
    const source = inside!.layout.operations.find(({ node }) => nodeKey(node.id) === edge.from);
    const node = target && inside!.cell.nodeOf(target.node.id);
    const sourceNode = source && inside!.cell.nodeOf(source.node.id);
    // What leaves the cell comes back before all else.
    const shown =
      node !== undefined
        ? this.#insideShown(node)
        : this.state.place.phase === 'backward' || this.state.colouring === 'adjoint'
          ? 'adjoint'
          : sourceNode === undefined
            ? 'value'
            : this.#insideShown(sourceNode);
    return { shown, ...this.#edge(shown, inside!.cell.flow(edge.from, edge.to, t)) };
  }

  insideTexts(): Row[] {
    const { inside } = this.layout;
    const t = this.#insideT;
    if (!inside || t === undefined) return [];
    const { box, scale } = inside;
    const layer = this.#insideLayer();
    const at = (x: number, y: number) => ({ x: box.x + x * scale, y: box.y + y * scale });
    const operations = inside.layout.operations.flatMap((operation) => {
      const { node, glyph, x, y, height, parameters } = operation;
      const index = inside.cell.nodeOf(node.id)!;
      const { text: fill } = this.#nodePaint(layer, index, t, this.#insideShown(index));
      const captionAt = at(x, y + height / 2);
      const labelAt = at(x, y - height / 2);
      return [
        ...(glyph.text === '' ? [] : [{ ...at(x, y), text: glyph.text, kind: 'glyph', fill }]),
        ...(node.label === undefined
          ? []
          : [
              {
                x: labelAt.x,
                y: labelAt.y - 8,
                text: shorten(node.label, 8),
                kind: 'gate',
                fill: this.colours.foreground,
              },
            ]),
        ...(parameters[0] === undefined
          ? []
          : [
              {
                x: captionAt.x,
                y: captionAt.y + 9,
                text: shorten(parameters[0], 16),
                kind: 'caption',
                fill: this.colours.muted,
              },
            ]),
      ];
    });
    const ports = layer.states.flatMap(({ name }) => {
      const y = inside.layout.stateHeights.get(name);
      if (y === undefined) return [];
      const text = shorten(name, 6);
      const place = { y: box.y + y * scale - 8, kind: 'gate', fill: this.colours.muted };
      return [
        { ...place, x: box.x + 6, text: `${text}${layer.direction === 'forward' ? 'ₜ₋₁' : 'ₜ₊₁'}` },
        { ...place, x: box.x + box.width - 10, text: `${text}ₜ` },
      ];
    });
    const input = at(inside.layout.inputX, inside.layout.height);
    return [
      ...operations,
      ...ports,
      { x: input.x + 12, y: input.y - 8, text: 'xₜ', kind: 'gate', fill: this.colours.muted },
    ];
  }
}

/** Root of the number of elements, so that norm / root is the root mean square. */
const rootOf = (shape: readonly number[]): number =>
  Math.sqrt(
    Math.max(
      1,
      shape.reduce((product, n) => product * n, 1),
    ),
  );

/** Where a set of rows says the same as last time, the list of last time: it need not be drawn again. */
export function keepUnchanged(
  before: Record<string, Row[]>,
  after: Record<string, Row[]>,
): Record<string, Row[]> {
  return Object.fromEntries(
    Object.entries(after).map(([name, rows]) => {
      const old = before[name];
      return [name, old && areEqual(old, rows) ? old : rows];
    }),
  );
}

function areEqual(before: readonly Row[], after: readonly Row[]): boolean {
  return (
    before.length === after.length &&
    before.every((row, index) => {
      const other = after[index]!;
      for (const key in other) if (row[key] !== other[key]) return false;
      return true;
    })
  );
}

/** At most five characters: `0.31`, `12.4`, `3e−7`. */
export function shortNumber(value: number): string {
  if (!Number.isFinite(value)) return Number.isNaN(value) ? 'NaN' : value > 0 ? '∞' : '−∞';
  const size = Math.abs(value);
  if (size === 0) return '0';
  if (size < 0.001 || size >= 10_000)
    return value.toExponential(0).replace('e+', 'e').replaceAll('-', '−');
  const text =
    size >= 100 ? value.toFixed(0) : size >= 10 ? value.toFixed(1) : value.toPrecision(2);
  return text.replace('-', '−');
}
