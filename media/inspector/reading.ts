import type { FloatArray, TraceData, TraceMath } from '../../kernel/contract/trace.js';
import { formatCount, formatShape, formatValue } from '../format.js';
import { readEnd, readLoss } from './readingEnds.js';
import { readNotes } from './readingNotes.js';
import { nameOf, timedMath, timedName } from './timedNames.js';
import type { Layer, Node, Place, Walk } from './walk.js';

/** Everything that is said about a stop. */
export interface Reading {
  phase: Place['phase'];
  /** `Backward, t = 3`, and what it is about: `net.l1 · c`. */
  head: string;
  subject: string;
  /** The operation, and for gates and states the equation down to other gates and states. */
  math: TraceMath | undefined;
  equation: string;
  formula: { text: string; math: TraceMath } | undefined;
  strips: Strip[];
  parts: Part[];
  check: { error: number; passed: boolean } | undefined;
  /** Sentences about the stop: truncation, saturation, what is not carried. */
  notes: string[];
  /** One sentence for a screen reader. */
  spoken: string;
}

/** A value or adjoint with its numbers, where they are carried. */
export interface Strip {
  role: 'operand' | 'result' | 'adjoint' | 'sent';
  name: string;
  math?: TraceMath | undefined;
  shape: number[];
  norm: number;
  /** Of one sequence, `units` of the value; undefined where left out. */
  numbers: Float32Array | undefined;
  units: readonly number[];
  /** Rows by columns, where all numbers of a matrix are there. */
  grid: { rows: number; columns: number } | undefined;
  /** Whose numbers they are: a node of the layer, or the model's input. */
  of: number | 'input';
  /** What they were before an edit. */
  before?: { norm: number; numbers: Float32Array | undefined };
}

/** A part of an adjoint, by where it comes from. */
export interface Part {
  origin: 'use' | 'next' | 'above';
  name: string;
  math?: TraceMath | undefined;
  norm: number;
  /** What it was before an edit. */
  before?: number;
}

/** Relative error up to which a local derivative counts as right; float32 differences are rougher. */
const tolerance = { float64: 1e-5, float32: 2e-2 };

/**
 * What an edit changed at a stop: the reading of the trace as it becomes, with what was before in its strips
 * and parts. Both traces have the same stops.
 */
export function readChange(before: Walk, after: Walk, index: number, sequence: number): Reading {
  const was = readStop(before, index, sequence);
  const now = readStop(after, index, sequence);
  return {
    ...now,
    strips: now.strips.map((strip, at) => {
      const { norm, numbers } = was.strips[at]!;
      return { ...strip, before: { norm, numbers } };
    }),
    parts: now.parts.map((part) => {
      const same = was.parts.find(
        ({ origin, name }) => origin === part.origin && name === part.name,
      );
      return same ? { ...part, before: same.norm } : part;
    }),
    notes: 'node' in after.at(index) ? now.notes : [`Before: ${was.equation}.`, ...now.notes],
    spoken: `What if: ${now.spoken}. Before: ${was.spoken}`,
  };
}

/** @param sequence which of the carried sequences, from 0 */
export function readStop(walk: Walk, index: number, sequence: number): Reading {
  const place = walk.at(index);
  if (place.phase === 'loss') return readLoss(walk.trace);
  if (!('node' in place)) return readEnd(walk.trace);
  const { trace } = walk;
  const layer = trace.layers[place.layer]!;
  const node = layer.nodes[place.node]!;
  const at: At = { trace, layer, t: place.t, row: trace.steps.indexOf(place.t), sequence };
  const isBack = place.phase === 'backward';
  const strips = isBack ? backwardStrips(at, place.node) : forwardStrips(at, place.node);
  const parts = isBack ? readParts(at, place.node) : [];
  const subject = `${layer.name} · ${nameOf(node)}`;
  const check = readCheck(at, node);
  const norm = (isBack ? node.adjointNorm : node.valueNorm).data[place.t]!;
  return {
    phase: place.phase,
    head: `${isBack ? 'Backward' : 'Forward'}, t = ${place.t}`,
    subject,
    math: node.math,
    equation: node.equation,
    formula: node.formula?.text === node.equation ? undefined : node.formula,
    strips,
    parts,
    check,
    notes: readNotes(at, place.node, isBack),
    spoken: [
      `${isBack ? 'Backward' : 'Forward'}, time step ${place.t}, ${layer.name}, ${nameOf(node)}`,
      node.equation,
      `${isBack ? 'adjoint' : 'value'} norm ${formatValue(norm)}`,
      ...parts.map((part) => `${formatValue(part.norm)} ${partText(part)}`),
      ...(check ? [`derivative ${check.passed ? 'checked' : 'wrong'}`] : []),
    ].join('; '),
  };
}

/** Of which numbers a stop speaks. */
export interface At {
  trace: TraceData;
  layer: Layer;
  t: number;
  /** Of this time step among those carried in numbers; -1 where it is not. */
  row: number;
  sequence: number;
}

