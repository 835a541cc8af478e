import type { TraceData } from '../../kernel/contract/trace.js';
import { spanOf, type Span } from '../../kernel/contract/traceSpan.js';

export type Phase = 'forward' | 'loss' | 'backward' | 'end';
export type Layer = TraceData['layers'][number];
export type Node = Layer['nodes'][number];

/** A stop of a trace: an operation on the way forward or back, the loss between them, or the end. */
export type Place =
  | { phase: 'loss' | 'end' }
  | { phase: 'forward' | 'backward'; layer: number; t: number; node: number };

/** A stop at an operation. */
export type OperationPlace = Extract<Place, { node: number }>;

/** Layers over the same time steps. */
interface Group {
  readonly span: Span;
  readonly layers: readonly number[];
  /** All at each time step, or, where one runs against time, each over all time steps. */
  readonly byTime: boolean;
  /** Operations before the group, and in it. */
  readonly from: number;
  readonly count: number;
  /** Where each layer's operations start: within a time step, or within the group. */
  readonly starts: readonly number[];
}

/**
 * All stops of a trace in order, without a list of them: operations forward, the loss, the same operations
 * backward, the end.
 *
 * Time step by time step, layers upward within each; where a layer runs against time, layer by layer; an encoder
 * before its decoder. Operations on weights alone are computed once and are no stops. This is the order of the
 * kernel's stepper.
 */
export class Walk {
  readonly length: number;
  /** Index of the loss. */
  readonly loss: number;
  readonly #operations: number[][];
  readonly #groups: readonly Group[];
  readonly #groupOf = new Map<number, Group>();

  constructor(readonly trace: TraceData) {
    this.#operations = trace.layers.map(operationsOf);
    this.#groups = this.#toGroups();
    for (const group of this.#groups)
      for (const layer of group.layers) this.#groupOf.set(layer, group);
    const last = this.#groups.at(-1);
    this.loss = last ? last.from + last.count : 0;
    this.length = 2 * this.loss + 2;
  }

  /** The time steps of a layer. */
  spanOf(layer: number): Span {
    return spanOf(this.trace, this.trace.layers[layer] ?? {});
  }

  at(index: number): Place {
    if (index === this.loss) return { phase: 'loss' };
    if (index >= this.length - 1) return { phase: 'end' };
    return index < this.loss
      ? { phase: 'forward', ...this.#operationAt(index) }
      : { phase: 'backward', ...this.#operationAt(2 * this.loss - index) };
  }

  /** Index of an operation's stop; -1 where it is none. */
  indexOf({ phase, layer, t, node }: OperationPlace): number {
    const operations = this.#operations[layer] ?? [];
    const offset = operations.indexOf(node);
    const group = this.#groupOf.get(layer);
    if (offset < 0 || !group || t < group.span.start || t >= group.span.end) return -1;
    const { span, from, count, byTime } = group;
    const start = from + group.starts[group.layers.indexOf(layer)]! + offset;
    const turn = byTime || this.#runsForward(layer) ? t - span.start : span.end - 1 - t;
    const perStep = byTime ? count / (span.end - span.start) : operations.length;
    const forward = start + turn * perStep;
    return phase === 'forward' ? forward : 2 * this.loss - forward;
  }

  #toGroups(): Group[] {
    const spans = this.trace.layers.map((_, layer) => this.spanOf(layer));
    const firsts = spans.flatMap((span, k) =>
      spans.findIndex(({ start, end }) => start === span.start && end === span.end) === k
        ? [span]
        : [],
    );
    let from = 0;
    return firsts.map((span) => {
      const layers = spans.flatMap(({ start, end }, k) =>
        start === span.start && end === span.end ? [k] : [],
      );
      const steps = span.end - span.start;
      const byTime = layers.every((layer) => this.#runsForward(layer));
      const starts: number[] = [];
      let count = 0;
      for (const layer of layers) {
        starts.push(count);
        count += this.#operations[layer]!.length * (byTime ? 1 : steps);
      }
      if (byTime) count *= steps;
      from += count;
      return { span, layers, byTime, from: from - count, count, starts };
    });
  }

  #operationAt(index: number): { layer: number; t: number; node: number } {
    const group = this.#groups.findLast(({ from, count }) => from <= index && count > 0)!;
    const { span, layers, byTime, starts, count } = group;
    const inGroup = index - group.from;
    const perStep = count / (span.end - span.start);
    const within = byTime ? inGroup % perStep : inGroup;
    const place = starts.findLastIndex(
      (start, at) => start <= within && this.#operations[layers[at]!]!.length > 0,
    );
    const layer = layers[place]!;
    const operations = this.#operations[layer]!;
    const rest = within - starts[place]!;
    const node = operations[rest % operations.length]!;
    if (byTime) return { layer, t: span.start + Math.floor(inGroup / perStep), node };
    const turn = Math.floor(rest / operations.length);
    return { layer, t: this.#runsForward(layer) ? span.start + turn : span.end - 1 - turn, node };
  }

  #runsForward(layer: number): boolean {
    return this.trace.layers[layer]!.direction === 'forward';
  }
}

function operationsOf({ nodes }: Layer): number[] {
  return nodes.flatMap(({ kind, once }, index) => (kind === 'operation' && !once ? [index] : []));
}
