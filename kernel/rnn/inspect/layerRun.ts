import { addMeasured, addTo, type Squares } from './vectors.js';
import type { CellProgram } from '../cell/program.js';
import type { Direction } from './network.js';
import { createNdArray, type DType, type NdArray, type NumberArray } from '../ndarray.js';
import { keptValues, type KeptValues } from './keptValues.js';
import { StepMachine, type NodeEdit } from './stepMachine.js';

/** A recurrent layer's sequence `[T, B, I]`, initial states `[B, size]` and parameters. */
export interface LayerInputs {
  readonly input: NdArray;
  readonly states: readonly NdArray[];
  readonly parameters: readonly NdArray[];
}

/** What a backward pass gives to what is below. */
export interface LayerGradients {
  readonly input: NdArray;
  readonly states: readonly NdArray[];
  readonly parameters: readonly NdArray[];
}

/**
 * Told at every time step of the backward pass, last step first; what it sees is overwritten at the next.
 * @param squares by parameter, of what the step adds to its gradient and of the gradient so far
 */
export type ObserveStep = (t: number, machine: StepMachine, squares: readonly Squares[]) => void;

export interface LayerOptions {
  /** Default forward. In reverse the last time step is computed first. */
  readonly direction?: Direction;
  /** Valid time steps of each sequence; all where left out. */
  readonly lengths?: Int32Array | undefined;
  /** Numbers of the program's masks, `[T, B, size]` or `[B, size]`. */
  readonly masks?: readonly NdArray[] | undefined;
  /** Boundaries b: no adjoint flows between the time steps b and b−1. */
  readonly boundaries?: ReadonlySet<number>;
  /** Time step → numbers that are set instead of computed. */
  readonly edits?: ReadonlyMap<number, readonly NodeEdit[]>;
}

/**
 * One recurrent layer over one sequence, forward and back, that can show any of its time steps afterwards.
 *
 * Kept are the states that enter each step, and the adjoints that come to each step from outside of it. A
 * step's other values and adjoints follow from these by running the one step again, with the same operations
 * on the same numbers, so they come out bit for bit. Values of operations are kept too where they are few.
 *
 * Where a sequence is shorter, its state passes over the padding unchanged and its output there is zero; what
 * the operations compute there is nobody's, and has no adjoint.
 */
export class LayerRun {
  readonly timeSteps: number;
  readonly batchSize: number;
  readonly output: NdArray;
  readonly finalStates: readonly NdArray[];
  /** By state, `[T + 1, B, size]`, in the order of computation: before the first step, …, after the last. */
  readonly states: readonly NdArray[];
  /** By state, `[T, B, size]`: the adjoint that comes to its next value at t from the step after. Set by `backward`. */
  readonly carried: readonly NdArray[];
  /** By state, `[T, B, size]`: the adjoint of its next value. Set by `backward`. */
  readonly nextAdjoints: readonly NdArray[];
  /** By state, boundary → the adjoint that truncation cut off. */
  readonly cut: readonly Map<number, NumberArray>[];
  /** `[T, B, outputSize]`: the adjoint that comes to the output from above. Set by `backward`. */
  fromAbove: NdArray | null = null;
  /** By state, the adjoint of the final state. Set by `backward`. */
  finalAdjoints: readonly (NdArray | null)[] = [];
  /** Of the last backward pass. */
  gradients: LayerGradients | null = null;
  readonly machine: StepMachine;
  readonly #kept: KeptValues | undefined;

  constructor(
    readonly program: CellProgram,
    readonly inputs: LayerInputs,
    readonly dtype: DType,
    readonly options: LayerOptions = {},
  ) {
    const [timeSteps, batchSize] = inputs.input.shape as [number, number];
    this.timeSteps = timeSteps;
    this.batchSize = batchSize;
    this.machine = new StepMachine(program, inputs.parameters, dtype, batchSize);
    this.#kept = options.edits?.size ? undefined : keptValues(this.machine, dtype, timeSteps);
    const states = (steps: number) =>
      program.states.map(({ size }) => createNdArray(dtype, [steps, batchSize, size]));
    this.states = states(timeSteps + 1);
    this.carried = states(timeSteps);
    this.nextAdjoints = states(timeSteps);
    this.cut = program.states.map(() => new Map<number, NumberArray>());
    const outputShape = this.machine.values[program.output]!.shape;
    this.output = createNdArray(dtype, [timeSteps, ...outputShape]);
    this.forward();
    this.finalStates = this.states.map((all, k) => ({
      data: part(all, timeSteps),
      shape: [batchSize, program.states[k]!.size],
    }));
  }

