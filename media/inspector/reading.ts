import type { FloatArray, TraceData, TraceMath } from '../../kernel/contract/trace.js';
import { formatCount, formatShape, formatValue } from '../format.js';
import { toVisibleText } from '../visibleText.js';
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

interface At {
  trace: TraceData;
  layer: Layer;
  t: number;
  /** Of this time step among those carried in numbers; -1 where it is not. */
  row: number;
  sequence: number;
}

export const nameOf = ({ label, id }: Pick<Node, 'label' | 'id'>): string => label ?? id;

/** With the time step that a value belongs to: `fₜ`, `cₜ₋₁` (against time `cₜ₊₁`), `weight_hh`. */
export function timedName({ kind, once, label, id }: Node, direction: Layer['direction']): string {
  const name = label ?? id;
  if (once || kind === 'parameter' || kind === 'constant') return name;
  if (kind !== 'state') return `${name}ₜ`;
  return direction === 'forward' ? `${name}ₜ₋₁` : `${name}ₜ₊₁`;
}

function timedMath(node: Node, direction: Layer['direction'], isAdjoint = false): TraceMath {
  const text = node.label ?? node.id;
  const name: TraceMath = { tag: text.length > 2 ? 'mtext' : 'mi', text };
  const base: TraceMath = isAdjoint
    ? { tag: 'mover', children: [name, { tag: 'mo', text: '¯' }] }
    : name;
  if (node.once || node.kind === 'parameter' || node.kind === 'constant') return base;
  const t: TraceMath = { tag: 'mi', text: 't' };
  const before: TraceMath = {
    tag: 'mrow',
    children: [
      t,
      { tag: 'mo', text: direction === 'forward' ? '−' : '+' },
      { tag: 'mn', text: '1' },
    ],
  };
  return { tag: 'msub', children: [base, node.kind === 'state' ? before : t] };
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

function readNotes({ trace, layer, t, row }: At, index: number, isBack: boolean): string[] {
  const { saturation } = layer.nodes[index]!;
  const notes: string[] = [];
  const state = layer.states.findIndex(({ next }) => next === index);
  const cut = trace.truncation?.boundaries.indexOf(t + 1) ?? -1;
  if (isBack && state >= 0 && cut >= 0) {
    const norm = layer.states[state]!.cut?.data[cut];
    notes.push(
      `Truncated here: nothing comes from t = ${t + 1}${norm === undefined ? '' : `, which would have sent ${formatValue(norm)}`}.`,
    );
  }
  if (saturation) {
    const near = saturation.nearLow.data[t]! + saturation.nearHigh.data[t]!;
    const mean = formatValue(saturation.mean.data[t]!);
    notes.push(`Mean ${mean}; ${Math.round(100 * near)} % saturated (near a bound).`);
  }
  if (isBack && trace.clip?.fired && trace.clip.step !== undefined && t <= trace.clip.step)
    notes.push(`Summed up to here, the gradient is above the clipping norm ${trace.clip.maxNorm}.`);
  if (index === layer.output) notes.push(...attentionNotes(trace, t));
  if (row < 0) notes.push('Its numbers are not carried at this time step, norms are.');
  return notes;
}

/** Where the time step looks most. */
function attentionNotes({ attention = [], inputs, stages }: TraceData, t: number): string[] {
  return attention.flatMap(({ from, queries, keys, weight }) => {
    const q = queries.indexOf(t);
    if (q < 0) return [];
    const own = weight.data.subarray(q * keys.length, (q + 1) * keys.length);
    const most = own.reduce((best, one, k) => (one > own[best]! ? k : best), 0);
    const at = keys[most]!;
    const read = inputs?.[at] === undefined ? '' : ` (“${toVisibleText(inputs[at])}”)`;
    return [
      `Looks most at ${stages[from]!.name}, t = ${at}${read}, with ${Math.round(100 * own[most]!)} % of its attention.`,
    ];
  });
}

const bare = { formula: undefined, strips: [], parts: [], check: undefined };

function readLoss({ loss }: TraceData): Reading {
  const value = formatValue(loss.value);
  const terms = loss.measuredAt.length;
  const text = `L = ${value}`;
  return {
    ...bare,
    phase: 'loss',
    head: 'Loss',
    subject: `measured at ${formatCount(terms)} ${terms === 1 ? 'time step' : 'time steps'}`,
    math: equality({ tag: 'mi', text: 'L' }, value),
    equation: text,
    notes: ['Forward ends here; from here adjoints flow back through time.'],
    spoken: `Loss ${value}, measured at ${terms} time steps. From here adjoints flow back.`,
  };
}

function readEnd({ gradient, clip }: TraceData): Reading {
  const norm = formatValue(gradient.norm);
  return {
    ...bare,
    phase: 'end',
    head: 'Gradient',
    subject: 'of all parameters, summed over time',
    math: equality(
      {
        tag: 'mrow',
        children: [
          { tag: 'mo', text: '‖' },
          {
            tag: 'mfrac',
            children: [
              {
                tag: 'mrow',
                children: [
                  { tag: 'mo', text: '∂' },
                  { tag: 'mi', text: 'L' },
                ],
              },
              {
                tag: 'mrow',
                children: [
                  { tag: 'mo', text: '∂' },
                  { tag: 'mi', text: 'θ' },
                ],
              },
            ],
          },
          { tag: 'mo', text: '‖' },
        ],
      },
      norm,
    ),
    equation: `‖∂L/∂θ‖ = ${norm}`,
    parts: gradient.parameters
      .filter(({ gradientNorm }) => gradientNorm !== null)
      .map(({ name, gradientNorm }) => ({ origin: 'use' as const, name, norm: gradientNorm! })),
    notes: clip
      ? [
          clip.fired
            ? `Clipped: the norm is above ${clip.maxNorm}, gradients are scaled by ${formatValue(clip.factor)}.`
            : `Not clipped: the norm is at most ${clip.maxNorm}.`,
        ]
      : [],
    spoken: `End: the norm of the gradient is ${norm}.`,
  };
}

const equality = (left: TraceMath, right: string): TraceMath => ({
  tag: 'mrow',
  children: [left, { tag: 'mo', text: '=' }, { tag: 'mn', text: right }],
});

/** `[2, 16]` and how many of its numbers are shown. */
export function stripNote({ shape, numbers, units }: Strip): string {
  const all = shape.reduce((product, n) => product * n, 1);
  if (!numbers) return `${formatShape(shape)}, numbers not carried`;
  return units.length < all && units.length * (shape[0] ?? 1) < all
    ? `${formatShape(shape)}, ${formatCount(units.length)} shown`
    : formatShape(shape);
}
