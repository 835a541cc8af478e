/**
 * One forward and backward pass through time, as the inspector draws it without a kernel:
 * the payload of `application/vnd.unroll.trace.v1+json`. docs/inspection.md has the formulas.
 *
 * Letters in shapes: T time steps, K of them shown in detail (`steps`), S sequences of the batch shown in
 * detail (`sequences`), U numbers of a value shown in detail (its `units`). Norms are Euclidean, over the
 * whole batch and all units, and stand for every time step. An adjoint is ∂loss/∂value.
 * Indices of time steps, layers and nodes count from 0.
 *
 * `A` is how numbers are held: `EncodedArray` in the payload, `FloatArray` after `parseTrace`.
 */
import type { EncodedArray, FloatArray } from './floatText.js';

export type { EncodedArray, FloatArray } from './floatText.js';

export type TracePayload = TraceOf<EncodedArray>;
/** What `parseTrace` gives. */
export type TraceData = TraceOf<FloatArray>;

export interface TraceOf<A> {
  version: 1;
  title: string;
  /**
   * Names the trace in the kernel that made it, while that kernel lives: what-if edits go there
   * (`inspectorMessages.ts`). Made from the trace's numbers, so the same trace made again has the same.
   */
  id?: string;
  /** The element type in which it was computed. */
  dtype: 'float32' | 'float64';
  /** T */
  timeSteps: number;
  batchSize: number;
  /** What stands under and over each time step (at most T each), e.g. the characters read and predicted. */
  inputs?: string[];
  outputs?: string[];
  /** What the model reads; absent where its input has no time axis or is not carried. */
  input?: TraceInput<A>;
  /** Time steps for which values and adjoints are carried, ascending. */
  steps: number[];
  /** Sequences of the batch for which values and adjoints are carried, ascending. */
  sequences: number[];
  /** What the payload leaves out to stay within its size, a sentence each; empty: nothing. */
  leftOut: string[];
  loss: TraceLoss<A>;
  gradient: TraceGradient<A>;
  clip?: TraceClip;
  truncation?: TraceTruncation;
  /** Everything that computes at each time step, bottom to top, recurrent or not. */
  stages: TraceStage<A>[];
  /** The recurrent layers, one per (layer, direction), in the order of computation. */
  layers: TraceLayer<A>[];
  /** Who looks at whom; absent where nobody does. */
  attention?: TraceAttention<A>[];
  verdict: { sentence: string; findings: TraceFinding[] };
  /** The invariants of the trace, with the worst relative error of each. */
  checks: TraceCheck[];
}

/** The model's input: features, or indices into an embedding. */
export interface TraceInput<A> {
  /** Shape at one time step, batch first. */
  shape: number[];
  /** It holds whole numbers, e.g. indices of tokens. */
  isInteger: boolean;
  /** Which numbers of one sequence at one time step are carried: flat indices, ascending. U of them. */
  units: number[];
  /** `[K, S, U]` */
  value: A;
}

export interface TraceLoss<A> {
  /** Null where it is not a finite number. */
  value: number | null;
  /** `[T]` the part of the loss that is measured at each time step; 0 where there is none. */
  terms: A;
  /** The part that belongs to no time step, e.g. a penalty on weights. terms sum to value − rest. */
  rest: number | null;
  /** The time steps at which a part of the loss is measured. */
  measuredAt: number[];
}

export interface TraceGradient<A> {
  /** Norm of all parameters' gradients as one vector, before clipping. */
  norm: number | null;
  /** `[T]` norm of the gradient summed from the last time step back to t, as backward goes on. */
  running: A;
  parameters: TraceParameter<A>[];
}

export interface TraceParameter<A> {
  /** Path in the model, e.g. `lstm.weight_hh_l0`. */
  name: string;
  shape: number[];
  /** Index into `layers`, and of the node there; absent for parameters outside of recurrent layers. */
  layer?: number;
  node?: number;
  /** Norms of value and gradient. */
  valueNorm: number | null;
  gradientNorm: number | null;
  /** `[T]` norm of what each time step adds to the gradient; for parameters of recurrent layers. */
  steps?: A;
  /** The parameter's shape, where it is small. */
  value?: A;
  gradient?: A;
}

/** Global norm clipping: gradients are scaled by factor = min(1, maxNorm / (norm + 10⁻⁶)). */
export interface TraceClip {
  maxNorm: number;
  factor: number | null;
  fired: boolean;
  /** Going back in time, the first step at which the running norm exceeds maxNorm. */
  step?: number;
}