  /** The time step that is computed as the p-th, and the other way round. */
  inOrder(p: number): number {
    return this.options.direction === 'reverse' ? this.timeSteps - 1 - p : p;
  }

  /** Whether sequence b has a time step t. */
  isValid(t: number, b: number): boolean {
    const { lengths } = this.options;
    return !lengths || t < lengths[b]!;
  }

  /** Whether truncation keeps the adjoint of the state that enters step t from the step before it in order. */
  isCutBefore(t: number): boolean {
    return this.options.boundaries?.has(this.boundaryBefore(t)) ?? false;
  }

  /** Whether truncation keeps the adjoint of the state after step t from coming. */
  isCutAfter(t: number): boolean {
    const p = this.inOrder(t) + 1;
    return p < this.timeSteps && this.isCutBefore(this.inOrder(p));
  }

  private boundaryBefore(t: number): number {
    return this.options.direction === 'reverse' ? t + 1 : t;
  }

  /** A state after step t; shares memory. */
  stateAfter(state: number, t: number): NumberArray {
    return part(this.states[state]!, this.inOrder(t) + 1);
  }

  private forward(): void {
    const { program, machine, timeSteps } = this;
    program.states.forEach((_, k) => this.states[k]!.data.set(this.inputs.states[k]!.data));
    for (let p = 0; p < timeSteps; p++) {
      const t = this.inOrder(p);
      this.computeValues(t);
      const out = part(this.output, t);
      out.set(machine.values[program.output]!.data);
      this.keepValid(t, out);
      program.states.forEach(({ next }, k) => {
        const after = part(this.states[k]!, p + 1);
        after.set(machine.values[next]!.data);
        this.keepValid(t, after, part(this.states[k]!, p));
      });
    }
  }

  /** Replaces the rows of sequences that have no step t, by zeros or by other rows. */
  keepValid(t: number, rows: NumberArray, others?: NumberArray): void {
    const { lengths } = this.options;
    if (!lengths) return;
    const width = rows.length / this.batchSize;
    for (let b = 0; b < this.batchSize; b++)
      if (t >= lengths[b]!)
        for (let i = b * width; i < (b + 1) * width; i++) rows[i] = others?.[i] ?? 0;
  }

  /** Puts the values of step t into the machine. */
  computeValues(t: number): readonly NdArray[] {
    const { program, machine } = this;
    const input = machine.values[program.input]!.data;
    input.set(part(this.inputs.input, t));
    // Padding may hold anything, even what is no number.
    this.keepValid(t, input);
    program.masks.forEach(({ node, perStep }, k) => {
      const mask = this.options.masks![k]!;
      machine.values[node]!.data.set(perStep ? part(mask, t) : mask.data);
    });
    const p = this.inOrder(t);
    program.states.forEach(({ node }, k) =>
      machine.values[node]!.data.set(part(this.states[k]!, p)),
    );
    if (!this.#kept?.recall(p)) {
      machine.forward(this.options.edits?.get(t));
      this.#kept?.keep(p);
    }
    return machine.values;
  }

  /** Puts the values and adjoints of step t into the machine. Only after `backward`. */
  visit(t: number): StepMachine {
    this.computeValues(t);
    this.machine.backward((adjoints) => {
      const { program } = this;
      if (this.fromAbove) addTo(adjoints[program.output]!.data, part(this.fromAbove, t));
      program.states.forEach(({ next }, k) =>
        addTo(adjoints[next]!.data, part(this.carried[k]!, t)),
      );
    }, this.options.edits?.get(t));
    return this.machine;
  }

