import { InspectionError, OptionError } from '../errors.js';
import { Stop } from './stop.js';
import type { LayerChoice, Trace } from './trace.js';
import { Walk } from './walk.js';

/** Whether a stepper should stop; see `breakWhen` for ready ones. */
export type Breakpoint = (stop: Stop) => boolean;

/** Breakpoints for `runUntil`; any function of a stop is one. */
export const breakWhen = {
  /** The value's norm on the way forward, the adjoint's on the way back. */
  normAbove:
    (limit: number): Breakpoint =>
    (stop) =>
      stop.norm > limit,
  /** The same, below. */
  normBelow:
    (limit: number): Breakpoint =>
    (stop) =>
      stop.norm < limit,
  /** A value or an adjoint with NaN or infinity. */
  notFinite: ((stop) => !Number.isFinite(stop.norm)) as Breakpoint,
  /** An activation of which at least this fraction is within a tenth of its range of a bound. Default one half. */
  saturated:
    (fraction = 0.5): Breakpoint =>
    (stop) =>
      stop.saturation >= fraction,
  /** The gradient summed so far is larger than `clipNorm`. */
  clipFired: ((stop) => stop.exceedsClip) as Breakpoint,
  /** The adjoint from the next step is cut off. */
  truncationCrossed: ((stop) => stop.crossesTruncation) as Breakpoint,
} as const;

/** Where to run to; whatever is left out is any. */
export interface Target extends LayerChoice {
  t: number;
  phase?: 'forward' | 'backward';
  /** A value's label or id, e.g. `'f'`. */
  node?: string;
}

/**
 * A cursor over a trace, forward through time and back, that goes both ways. Every method moves and returns
 * the stop it arrives at; at either end it stays.
 *
 * @example
 * const stepper = trace.stepper();
 * stepper.runUntil(breakWhen.normBelow(1e-6));
 */
export class Stepper {
  private readonly walk: Walk;
  private index = 0;

  constructor(readonly trace: Trace) {
    this.walk = new Walk(trace);
  }

  /** Number of stops. */
  get length(): number {
    return this.walk.length;
  }

  get current(): Stop {
    return this.stopAt(this.index);
  }

  /** One operation on. */
  next(): Stop {
    return this.goTo(this.index + 1);
  }

  /** One operation back. */
  back(): Stop {
    return this.goTo(this.index - 1);
  }

  /** On to the next value that has a name (a gate or a state), past the operations on the way there. */
  over(): Stop {
    for (let index = this.index + 1; index < this.length; index++) {
      const { layer, node } = this.walk.at(index);
      if (!layer || layer.equations.full[node!]) return this.goTo(index);
    }
    return this.goTo(this.length - 1);
  }

  /** To the first of the operations that make up the present gate; stays where there is but one. */
  into(): Stop {
    const { layer, gates, phase, t } = this.present();
    if (!layer) return this.current;
    const gate = gates?.[this.walk.at(this.index).node!];
    if (gate === undefined) return this.current;
    const own = layer.program.nodes.flatMap(({ invariant }, node) =>
      layer.gates[node] === gate && !invariant ? [node] : [],
    );
    const first = phase === 'forward' ? own[0]! : own.at(-1)!;
    return this.goTo(this.walk.indexOf(phase as 'forward' | 'backward', layer, t!, first));
  }

  private present() {
    const place = this.walk.at(this.index);
    return { ...place, gates: place.layer?.gates };
  }

  /** Out of the cell: to the first operation of the next layer or time step. */
  out(): Stop {
    return this.goTo(this.walk.afterVisit(this.index));
  }

  /** To the very first stop, to the loss, to the end. */
  first(): Stop {
    return this.goTo(0);
  }
  loss(): Stop {
    return this.goTo((this.length - 2) / 2);
  }
  last(): Stop {
    return this.goTo(this.length - 1);
  }

  /**
   * To the first stop at a time step, in the present phase unless one is named, whichever way that lies.
   * @throws OptionError if there is no such time step, InspectionError if nothing there fits
   */
  runTo(target: number | Target): Stop {
    const wanted: Target = typeof target === 'number' ? { t: target } : target;
    const most = Math.max(...this.trace.layers.map(({ timeSteps }) => timeSteps));
    if (!Number.isInteger(wanted.t) || wanted.t < 0 || wanted.t >= most)
      throw new OptionError(`runTo: t must be from 0 to ${most - 1}, got ${wanted.t}`);
    if (wanted.layer !== undefined || wanted.direction !== undefined) this.trace.layer(wanted);
    const phase = wanted.phase ?? (this.index > (this.length - 2) / 2 ? 'backward' : 'forward');
    for (let index = 0; index < this.length; index++) {
      const { layer, t, node, phase: here } = this.walk.at(index);
      if (here !== phase || t !== wanted.t || !layer) continue;
      const { label } = layer.program.nodes[node!]!;
      const isNamed = wanted.node === undefined || [label, layer.ids[node!]].includes(wanted.node);
      const isLayer =
        wanted.layer === undefined || [layer.name, layer.layer].includes(wanted.layer);
      const isDirection = wanted.direction === undefined || layer.direction === wanted.direction;
      if (isNamed && isLayer && isDirection) return this.goTo(index);
    }
    throw new InspectionError(
      `runTo: nothing fits ${JSON.stringify(wanted)}, expected a value of ${this.trace.layers.map(({ name }) => name).join(', ')} at t=${wanted.t}`,
    );
  }

  /** On to the next stop at which the breakpoint holds; undefined, and at the end, where it never does. */
  runUntil(breakpoint: Breakpoint): Stop | undefined {
    for (let index = this.index + 1; index < this.length; index++) {
      const stop = this.stopAt(index);
      if (breakpoint(stop)) return this.goTo(index);
    }
    this.goTo(this.length - 1);
    return undefined;
  }

  private goTo(index: number): Stop {
    this.index = Math.min(this.length - 1, Math.max(0, index));
    return this.current;
  }

  private stopAt(index: number): Stop {
    return new Stop(this.trace, index, this.length, this.walk.at(index));
  }

  toString(): string {
    return this.current.toString();
  }

  /** How Node prints it: the present stop. */
  [Symbol.for('nodejs.util.inspect.custom')](): string {
    return this.toString();
  }

  /** How VS Code's debugger shows it, in a line. */
  [Symbol.for('debug.description')](): string {
    return `Stepper at stop ${this.index + 1} of ${this.length}`;
  }
}
