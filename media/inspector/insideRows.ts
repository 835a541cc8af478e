import { nodeKey } from '../graph/cellGraph.js';
import { endAngle, shortenEnd } from '../graph/curves.js';
import { shorten } from '../shorten.js';
import type { Row } from '../vegaView.js';
import type { Progress } from './cursor.js';
import { type EdgeLook, edgeLook, headSize } from './edgeRows.js';
import type { Inside } from './layout.js';
import type { Paint } from './scales.js';
import type { Arrows, Scene } from './scene.js';
import { insideOf, shownInside } from './shown.js';
import type { Layer } from './walk.js';

/** Boxes of the gates or operations of the current cell. */
export function insideBoxes(scene: Scene): Row[] {
  const { inside } = scene.layout;
  if (!inside) return [];
  const { box, scale } = inside;
  const { layer, t } = insideOf(scene);
  const { place } = scene.state;
  return inside.layout.operations.map((operation) => {
    const node = inside.cell.nodeOf(operation.node.id)!;
    const isCurrent = 'node' in place && place.node === node;
    const width = Math.max(9, operation.width) * scale;
    const height = Math.max(9, operation.height) * scale;
    return {
      x: box.x + operation.x * scale - width / 2,
      x2: box.x + operation.x * scale + width / 2,
      y: box.y + operation.y * scale - height / 2,
      y2: box.y + operation.y * scale + height / 2,
      fill: nodePaint(scene, layer, node, t, shownInside(scene, node)).fill,
      stroke: isCurrent ? scene.colours.foreground : scene.colours.line,
      strokeWidth: isCurrent ? 2.5 : 0.9,
      corner: operation.glyph.tone === 'dot' ? 8 : 6,
    };
  });
}

function nodePaint(scene: Scene, layer: Layer, node: number, t: number, shown: Progress): Paint {
  const { colours, scales } = scene;
  const { palette } = colours;
  if (shown === 'none') return { fill: colours.background, text: colours.muted };
  const { valueNorm, adjointNorm, once, shape } = layer.nodes[node]!;
  const number = shown === 'value' ? valueNorm.data[once ? 0 : t]! : adjointNorm.data[t]!;
  if (!Number.isFinite(number)) return palette.notFinite;
  return shown === 'value'
    ? palette.value(scales.nodes(layer).share(number / rootOf(shape)))
    : palette.adjoint(scales.adjoint.share(number));
}

/** Root of the number of elements, so that norm / root is the root mean square. */
const rootOf = (shape: readonly number[]): number =>
  Math.sqrt(
    Math.max(
      1,
      shape.reduce((product, n) => product * n, 1),
    ),
  );

// ---------------------------------------------------------------------------------------------------
// Edges

type InsideEdge = Inside['layout']['edges'][number];

/** The curves between gates or operations, as points, and their heads. */
export function insideEdges(scene: Scene): Arrows {
  const { inside } = scene.layout;
  if (!inside) return { lines: [], heads: [] };
  const { t } = insideOf(scene);
  const looks = inside.layout.edges.map((edge) => insideLook(scene, inside, edge, t));
  return {
    lines: inside.layout.edges.flatMap((edge, at) => curve(inside, edge, looks[at]!, at)),
    heads: inside.layout.edges.map((edge, at) => head(inside, edge, looks[at]!)),
  };
}

type InsideLook = EdgeLook & { shown: Progress };

function curve(inside: Inside, edge: InsideEdge, look: InsideLook, at: number): Row[] {
  const points = edge.points.map(({ x, y }) => onPage(inside, x, y));
  const path = look.shown === 'adjoint' ? points.toReversed() : points;
  const drawn = look.strokeWidth > 0.9 || edge.arrow ? shortenEnd(path, 5) : path;
  const { stroke, strokeWidth, opacity } = look;
  return drawn.map(({ x, y }, order) => ({
    edge: at,
    at: order,
    x,
    y,
    stroke,
    strokeWidth,
    opacity,
  }));
}

