import type { CellProgram } from '../cell/program.js';
import { batch, createNumbers, type DType, type NdArray, type NumberArray } from '../ndarray.js';
import type { StepMachine } from './stepMachine.js';

/** Values of operations are kept up to so many numbers of a layer. */
const mostKept = 2 ** 20;

/** Nodes that are computed at every time step. */
const steppedOperations = ({ nodes }: CellProgram): number[] =>
  nodes.flatMap(({ kind, invariant }, node) => (kind === 'operation' && !invariant ? [node] : []));

/** How many values of operations a layer keeps: all of them or none. */
export function keptNumbers(program: CellProgram, timeSteps: number, batchSize: number): number {
  let perStep = 0;
  for (const node of steppedOperations(program))
    perStep += program.nodes[node]!.shape.reduce(
      (product, extent) => product * (extent === batch ? batchSize : extent),
      1,
    );
  return perStep * timeSteps <= mostKept ? perStep * timeSteps : 0;
}

/** A place for the values of a layer's operations; undefined where they are too many. */
export function keptValues(
  { program, values, batchSize }: StepMachine,
  dtype: DType,
  timeSteps: number,
): KeptValues | undefined {
  const count = keptNumbers(program, timeSteps, batchSize);
  if (count === 0) return undefined;
  const own = steppedOperations(program).map((node) => values[node]!);
  return new KeptValues(own, createNumbers(dtype, count), timeSteps);
}

/** Values of operations, step after step in the order of computation, one operation after the other. */
export class KeptValues {
  /** How many steps are there. */
  #steps = 0;

  /** @param values of the step machine's operations; @param numbers where they are kept */
  constructor(
    private readonly values: readonly NdArray[],
    private readonly numbers: NumberArray,
    private readonly timeSteps: number,
  ) {}

  /** Keeps what the machine holds as the p-th step, where that is the next one. */
  keep(p: number): void {
    if (p !== this.#steps) return;
    let at = this.#startOf(p);
    for (const { data } of this.values) {
      this.numbers.set(data, at);
      at += data.length;
    }
    this.#steps++;
  }

  /** Puts the p-th step back into the machine; false where it was not kept. */
  recall(p: number): boolean {
    if (p >= this.#steps) return false;
    let at = this.#startOf(p);
    for (const { data } of this.values)
      for (let i = 0; i < data.length; i++) data[i] = this.numbers[at++]!;
    return true;
  }

  #startOf(p: number): number {
    return (p * this.numbers.length) / this.timeSteps;
  }
}