export interface TraceTruncation {
  /** Backpropagation is cut every so many time steps. */
  length: number;
  /** Time steps t such that no adjoint flows from t to t−1. */
  boundaries: number[];
}

/**
 * Where something runs along the time steps of the trace: all of them unless it says otherwise. A decoder begins where
 * its encoder ended. Whatever stands by time step is zero outside.
 */
export interface TraceSpan {
  /** Its first time step. Default 0. */
  start?: number;
  /** How many it has. Default: all from there. */
  timeSteps?: number;
}

export interface TraceStage<A> extends TraceSpan {
  /** Unique: the module's path where it has parameters, e.g. `head`, `lstm.l0`. */
  name: string;
  /** `Embedding`, `LSTM`, `Linear`, or the operation's name. */
  type: string;
  /** Stages whose output this one reads: indices below its own, or -1 for the network's input. */
  from: number[];
  /** Index into `layers` where it is recurrent. */
  layer?: number;
  /** Shape of its output at one time step, batch first. */
  shape: number[];
  /** `[T]` norms of its output and of the output's adjoint. */
  valueNorm: A;
  adjointNorm: A;
}

export interface TraceLayer<A> extends TraceSpan {
  /** Unique, the name of its stage. */
  name: string;
  /** The cell: `LSTM`, `GRU`, … */
  type: string;
  layer: number;
  direction: 'forward' | 'reverse';
  nodes: TraceNode<A>[];
  /** Every use of a value by an operation within a time step. */
  edges: TraceEdge<A>[];
  states: TraceState<A>[];
  /** Index of the node whose value is the layer's output. */
  output: number;
  /** `[T]` norm of the adjoint that comes to the output from above: layers over this one and the loss. */
  fromAbove: A;
  /** `[K, S, U]` that adjoint, with the output node's units. */
  fromAboveAdjoint?: A;
  ledgers: TraceLedger<A>[];
  jacobian?: TraceJacobian<A>;
}

/** Attention: at each of Q time steps, weights = softmax(scores) over K time steps, which sum to 1. */
export interface TraceAttention<A> {
  /** Indices into `stages`: what is looked at, and what the mean under the weights goes into. */
  from: number;
  to: number;
  /** Time steps that look (Q of them) and that are looked at (K of them), ascending. */
  queries: number[];
  keys: number[];
  /** `[Q, K]` the weights, their mean over the batch. */
  weight: A;
  /** `[Q, K]` norm of what flows back along the mean: each weight times the adjoint of the mean. */
  flow: A;
}

export interface TraceNode<A> {
  /** Unique within the layer, e.g. `f`, `%7`. */
  id: string;
  kind: 'input' | 'state' | 'parameter' | 'constant' | 'operation';
  /** The primitive's name, for operations. */
  op?: string;
  /** The literature's name of the value: `i f g o c h`, `r z n`. */
  label?: string;
  /** Label of the gate or state that this node serves alone, for collapsing operations into gates. */
  gate?: string;
  /** Operand nodes in order; all stand before this one. */
  operands: number[];
  shape: number[];
  /**
   * Computed from parameters only: without batch, its value the same at every time step (`valueNorm` is
   * `[1]`, `value` `[1, 1, U]`), its adjoint what the uses of each time step add (`adjoint` `[K, 1, U]`).
   */
  once: boolean;
  /** The operation with time subscripts, e.g. `c′ₜ = %17ₜ + %18ₜ`; shape for leaves. */
  equation: string;
  math: TraceMath;
  /** For labelled values, the equation down to other labelled values, states, input and parameters. */
  formula?: { text: string; math: TraceMath };
  /** `[T]` */
  valueNorm: A;
  /** `[T]` */
  adjointNorm: A;
  /** Which numbers of the value of one sequence are carried: flat indices, ascending. U of them. */
  units: number[];
  /** `[K, S, U]`, absent where left out. */
  value?: A;
  /** `[K, S, U]` */
  adjoint?: A;
  /** `[K]` relative error of the local derivatives against central differences; for operations. */
  check?: A;
  /** For bounded activations. */
  saturation?: TraceSaturation<A>;
}

export interface TraceSaturation<A> {
  /** Bounds of the activation, e.g. 0 and 1 for a sigmoid. */
  low: number;
  high: number;
  /** `[T]` mean over batch and units. */
  mean: A;
  /** `[T]` fraction of numbers within a tenth of the range of each bound. */
  nearLow: A;
  nearHigh: A;
}

