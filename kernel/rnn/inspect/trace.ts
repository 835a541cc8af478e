import { norm } from './vectors.js';
import { InspectionError } from '../errors.js';
import { check, describeChecks, type Check } from './check.js';
import type { NdArray } from '../ndarray.js';
import { jacobians, type JacobianChoice, type Jacobians } from './jacobians.js';
import { LayerTrace } from './layerTrace.js';
import { ledger, type Ledger, type LedgerChoice } from './ledger.js';
import { lossTerms, type LossTerms } from './lossTerms.js';
import { isRecurrent, type Direction, type Network } from './network.js';
import { runBackward, unitSeed, type ForwardPass, type Precision } from './passes.js';
import { NodeAt } from './nodeAt.js';
import { printable } from './printable.js';
import { LayerRecorder } from './record.js';

import { Stepper } from './stepper.js';
import { timeAxisOf } from './timeAxis.js';
import { traceBytes } from './traceBytes.js';
import { truncation, type Truncation } from './truncation.js';
import { verdict, type Verdict } from './verdict.js';
import { whatIf, type Edit, type WhatIf } from './whatIf.js';

/** How a trace is taken. */
export interface TraceOptions {
  /** Cut backpropagation every so many time steps (truncated BPTT). Default: not at all. */
  truncate?: number;
  /** Recurrent layers to record, by name (`'lstm.l0'`) or number. Default: all. */
  layers?: readonly (string | number)[];
  /** Largest global gradient norm, as `fit` has it: says whether clipping would have fired. */
  clipNorm?: number;
}

export const listLayers = (layers: readonly { name: string; layer: number }[]): string =>
  layers.map(({ name, layer }) => `${layer} ('${name}')`).join(', ');

/** Names a recurrent layer: by number from the bottom (default 0) or name, and direction. */
export interface LayerChoice {
  layer?: number | string;
  direction?: Direction;
}

/** A parameter's gradient in a trace. */
export interface ParameterGradient {
  readonly name: string;
  readonly value: NdArray;
  readonly gradient: NdArray;
}

/** What global norm clipping would do. */
export interface ClipReport {
  readonly maxNorm: number;
  readonly norm: number;
  readonly factor: number;
  readonly fired: boolean;
  /** Going back in time, the first step at which the running norm exceeds maxNorm. */
  readonly step?: number;
}

/**
 * One forward and backward pass of a model through time, with everything that happened in it.
 * Made by `inspect`.
 */
export class Trace {
  readonly network: Network;
  readonly dtype: Precision;
  /**
   * T: the time steps of all layers on one axis. Layers that run over the same sequence share them; a decoder's follow
   * its encoder's (`layer.start`). Loss terms are counted on this axis.
   */
  readonly timeSteps: number;
  readonly batchSize: number;
  /** Recurrent layers in the order of computation. */
  readonly layers: readonly LayerTrace[];
  /** The loss and its parts by time step. */
  readonly loss: LossTerms;
  /** By path. */
  readonly gradients: ReadonlyMap<string, ParameterGradient>;
  /** By slot of the network. */
  readonly adjoints: readonly (NdArray | undefined)[];

  #nodes: NodeAt[] | undefined;
  #verdict: Verdict | undefined;
  #checks: Check[] | undefined;

  constructor(
    readonly pass: ForwardPass,
    readonly options: TraceOptions,
    /** How far the values are from the model's own, relative; undefined for a trace of something edited. */
    readonly modelError?: number,
  ) {
    this.network = pass.network;
    this.dtype = pass.dtype;
    const operations = this.network.operations.filter(isRecurrent);
    const axis = timeAxisOf(this.network);
    const recorders = new Map(
      operations
        .filter(
          ({ name, layer }) =>
            !options.layers || options.layers.includes(name) || options.layers.includes(layer),
        )
        .map((operation) => [operation, new LayerRecorder(pass.runs.get(operation)!)] as const),
    );
    this.adjoints = runBackward(pass, unitSeed(pass, this.network.loss), {
      observe: (operation) => {
        const recorder = recorders.get(operation);
        return (t, machine, squares) => recorder?.observe(t, machine, squares);
      },
    });
    this.layers = [...recorders].map(
      ([operation, recorder]) =>
        new LayerTrace(
          operation,
          pass.runs.get(operation)!,
          recorder,
          this.network,
          axis.starts.get(operation)!,
        ),
    );
    const last = pass.runs.get(operations.at(-1)!)!;
    this.timeSteps = axis.timeSteps;
    this.batchSize = last.batchSize;
    this.loss = lossTerms(pass, axis);
    this.gradients = this.parameterGradients();
  }

  private parameterGradients(): Map<string, ParameterGradient> {
    const found = new Map<string, ParameterGradient>();
    this.network.slots.forEach(({ parameter: name }, slot) => {
      const value = this.pass.values[slot];
      const gradient = this.adjoints[slot];
      if (name !== undefined && value && gradient) found.set(name, { name, value, gradient });
    });
    return found;
  }

  /**
   * `[T]` norm of all gradients summed from the last time step back to t, as backward goes on; what lies
   * outside of recurrent layers counts from the start. Exact where no two layers share a weight.
   */
  get runningNorm(): Float64Array {
    const recurrent = new Set(this.layers.flatMap(({ parameterNames }) => parameterNames));
    let outside = 0;
    for (const { name, gradient } of this.gradients.values())
      if (!recurrent.has(name)) outside += norm(gradient.data) ** 2;
    return Float64Array.from({ length: this.timeSteps }, (_, t) =>
      Math.sqrt(
        this.layers.reduce((sum, { norms, start, timeSteps }) => {
          // Going back, a layer that is later on the axis has given all it gives.
          const own = Math.max(0, t - start);
          return own < timeSteps ? sum + norms.runningSquared[own]! : sum;
        }, outside),
      ),
    );
  }

