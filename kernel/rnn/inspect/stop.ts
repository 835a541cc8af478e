import { norm } from './vectors.js';
import type { NdArray } from '../ndarray.js';
import { showShape } from '../ndarray.js';
import { showNumbers } from '../showNumbers.js';
import { localError } from './localCheck.js';

import { NodeAt, type AdjointPart, type SentAdjoint } from './nodeAt.js';
import type { Trace } from './trace.js';
import type { Phase, Place } from './walk.js';

/** What a stop sends to an operand, and how far its derivative is from central differences. */
export interface CheckedAdjoint extends SentAdjoint {
  readonly error: number;
}

/**
 * One place of a stepper: an operation on the way forward (equation, operands, result) or back (its adjoint
 * by origin, what it sends to each operand, checked against central differences), the loss, or the end.
 */
export class Stop {
  readonly phase: Phase;
  /** Time step; undefined at the loss and at the end. */
  readonly t: number | undefined;
  /** The operation's result; undefined at the loss and at the end. */
  readonly node: NodeAt | undefined;

  constructor(
    readonly trace: Trace,
    /** From 0 to `count` − 1. */
    readonly index: number,
    readonly count: number,
    private readonly place: Place,
  ) {
    this.phase = place.phase;
    this.t = place.t;
    this.node = place.layer && new NodeAt(place.layer, place.t!, place.node!);
  }

  get layer(): string | undefined {
    return this.place.layer?.name;
  }
  get label(): string | undefined {
    return this.node?.label;
  }
  /** The gate or state that the operation serves alone. */
  get gate(): string | undefined {
    return this.place.layer?.gates[this.place.node!];
  }

  get equation(): string {
    if (this.node) return this.node.equation;
    return this.phase === 'loss'
      ? `L = ${this.trace.loss.total}`
      : `‖∂L/∂θ‖ = ${this.trace.gradientNorm}`;
  }

  /** For gates and states, the equation down to other gates, states, input and weights. */
  get formula(): string | undefined {
    return this.place.layer?.equations.full[this.place.node!]?.text;
  }

  /** Operands with their values. */
  get operands(): NodeAt[] {
    return this.node?.operands ?? [];
  }

  /** What the operation computed. */
  get result(): NdArray | undefined {
    return this.node?.value;
  }

  /** ∂L/∂result, on the way back. */
  get adjoint(): NdArray | undefined {
    return this.phase === 'backward' ? this.node?.adjoint : undefined;
  }

  /** The adjoint split by where it comes from, on the way back. */
  get adjointsIn(): AdjointPart[] {
    return this.phase === 'backward' ? (this.node?.adjointParts ?? []) : [];
  }

  /** What goes on to the operands, on the way back, each checked. */
  get adjointsOut(): CheckedAdjoint[] {
    const { layer, t } = this.place;
    if (this.phase !== 'backward' || !layer || !this.node) return [];
    const detail = layer.at(t!);
    return this.node.sends.map((sent) => ({
      ...sent,
      error: localError(layer, detail, layer.edges[sent.edge]!, sent.contribution),
    }));
  }

  /** Norm of the result, or of its adjoint on the way back; of the loss and the gradient at their stops. */
  get norm(): number {
    if (!this.node)
      return this.phase === 'loss' ? Math.abs(this.trace.loss.total) : this.trace.gradientNorm;
    return this.phase === 'backward' ? this.node.adjointNorm : this.node.valueNorm;
  }

  /** Fraction of the result's numbers within a tenth of the range of a bound; 0 unless a bounded activation. */
  get saturation(): number {
    const { layer, node, t } = this.place;
    const activation = layer?.norms.activations.find((one) => one.node === node);
    if (!activation) return 0;
    const { low, high } = activation;
    const margin = (high - low) / 10;
    const { data } = layer!.at(t!).values[node!]!;
    let near = 0;
    for (const x of data) if (x < low + margin || x > high - margin) near++;
    return near / data.length;
  }