export interface TraceEdge<A> {
  /** The operand's node. */
  from: number;
  /** The operation's node. */
  to: number;
  /** Which operand of the operation. */
  operand: number;
  /** What flows back along the edge: the contribution to the operand's adjoint, e.g. `f̄ₜ += %17̄ₜ ⊙ cₜ₋₁`. */
  equation: string;
  math: TraceMath;
  /** `[T]` norm of the contribution. */
  norm: A;
  /** `[K, S, U]` the contribution itself, with the units of `from` (S = 1 where that is `once`). */
  contribution?: A;
}

/**
 * The adjoint of a state's next value at t is the sum of what its uses within t send (edges), of what comes
 * from t+1 (`carried`) and, for the output node, of what comes from above (`fromAbove`).
 */
export interface TraceState<A> {
  name: string;
  size: number;
  /** The node that holds the state at the start of a time step, and the node of its next value. */
  node: number;
  next: number;
  /** `[T]` norm of the adjoint that comes to the next value at t from t+1 (at T−1: from the final state). */
  carried: A;
  /** `[K, S, U]` that adjoint, with the units of `next`. */
  carriedAdjoint?: A;
  /** `[boundaries]` norm of the adjoint that truncation cut off, which would have flowed from t to t−1. */
  cut?: A;
}

/**
 * Row j, column k: the norm of ∂Lⱼ/∂sₖ, with Lⱼ the part of the loss measured at j and sₖ the state after
 * step k. Exact sums over the vectors: Σⱼ = adjoint; adjoint = fromLoss + Σ through.
 */
export interface TraceLedger<A> {
  state: string;
  /** The j of the rows, J of them, and the k of the columns, N of them. */
  rows: number[];
  columns: number[];
  /** `[J, N]` */
  matrix: A;
  /** `[N]` norm of the adjoint of sₖ. */
  adjoint: A;
  /** `[N]` norm of the part that comes from above at k. */
  fromLoss: A;
  /** `[N]` norm of the part that comes from k+1. */
  fromNext: A;
  /** `[N]` that part by the state which carried it from k+1. */
  through: { state: string; norm: A }[];
}

export interface TraceJacobian<A> {
  /** The sequence of the batch for which it is computed. */
  sequence: number;
  /** The states that make up the vector s, in order. */
  states: string[];
  /** Time steps t of the rows of `singular`, M of them. */
  steps: number[];
  /** Which singular values are carried: ranks from 0 (the largest), R of them. */
  ranks: number[];
  /** `[M, R]` singular values of ∂sₜ/∂sₜ₋₁. */
  singular: A;
  /** `[T]` spectral norm of ∂s_from/∂sₖ over k; zero after `from`. */
  product: { from: number; norm: A };
  /** Spectral radius of each square block of the recurrent weights. */
  radii: { parameter: string; block: string; radius: number | null }[];
}

export const findingKinds = [
  'vanishing',
  'exploding',
  'saturated',
  'dead',
  'notFinite',
  'truncated',
  'flowing',
  'wrong',
] as const;

export interface TraceFinding {
  kind: (typeof findingKinds)[number];
  text: string;
  /** Index into `layers`. */
  layer?: number;
  step?: number;
}

export interface TraceCheck {
  /** E.g. `ledger: sum over loss terms`. */
  name: string;
  /** Worst relative error; null where it could not be computed. */
  error: number | null;
  tolerance: number;
}

/**
 * Two traces side by side: the payload of `application/vnd.unroll.comparison.v1+json`. They may differ in
 * everything, time steps too; whoever draws them gives them one scale.
 */
export type ComparisonPayload = ComparisonOf<EncodedArray>;
/** What `parseComparison` gives. */
export type ComparisonData = ComparisonOf<FloatArray>;

export interface ComparisonOf<A> {
  version: 1;
  title: string;
  /** Two, with names that differ, e.g. `RNN` and `LSTM`. */
  traces: { name: string; trace: TraceOf<A> }[];
}

/** A formula as presentation MathML, of a few elements only; whoever draws it makes the elements. */
export type TraceMath =
  | { tag: 'mi' | 'mn' | 'mo' | 'mtext'; text: string }
  | { tag: 'mrow' | 'msub' | 'msup' | 'mover' | 'mfrac' | 'msqrt'; children: TraceMath[] };

/** How many children an element takes; absent: any number. */
export const mathChildren: Readonly<Partial<Record<TraceMath['tag'], number>>> = {
  msub: 2,
  msup: 2,
  mover: 2,
  mfrac: 2,
};