/** `[K, S, U]` at one time step and sequence; `[1, 1, U]` for what is computed once. */
function numbersAt(array: FloatArray | undefined, at: At): Float32Array | undefined {
  if (!array) return undefined;
  const [steps, sequences, units] = array.shape as [number, number, number];
  const row = steps === 1 && at.trace.steps.length !== 1 ? 0 : at.row;
  if (row < 0 || row >= steps) return undefined;
  const from = (row * sequences + Math.min(at.sequence, sequences - 1)) * units;
  return array.data.subarray(from, from + units);
}

function toStrip(
  at: At,
  index: number,
  role: Strip['role'],
  array: FloatArray | undefined,
  norm: number,
): Strip {
  const node = at.layer.nodes[index]!;
  const shape = node.once ? node.shape : node.shape.slice(1);
  const isWhole = node.units.length === shape.reduce((product, n) => product * n, 1);
  const { direction } = at.layer;
  const isAdjoint = role === 'adjoint' || role === 'sent';
  return {
    role,
    name: isAdjoint ? `adjoint of ${timedName(node, direction)}` : timedName(node, direction),
    math: timedMath(node, direction, isAdjoint),
    shape: node.shape,
    norm,
    numbers: node.units.length === 0 ? undefined : numbersAt(array, at),
    units: node.units,
    grid:
      isWhole && shape.length === 2 && shape[0]! <= 64
        ? { rows: shape[0]!, columns: shape[1]! }
        : undefined,
    of: index,
  };
}

function forwardStrips(at: At, index: number): Strip[] {
  const { nodes } = at.layer;
  const node = nodes[index]!;
  const normAt = (one: Node) => one.valueNorm.data[one.once ? 0 : at.t]!;
  return [
    ...[...new Set(node.operands)].flatMap((operand) => [
      ...modelInput(at, nodes[operand]!),
      toStrip(at, operand, 'operand', nodes[operand]!.value, normAt(nodes[operand]!)),
    ]),
    toStrip(at, index, 'result', node.value, normAt(node)),
  ];
}

/** Indices of tokens that the lowest layers read through an embedding. */
function modelInput(at: At, { kind }: Node): Strip[] {
  const { input } = at.trace;
  const isLowest = at.trace.layers.every(({ layer }) => layer >= at.layer.layer);
  if (kind !== 'input' || !input?.isInteger || !isLowest) return [];
  const numbers = numbersAt(input.value, at);
  return [
    {
      role: 'operand',
      name: 'input of the model',
      shape: input.shape,
      norm: Math.hypot(...(numbers ?? [])),
      numbers,
      units: input.units,
      grid: undefined,
      of: 'input',
    },
  ];
}

function backwardStrips(at: At, index: number): Strip[] {
  const { nodes, edges } = at.layer;
  const node = nodes[index]!;
  return [
    toStrip(at, index, 'adjoint', node.adjoint, node.adjointNorm.data[at.t]!),
    ...edges
      .filter(({ to }) => to === index)
      .map((edge) => ({
        ...toStrip(at, edge.from, 'sent', edge.contribution, edge.norm.data[at.t]!),
        name: edge.equation,
        math: edge.math,
      })),
  ];
}

/** Where an adjoint comes from: uses within the time step, the next time step, above. */
export function readParts({ layer, t }: Pick<At, 'layer' | 't'>, index: number): Part[] {
  const { nodes, edges, states, output, fromAbove, direction } = layer;
  return [
    ...edges
      .filter(({ from }) => from === index)
      .map(({ to, norm }): Part => {
        const user = nodes[to]!;
        const name = timedName(user, direction);
        return {
          origin: 'use',
          // What has no name of its own is told by what it does.
          name: user.label === undefined && user.op !== undefined ? `${user.op} (${name})` : name,
          math: timedMath(user, direction),
          norm: norm.data[t]!,
        };
      }),
    ...states
      .filter(({ next }) => next === index)
      .map(({ name, carried }): Part => ({ origin: 'next', name, norm: carried.data[t]! })),
    ...(output === index
      ? [{ origin: 'above' as const, name: 'above', norm: fromAbove.data[t]! }]
      : []),
  ];
}

export function partText({ origin, name }: Part): string {
  if (origin === 'use') return `through ${name}`;
  return origin === 'next' ? `next step, via ${name}` : 'from above';
}

function readCheck({ trace, row }: At, { check }: Node): Reading['check'] {
  const error = row < 0 ? undefined : check?.data[row];
  if (error === undefined) return undefined;
  return { error, passed: error <= tolerance[trace.dtype] };
}

/** `[2, 16]` and how many of its numbers are shown. */
export function stripNote({ shape, numbers, units }: Strip): string {
  const all = shape.reduce((product, n) => product * n, 1);
  if (!numbers) return `${formatShape(shape)}, numbers not carried`;
  return units.length < all && units.length * (shape[0] ?? 1) < all
    ? `${formatShape(shape)}, ${formatCount(units.length)} shown`
    : formatShape(shape);
}