  /** Whether global norm clipping, g ← g · min(1, maxNorm / (‖g‖ + 10⁻⁶)), would change the gradient. */
  get clip(): ClipReport | undefined {
    const maxNorm = this.options.clipNorm;
    if (maxNorm === undefined) return undefined;
    const total = this.gradientNorm;
    const factor = Math.min(1, maxNorm / (total + 1e-6));
    const step = this.runningNorm.findLastIndex((value) => value > maxNorm);
    return { maxNorm, norm: total, factor, fired: factor < 1, ...(step >= 0 && { step }) };
  }

  /** Norm of all parameters' gradients as one vector. */
  get gradientNorm(): number {
    return Math.hypot(...[...this.gradients.values()].map(({ gradient }) => norm(gradient.data)));
  }

  /** @throws InspectionError if there is no such layer */
  layer({ layer = 0, direction }: LayerChoice = {}): LayerTrace {
    const found = this.layers.find(
      (one) =>
        (one.name === layer || one.layer === layer) &&
        (direction === undefined || one.direction === direction),
    );
    if (!found)
      throw new InspectionError(
        `Trace: unknown layer ${JSON.stringify(layer)}${direction ? `, ${direction}` : ''}, expected ${listLayers(this.layers)}`,
      );
    return found;
  }

  /** What it keeps in memory; what is asked for later comes on top. */
  get bytes(): number {
    return traceBytes(this.network, this.dtype);
  }

  /** Every value of every recorded layer at every time step; constants apart. */
  get nodes(): readonly NodeAt[] {
    return (this.#nodes ??= this.layers.flatMap((layer) =>
      Array.from({ length: layer.timeSteps }, (_, t) =>
        layer.program.nodes.flatMap(({ kind }, index) =>
          kind === 'constant' ? [] : [new NodeAt(layer, t, index)],
        ),
      ).flat(),
    ));
  }

  /** One of `nodes`. @throws InspectionError if there is no such layer, time step or value */
  node(choice: LayerChoice & { t: number; node: string }): NodeAt {
    const layer = this.layer(choice);
    const { nodes, states } = layer.program;
    const isState = states.some(({ name }) => name === choice.node);
    const index = isState
      ? states.find(({ name }) => name === choice.node)!.next
      : nodes.findIndex(({ label }, k) => label === choice.node || layer.ids[k] === choice.node);
    if (index < 0 || !Number.isInteger(choice.t) || choice.t < 0 || choice.t >= layer.timeSteps)
      throw new InspectionError(
        `Trace: ${layer.name} has no ${JSON.stringify(choice.node)} at t=${choice.t}, expected one of ${layer.ids.filter((_, k) => nodes[k]!.kind !== 'constant').join(', ')} at 0 to ${layer.timeSteps - 1}`,
      );
    return new NodeAt(layer, choice.t, index);
  }

  /** A cursor that walks forward through time and back, operation by operation. */
  stepper(): Stepper {
    return new Stepper(this);
  }

  /** Truncated backpropagation every k steps, compared with the full gradient; see `Truncation`. */
  truncation(k: number): Truncation {
    return truncation(this, k);
  }

  /** The same pass with numbers changed: weights, inputs, or values inside a cell; see `Edit`. */
  whatIf(edit: Edit | readonly Edit[]): WhatIf {
    return whatIf(this, edit);
  }

  /** Which loss term sends how much gradient to which state; see `Ledger`. */
  ledger(choice: LedgerChoice = {}): Ledger {
    return ledger(this, choice);
  }

  /** How each state depends on the one before; see `Jacobians`. */
  jacobians(choice: JacobianChoice = {}): Jacobians {
    return jacobians(this, choice);
  }

  /** Whether gradients flow, vanish or explode, and what in the cell has to do with it. */
  verdict(): Verdict {
    return (this.#verdict ??= verdict(this));
  }

  /** The worst relative error of every invariant of this trace. */
  check(): readonly Check[] {
    return (this.#checks ??= printable(check(this), describeChecks, 'Checks'));
  }

  /** The trace in a few lines: sizes, loss, gradients by layer, verdict. */
  toString(): string {
    const { loss, layers, timeSteps, batchSize } = this;
    const head = `Trace of ${timeSteps} time steps, ${batchSize} ${batchSize === 1 ? 'sequence' : 'sequences'}, ${this.dtype}: loss ${loss.total.toPrecision(6)}, gradient norm ${this.gradientNorm.toPrecision(4)}`;
    const rows = layers.map(({ name, program, norms }) => {
      const states = program.states.map(({ name: state, next }) => {
        const series = norms.adjoints[next]!;
        return `‖∂L/∂${state}‖ ${series[0]!.toExponential(2)} at t=0, ${series.at(-1)!.toExponential(2)} at t=${series.length - 1}`;
      });
      return `  ${name} (${program.name}): ${states.join('; ')}`;
    });
    return [head, ...rows, this.verdict().sentence].join('\n');
  }

  /** How Node prints it. */
  [Symbol.for('nodejs.util.inspect.custom')](): string {
    return this.toString();
  }

  /** How VS Code's debugger shows it, in a line. */
  [Symbol.for('debug.description')](): string {
    const { timeSteps, batchSize, dtype, loss } = this;
    return `Trace of ${timeSteps} time steps, ${batchSize} ${batchSize === 1 ? 'sequence' : 'sequences'}, ${dtype}: loss ${loss.total.toPrecision(6)}`;
  }
}
