import { addTo } from './vectors.js';
import type { CellProgram } from '../cell/program.js';
import {
  createNdArray,
  createNumbers,
  sizeOf,
  type DType,
  type NdArray,
  type NumberArray,
} from '../ndarray.js';
import { StepMachine, type NodeEdit } from './stepMachine.js';

/** A recurrent layer's sequence `[T, B, I]`, initial states `[B, size]` and parameters. */
export interface LayerInputs {
  readonly input: NdArray;
  readonly states: readonly NdArray[];
  readonly parameters: readonly NdArray[];
}

/** What a backward pass gives to what is below; while it runs, the sums so far. */
export interface LayerGradients {
  readonly input: NdArray;
  readonly states: readonly NdArray[];
  readonly parameters: readonly NdArray[];
}

/** Told at every time step of the backward pass, last step first; what it sees is overwritten at the next. */
export type ObserveStep = (t: number, machine: StepMachine, gradients: LayerGradients) => void;

export interface LayerOptions {
  /** Time steps t such that no adjoint flows from t to t−1. */
  readonly boundaries?: ReadonlySet<number>;
  /** Time step → numbers that are set instead of computed. */
  readonly edits?: ReadonlyMap<number, readonly NodeEdit[]>;
}

/**
 * One recurrent layer over one sequence, forward and back, that can show any of its time steps afterwards.
 *
 * Kept are the states that enter each step, and the adjoints that come to each step from outside of it. A
 * step's other values and adjoints follow from these by running the one step again, with the same operations
 * on the same numbers, so they come out bit for bit; memory does not grow with the operations of a cell.
 */
export class LayerRun {
  readonly timeSteps: number;
  readonly batchSize: number;
  readonly output: NdArray;
  readonly finalStates: readonly NdArray[];
  /** By state, `[T + 1, B, size]`: the state before each step, and after the last. */
  readonly entering: readonly NdArray[];
  /** By state, `[T, B, size]`: the adjoint that comes to its next value at t from t+1. Set by `backward`. */
  readonly carried: readonly NdArray[];
  /** By state, `[T, B, size]`: the adjoint of its next value. Set by `backward`. */
  readonly nextAdjoints: readonly NdArray[];
  /** By state, boundary → the adjoint that truncation cut off. */
  readonly cut: readonly Map<number, NumberArray>[];
  /** `[T, B, outputSize]`: the adjoint that comes to the output from above. Set by `backward`. */
  fromAbove: NdArray | null = null;
  /** Of the last backward pass. */
  gradients: LayerGradients | null = null;
  readonly machine: StepMachine;

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
    const states = (steps: number) =>
      program.states.map(({ size }) => createNdArray(dtype, [steps, batchSize, size]));
    this.entering = states(timeSteps + 1);
    this.carried = states(timeSteps);
    this.nextAdjoints = states(timeSteps);
    this.cut = program.states.map(() => new Map<number, NumberArray>());
    const outputShape = this.machine.values[program.output]!.shape;
    this.output = createNdArray(dtype, [timeSteps, ...outputShape]);
    this.forward();
    this.finalStates = this.entering.map((all, k) => ({
      data: part(all, timeSteps),
      shape: [batchSize, program.states[k]!.size],
    }));
  }

  private forward(): void {
    const { program, machine, timeSteps } = this;
    program.states.forEach((_, k) => this.entering[k]!.data.set(this.inputs.states[k]!.data));
    for (let t = 0; t < timeSteps; t++) {
      this.computeValues(t);
      const out = machine.values[program.output]!.data;
      this.output.data.set(out, t * out.length);
      program.states.forEach(({ next }, k) => {
        const value = machine.values[next]!.data;
        this.entering[k]!.data.set(value, (t + 1) * value.length);
      });
    }
  }

  /** Puts the values of step t into the machine. */
  computeValues(t: number): readonly NdArray[] {
    const { program, machine } = this;
    machine.values[program.input]!.data.set(part(this.inputs.input, t));
    program.states.forEach(({ node }, k) =>
      machine.values[node]!.data.set(part(this.entering[k]!, t)),
    );
    machine.forward(this.options.edits?.get(t));
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
    this.fromAbove = output;
    this.carried.forEach((all, k) => {
      all.data.fill(0);
      const last = finalStates[k]?.data;
      if (last) all.data.set(last, (timeSteps - 1) * last.length);
    });
    for (let t = timeSteps - 1; t >= 0; t--) {
      const machine = this.visit(t);
      this.handBack(t, gradients);
      const { adjoints } = machine;
      gradients.input.data.set(
        adjoints[program.input]!.data,
        t * sizeOf(adjoints[program.input]!.shape),
      );
      program.states.forEach(({ next }, k) =>
        part(this.nextAdjoints[k]!, t).set(adjoints[next]!.data),
      );
      program.parameters.forEach(({ node }, k) =>
        addTo(gradients.parameters[k]!.data, adjoints[node]!.data),
      );
      observe?.(t, machine, gradients);
    }
    this.gradients = gradients;
    return gradients;
  }

  /** The states' adjoints go to the step before, unless truncation cuts them off. */
  private handBack(t: number, gradients: LayerGradients): void {
    this.program.states.forEach(({ node }, k) => {
      const adjoint = this.machine.adjoints[node]!.data;
      if (this.options.boundaries?.has(t)) {
        this.cut[k]!.set(t, adjoint.slice());
        return;
      }
      if (t > 0) this.carried[k]!.data.set(adjoint, (t - 1) * adjoint.length);
      else gradients.states[k]!.data.set(adjoint);
    });
  }
}

/** The t-th part along the first axis; shares memory. */
export function part({ data, shape }: NdArray, t: number): NumberArray {
  const size = sizeOf(shape.slice(1));
  return data.subarray(t * size, (t + 1) * size);
}

/** Zeros with the parts along the first axis that are chosen. */
export function onlyParts(array: NdArray, dtype: DType, chosen: readonly number[]): NdArray {
  const data = createNumbers(dtype, array.data.length);
  for (const t of chosen) data.set(part(array, t), t * sizeOf(array.shape.slice(1)));
  return { data, shape: array.shape };
}
