import { equationOf, valueNames, type CellProgram } from '../cell/program.js';
import { runArranged } from '../executor/arrange.js';
import type { Executor, Sequence, Unrolled } from '../executor/executor.js';
import { StepMachine } from '../inspect/stepMachine.js';
import type { RecurrentDetail } from '../modules/cellLayer.js';
import { createNdArray, dtypeOf, type NdArray, type NumberArray } from '../ndarray.js';
import type { TapeNode } from '../tensor.js';

/** What is wrong with numbers, said with one of them; undefined where nothing is. */
export type Complaint = (data: NumberArray) => number | undefined;

/** An operation inside a recurrent layer, at a time step counted from 0. */
export interface PlaceInLayer {
  readonly timeStep: number;
  readonly operation: string;
  readonly value: number;
}

const understood: ReadonlySet<string> = new Set([
  'program',
  'timeSteps',
  'direction',
  'lengths',
  'masks',
]);

/**
 * Runs a recurrent layer again, operation by operation in its own precision, and finds the first one that there is a
 * complaint about: forward, or backward where `adjoints` of its outputs are given.
 * @returns undefined where there is none, or the layer does more than is known here
 */
export function searchLayer(
  node: TapeNode,
  complain: Complaint,
  adjoints?: readonly (NdArray | null)[],
): PlaceInLayer | undefined {
  const detail = node.detail as RecurrentDetail;
  const { program, direction, lengths, masks } = detail;
  for (const [name, value] of Object.entries(detail) as [string, unknown][])
    if (!understood.has(name) && value !== undefined) return undefined;
  const [input, ...rest] = node.inputs as readonly NdArray[];
  const states = rest.slice(0, program.states.length);
  const search = new LayerSearch(program, rest.slice(states.length), complain);
  const isReverse = direction === 'reverse';
  const run = runArranged(
    search,
    { input: input!, states, masks },
    { reverse: isReverse, lengths },
    true,
  );
  if (adjoints) {
    search.found = undefined;
    const none = { input: null, states: states.map(() => null) };
    run.backward(adjoints[0]!, adjoints.slice(1), {
      ...none,
      parameters: program.parameters.map(() => null),
    });
  }
  if (!search.found) return undefined;
  const { t, row, ...place } = search.found;
  // Sequences run the longest first, and backwards from their own ends.
  const sorted = lengths && [...lengths].sort((a, b) => b - a);
  const last = (sorted?.[row] ?? input!.shape[0]!) - 1;
  return { ...place, timeStep: isReverse ? last - t : t };
}

/** An executor that complains. */
class LayerSearch implements Executor {
  found: { t: number; row: number; operation: string; value: number } | undefined;

  constructor(
    private readonly program: CellProgram,
    private readonly parameters: readonly NdArray[],
    private readonly complain: Complaint,
  ) {}

  run({ input, states, active, masks }: Sequence): Unrolled {
    const { program, parameters } = this;
    const dtype = dtypeOf(input.data);
    const [timeSteps, batchSize] = input.shape as [number, number];
    const machine = new StepMachine(program, parameters, dtype, batchSize);
    const width = machine.values[program.output]!.shape.at(-1)!;
    const output = createNdArray(dtype, [timeSteps, batchSize, width]);
    const finalStates = program.states.map(({ node }) =>
      createNdArray(dtype, machine.values[node]!.shape),
    );
    let present = program.states.map(({ node }, k) =>
      states[k] ? states[k].data.slice() : new Float64Array(machine.values[node]!.data.length),
    );
    const before: NumberArray[][] = [];
    const stepForward = (t: number): void => {
      const { data } = machine.values[program.input]!;
      data.set(input.data.subarray(t * data.length, (t + 1) * data.length));
      program.states.forEach(({ node }, k) => machine.values[node]!.data.set(before[t]![k]!));
      program.masks.forEach(({ node, perStep }, k) => {
        const { data: mask } = machine.values[node]!;
        const from = perStep ? t * mask.length : 0;
        mask.set(masks![k]!.data.subarray(from, from + mask.length));
      });
      machine.forward();
    };
    for (let t = 0; t < timeSteps; t++) {
      before.push(present);
      stepForward(t);
      for (const node of program.nodes.keys()) this.#check(t, node, machine.values[node]!);
      output.data.set(machine.values[program.output]!.data, t * batchSize * width);
      present = program.states.map(({ next }) => machine.values[next]!.data.slice());
      eachEnding(finalStates, active, t, timeSteps, (k, i) => {
        finalStates[k]!.data[i] = present[k]![i]!;
      });
    }
    return {
      output,
      finalStates,
      backward: (outputAdjoint, finalAdjoints) => {
        const carried = finalStates.map(({ data }) => new Float64Array(data.length));
        for (let t = timeSteps - 1; t >= 0; t--) {
          stepForward(t);
          eachEnding(finalStates, active, t, timeSteps, (k, i) => {
            carried[k]![i] = finalAdjoints[k]?.data[i] ?? 0;
          });
          machine.backward((adjoints) => {
            const own = adjoints[program.output]!.data;
            if (outputAdjoint)
              for (let i = 0; i < own.length; i++)
                own[i]! += outputAdjoint.data[t * own.length + i]!;
            program.states.forEach(({ next }, k) => {
              const { data } = adjoints[next]!;
              for (let i = 0; i < data.length; i++) data[i]! += carried[k]![i]!;
            });
          });
          // The operation that gave it is at fault, and not the value that it is the adjoint of.
          for (const [k, { to }] of [...machine.edges.entries()].reverse())
            this.#check(t, to, machine.contributions[k]!);
          for (const node of program.nodes.keys()) this.#check(t, node, machine.adjoints[node]!);
          program.states.forEach(({ node }, k) => carried[k]!.set(machine.adjoints[node]!.data));
        }
      },
    };
  }

  #check(t: number, index: number, { data, shape }: NdArray): void {
    const value = this.found ? undefined : this.complain(data);
    if (value === undefined) return;
    const names = valueNames(this.program);
    const node = this.program.nodes[index]!;
    const name = names[index]!;
    const at = data.findIndex((one) => Object.is(one, value));
    this.found = {
      t,
      row: Math.floor(at / (shape.at(-1) ?? 1)),
      operation: node.op ? `${node.op} (${name} = ${equationOf(node, names)})` : name,
      value,
    };
  }
}

/** Visits the numbers of each state of the sequences whose last time step is t. */
function eachEnding(
  states: readonly NdArray[],
  active: Int32Array | undefined,
  t: number,
  timeSteps: number,
  visit: (state: number, index: number) => void,
): void {
  states.forEach(({ shape }, k) => {
    const [batchSize, width] = shape.slice(-2) as [number, number];
    const to = active ? active[t]! : t === timeSteps - 1 ? batchSize : 0;
    const from = active?.[t + 1] ?? 0;
    for (let i = from * width; i < to * width; i++) visit(k, i);
  });
}
