import type { LayerTrace } from './layerTrace.js';
import type { Trace } from './trace.js';

export type Phase = 'forward' | 'loss' | 'backward' | 'end';

/** Where a stepper can stop: at an operation on the way forward or back, at the loss, at the end. */
export interface Place {
  readonly phase: Phase;
  /** Absent at the loss and at the end. */
  readonly layer?: LayerTrace;
  readonly t?: number;
  readonly node?: number;
}

/** One layer at one time step, and the operations computed there. */
interface Visit {
  readonly layer: LayerTrace;
  readonly t: number;
  readonly operations: readonly number[];
  /** Operations before it. */
  readonly from: number;
}

/**
 * The stops of a trace in order: all operations forward, the loss, all operations backward, the end.
 *
 * Time step by time step, layers upward within each; where a layer runs against time, layer by layer. An encoder goes
 * before its decoder.
 * Operations on weights alone are computed once and are no stops.
 */
export class Walk {
  readonly length: number;
  private readonly visits: readonly Visit[];
  private readonly forward: number;

  constructor(trace: Trace) {
    this.visits = toVisits(trace.layers);
    const last = this.visits.at(-1);
    this.forward = last ? last.from + last.operations.length : 0;
    this.length = 2 * this.forward + 2;
  }

  at(index: number): Place {
    if (index === this.forward) return { phase: 'loss' };
    if (index === this.length - 1) return { phase: 'end' };
    const isForward = index < this.forward;
    const place = isForward ? index : this.mirror(index);
    const { layer, t, operations, from } = this.visits[this.visitAt(place)]!;
    return {
      phase: isForward ? 'forward' : 'backward',
      layer,
      t,
      node: operations[place - from]!,
    };
  }

  /** Index of an operation's stop. */
  indexOf(phase: 'forward' | 'backward', layer: LayerTrace, t: number, node: number): number {
    const visit = this.visits.find((one) => one.layer === layer && one.t === t);
    const offset = visit?.operations.indexOf(node) ?? -1;
    if (!visit || offset < 0) return -1;
    return phase === 'forward' ? visit.from + offset : this.mirror(visit.from + offset);
  }

  /** The first stop after this one that is at another layer or time step. */
  afterVisit(index: number): number {
    if (index === this.forward || index >= this.length - 1)
      return Math.min(index + 1, this.length - 1);
    if (index < this.forward) {
      const { from, operations } = this.visits[this.visitAt(index)]!;
      return from + operations.length;
    }
    return this.mirror(this.visits[this.visitAt(this.mirror(index))]!.from) + 1;
  }

  /** The index of the same operation's stop in the other phase. */
  private mirror(index: number): number {
    return 2 * this.forward - index;
  }

  /** Which visit an operation belongs to, by bisection. */
  private visitAt(operation: number): number {
    let low = 0;
    let high = this.visits.length - 1;
    while (low < high) {
      const middle = (low + high + 1) >> 1;
      if (this.visits[middle]!.from <= operation) low = middle;
      else high = middle - 1;
    }
    return low;
  }
}

function toVisits(layers: readonly LayerTrace[]): Visit[] {
  const steps = (layer: LayerTrace): number[] => {
    const all = Array.from({ length: layer.timeSteps }, (_, t) => t);
    return layer.direction === 'forward' ? all : all.reverse();
  };
  // Layers along one sequence go together, unless one of them runs against time.
  const groups = [...new Set(layers.map(({ start }) => start))].map((start) =>
    layers.filter((layer) => layer.start === start),
  );
  const order = groups.flatMap((group) =>
    group.every(({ direction }) => direction === 'forward')
      ? steps(group[0]!).flatMap((t) => group.map((layer) => ({ layer, t })))
      : group.flatMap((layer) => steps(layer).map((t) => ({ layer, t }))),
  );
  const operations = new Map(layers.map((layer) => [layer, operationsOf(layer)]));
  let from = 0;
  return order.map(({ layer, t }) => {
    const own = operations.get(layer)!;
    const visit = { layer, t, operations: own, from };
    from += own.length;
    return visit;
  });
}

const operationsOf = ({ program }: LayerTrace): number[] =>
  program.nodes.flatMap(({ kind, invariant }, index) =>
    kind === 'operation' && !invariant ? [index] : [],
  );
