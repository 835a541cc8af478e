import type { TraceData } from '../../kernel/contract/trace.js';

export type Phase = 'forward' | 'loss' | 'backward' | 'end';
export type Layer = TraceData['layers'][number];
export type Node = Layer['nodes'][number];

/** A stop of a trace: an operation on the way forward or back, the loss between them, or the end. */
export type Place =
  | { phase: 'loss' | 'end' }
  | { phase: 'forward' | 'backward'; layer: number; t: number; node: number };

/** A stop at an operation. */
export type OperationPlace = Extract<Place, { node: number }>;

/**
 * All stops of a trace in order, without a list of them: operations forward, the loss, the same operations
 * backward, the end.
 *
 * Time step by time step, layers upward within each; where a layer runs against time, layer by layer.
 * Operations on weights alone are computed once and are no stops. This is the order of the kernel's stepper.
 */
export class Walk {
  readonly length: number;
  /** Index of the loss. */
  readonly loss: number;
  readonly #operations: number[][];
  readonly #byTime: boolean;
  /** Where each layer's operations start: within a time step, or in the whole way forward. */
  readonly #starts: number[] = [];
  readonly #perStep: number;

  constructor(readonly trace: TraceData) {
    const { layers, timeSteps } = trace;
    this.#operations = layers.map(operationsOf);
    this.#byTime = layers.every(({ direction }) => direction === 'forward');
    let start = 0;
    for (const operations of this.#operations) {
      this.#starts.push(start);
      start += this.#byTime ? operations.length : operations.length * timeSteps;
    }
    this.#perStep = start;
    this.loss = this.#byTime ? start * timeSteps : start;
    this.length = 2 * this.loss + 2;
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
    if (offset < 0) return -1;
    const start = this.#starts[layer]!;
    const turn =
      this.trace.layers[layer]!.direction === 'forward' ? t : this.trace.timeSteps - 1 - t;
    const forward = this.#byTime
      ? t * this.#perStep + start + offset
      : start + turn * operations.length + offset;
    return phase === 'forward' ? forward : 2 * this.loss - forward;
  }

  #operationAt(index: number): { layer: number; t: number; node: number } {
    const within = this.#byTime ? index % this.#perStep : index;
    const layer = this.#starts.findLastIndex(
      (start, at) => start <= within && this.#operations[at]!.length > 0,
    );
    const operations = this.#operations[layer]!;
    const rest = within - this.#starts[layer]!;
    const node = operations[rest % operations.length]!;
    if (this.#byTime) return { layer, t: Math.floor(index / this.#perStep), node };
    const turn = Math.floor(rest / operations.length);
    const isForward = this.trace.layers[layer]!.direction === 'forward';
    return { layer, t: isForward ? turn : this.trace.timeSteps - 1 - turn, node };
  }
}

function operationsOf({ nodes }: Layer): number[] {
  return nodes.flatMap(({ kind, once }, index) => (kind === 'operation' && !once ? [index] : []));
}