function head(inside: Inside, edge: InsideEdge, look: InsideLook): Row {
  const points = look.shown === 'adjoint' ? edge.points.toReversed() : edge.points;
  const end = points.at(-1)!;
  return {
    ...onPage(inside, end.x, end.y),
    angle: endAngle(points),
    fill: look.stroke,
    size: headSize(look),
    opacity: look.opacity,
  };
}

const onPage = ({ box, scale }: Inside, x: number, y: number) => ({
  x: box.x + x * scale,
  y: box.y + y * scale,
});

function insideLook(scene: Scene, inside: Inside, edge: InsideEdge, t: number): InsideLook {
  const nodeAt = (key: string) => {
    const found = inside.layout.operations.find(({ node }) => nodeKey(node.id) === key);
    return found && inside.cell.nodeOf(found.node.id);
  };
  const shown = shownOnEdge(scene, nodeAt(edge.from), nodeAt(edge.to));
  return { shown, ...edgeLook(scene, shown, inside.cell.flow(edge.from, edge.to, t)) };
}

function shownOnEdge(scene: Scene, from: number | undefined, to: number | undefined): Progress {
  if (to !== undefined) return shownInside(scene, to);
  const { place, colouring } = scene.state;
  // What leaves the cell comes back before all else.
  if (place.phase === 'backward' || colouring === 'adjoint') return 'adjoint';
  return from === undefined ? 'value' : shownInside(scene, from);
}

// ---------------------------------------------------------------------------------------------------
// Texts

/** Names of gates, symbols of operations, parameters that they read, and the ports of the cell. */
export function insideTexts(scene: Scene): Row[] {
  const { inside } = scene.layout;
  if (!inside) return [];
  const { layer } = insideOf(scene);
  const input = onPage(inside, inside.layout.inputX, inside.layout.height);
  const { muted } = scene.colours;
  return [
    ...inside.layout.operations.flatMap((operation) => operationTexts(scene, inside, operation)),
    ...portTexts(scene, inside, layer),
    { x: input.x + 12, y: input.y - 8, text: 'xₜ', kind: 'gate', fill: muted },
  ];
}

function operationTexts(
  scene: Scene,
  inside: Inside,
  { node, glyph, x, y, height, parameters }: Inside['layout']['operations'][number],
): Row[] {
  const { colours } = scene;
  const { layer, t } = insideOf(scene);
  const index = inside.cell.nodeOf(node.id)!;
  const { text: fill } = nodePaint(scene, layer, index, t, shownInside(scene, index));
  const text = (
    at: { x: number; y: number },
    words: string,
    kind: string,
    colour: string,
  ): Row => ({
    ...at,
    text: words,
    kind,
    fill: colour,
  });
  const above = onPage(inside, x, y - height / 2);
  const below = onPage(inside, x, y + height / 2);
  const { label } = node;
  const parameter = parameters[0];
  return [
    ...(glyph.text === '' ? [] : [text(onPage(inside, x, y), glyph.text, 'glyph', fill)]),
    ...(label === undefined
      ? []
      : [text({ ...above, y: above.y - 8 }, shorten(label, 8), 'gate', colours.foreground)]),
    ...(parameter === undefined
      ? []
      : [text({ ...below, y: below.y + 9 }, shorten(parameter, 16), 'caption', colours.muted)]),
  ];
}

function portTexts({ colours }: Scene, { layout, box, scale }: Inside, layer: Layer): Row[] {
  return layer.states.flatMap(({ name }) => {
    const y = layout.stateHeights.get(name);
    if (y === undefined) return [];
    const text = shorten(name, 6);
    const before = layer.direction === 'forward' ? 'ₜ₋₁' : 'ₜ₊₁';
    // Above the widest edge and its head.
    const place = { y: box.y + y * scale - 16, kind: 'gate', fill: colours.muted };
    return [
      { ...place, x: box.x + 12, text: `${text}${before}` },
      { ...place, x: box.x + box.width - 12, text: `${text}ₜ` },
    ];
  });
}