  /** Whether the adjoint that would come from the next step is cut off here. */
  get crossesTruncation(): boolean {
    const { layer, t, node } = this.place;
    if (this.phase !== 'backward' || !layer) return false;
    const isNext = layer.program.states.some(({ next }) => next === node);
    return isNext && layer.run.isCutAfter(t!);
  }

  /** Whether the gradient summed up to here is larger than `clipNorm`. */
  get exceedsClip(): boolean {
    const { clip } = this.trace;
    if (!clip) return false;
    if (this.phase === 'end') return clip.fired;
    return this.phase === 'backward' && clip.step !== undefined && this.t! <= clip.step;
  }

  toString(): string {
    const { phase, index, count, trace } = this;
    const head = `stop ${index + 1} of ${count}, ${phase}`;
    if (phase === 'loss') return [head, ...describeLoss(trace)].join('\n');
    if (phase === 'end') return [head, ...describeEnd(trace)].join('\n');
    const { node } = this;
    const gate =
      this.gate !== undefined && this.gate !== this.label ? `, part of ${this.gate}` : '';
    const { formula } = this;
    const lines = [
      `${head}: ${node!.layerName}, t=${this.t!}${gate}`,
      `  ${this.equation}`,
      ...(formula === undefined || formula === this.equation ? [] : [`  ${formula}`]),
    ];
    if (phase === 'forward') lines.push(...this.describeForward());
    else lines.push(...this.describeBackward());
    return lines.join('\n');
  }

  private describeForward(): string[] {
    const show = (name: string, { value }: NodeAt) =>
      `  ${name} ${showShape(value.shape)} ${indented(value)}`;
    return [
      // An operand without a name of its own says what it is.
      ...this.operands.map((one) => show(one.label === undefined ? one.equation : one.name, one)),
      show(this.node!.name, this.node!),
    ];
  }

  private describeBackward(): string[] {
    const adjoint = this.adjoint!;
    return [
      `  ∂L/∂${this.node!.name} ${showShape(adjoint.shape)} ${indented(adjoint)}`,
      ...(this.crossesTruncation ? ['  truncated: nothing comes from the next step'] : []),
      ...this.adjointsIn.map(
        ({ origin, name, norm }) =>
          `  ← ${origin === 'use' ? name : origin === 'above' ? 'above' : `next step, through ${name}`}: norm ${norm.toExponential(3)}`,
      ),
      ...this.adjointsOut.map(
        ({ equation, norm, error }) =>
          `  → ${equation}: norm ${norm.toExponential(3)}, derivative right to ${error.toExponential(1)}`,
      ),
    ];
  }

  /** How Node prints it. */
  [Symbol.for('nodejs.util.inspect.custom')](): string {
    return this.toString();
  }

  /** How VS Code's debugger shows it, in a line. */
  [Symbol.for('debug.description')](): string {
    const { phase, index, count, node } = this;
    const where = node ? `: ${node.layerName}, t=${node.t}` : '';
    return `Stop ${index + 1} of ${count}, ${phase}${where}`;
  }
}

const indented = ({ data, shape }: NdArray): string =>
  showNumbers(data, shape).replaceAll('\n', '\n    ');

function describeLoss({ loss }: Trace): string[] {
  const terms = loss.measuredAt.map((t) => `t=${t}: ${loss.perStep[t]!.toPrecision(5)}`);
  const shown = terms.length > 8 ? [...terms.slice(0, 4), '…', ...terms.slice(-3)] : terms;
  return [`  L = ${loss.total}`, `  measured at ${shown.join(', ')}`];
}

function describeEnd({ gradients, clip, gradientNorm }: Trace): string[] {
  const rows = [...gradients.values()].map(
    ({ name, gradient }) => `  ‖∂L/∂${name}‖ = ${norm(gradient.data).toExponential(3)}`,
  );
  const clipped = clip
    ? [
        clip.fired
          ? `  clipped: norm ${gradientNorm.toExponential(3)} is above ${clip.maxNorm}, gradients are scaled by ${clip.factor.toPrecision(3)}`
          : `  not clipped: norm ${gradientNorm.toExponential(3)} is at most ${clip.maxNorm}`,
      ]
    : [];
  return [...rows, ...clipped];
}