  /**
   * Backpropagation through time. Callable again: what it keeps is overwritten.
   * @param output adjoint of the output `[T, B, outputSize]`, @param finalStates of the final states
   */
  backward(
    output: NdArray | null,
    finalStates: readonly (NdArray | null)[],
    observe?: ObserveStep,
  ): LayerGradients {
    const { program, inputs, dtype, timeSteps } = this;
    const like = ({ shape }: NdArray) => createNdArray(dtype, shape);
    const gradients = {
      input: like(inputs.input),
      states: inputs.states.map(like),
      parameters: inputs.parameters.map(like),
    };
    this.fromAbove = output && this.validParts(output);
    this.finalAdjoints = finalStates;
    const squares = inputs.parameters.map((): Squares => ({ added: 0, sum: 0 }));
    /** By state, its adjoint on the way from step to step. */
    const way = program.states.map(
      (_, k) => finalStates[k]?.data.slice() ?? part(this.states[k]!, 0).slice().fill(0),
    );
    for (let p = timeSteps - 1; p >= 0; p--) {
      const t = this.inOrder(p);
      way.forEach((adjoint, k) => {
        const carried = part(this.carried[k]!, t);
        carried.set(adjoint);
        this.keepValid(t, carried);
      });
      const { adjoints } = this.visit(t);
      program.states.forEach(({ next }, k) =>
        part(this.nextAdjoints[k]!, t).set(adjoints[next]!.data),
      );
      part(gradients.input, t).set(this.inputAdjoint(t, adjoints[program.input]!.data));
      program.parameters.forEach(({ node }, k) =>
        addMeasured(gradients.parameters[k]!.data, adjoints[node]!.data, squares[k]!),
      );
      observe?.(t, this.machine, squares);
      this.handBack(t, way, (k) => adjoints[program.states[k]!.node]!.data, this.cut);
    }
    way.forEach((adjoint, k) => gradients.states[k]!.data.set(adjoint));
    this.gradients = gradients;
    return gradients;
  }

  /** What an input's adjoint hands to what is below: nothing where the number was set. */
  inputAdjoint(t: number, adjoint: NumberArray): NumberArray {
    const set = this.options.edits?.get(t)?.filter(({ node }) => node === this.program.input) ?? [];
    if (set.length === 0) return adjoint;
    const kept = adjoint.slice();
    for (const { numbers } of set) for (const index of numbers.keys()) kept[index] = 0;
    return kept;
  }

  private validParts(output: NdArray): NdArray {
    if (!this.options.lengths) return output;
    const copy = { data: output.data.slice(), shape: output.shape };
    for (let t = 0; t < this.timeSteps; t++) this.keepValid(t, part(copy, t));
    return copy;
  }

  /**
   * Moves states' adjoints from step t to the step before it in order: those that step t computed, for padding
   * what came, and nothing where truncation cuts.
   * @param way by state, overwritten; @param entering the adjoint of a state as it enters the step
   */
  handBack(
    t: number,
    way: readonly NumberArray[],
    entering: (state: number) => NumberArray,
    cut?: readonly Map<number, NumberArray>[],
  ): void {
    way.forEach((adjoint, k) => {
      const came = this.options.lengths && adjoint.slice();
      adjoint.set(entering(k));
      this.keepValid(t, adjoint, came);
      if (this.isCutBefore(t)) this.cutOff(t, adjoint, cut?.[k]);
    });
  }

  /** Cuts the sequences that have the steps on both sides of the boundary; over padding nothing is computed. */
  private cutOff(t: number, adjoint: NumberArray, cut?: Map<number, NumberArray>): void {
    const boundary = this.boundaryBefore(t);
    const width = adjoint.length / this.batchSize;
    const kept = adjoint.slice().fill(0);
    for (let b = 0; b < this.batchSize; b++)
      if (this.isValid(boundary, b))
        for (let i = b * width; i < (b + 1) * width; i++) {
          kept[i] = adjoint[i]!;
          adjoint[i] = 0;
        }
    cut?.set(boundary, kept);
  }
}

/** The t-th part along the first axis; shares memory. */
export function part({ data, shape }: NdArray, t: number): NumberArray {
  const size = data.length / shape[0]!;
  return data.subarray(t * size, (t + 1) * size);
}
