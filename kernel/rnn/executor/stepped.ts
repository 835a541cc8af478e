import type { CellProgram } from '../cell/program.js';
import { AutogradError } from '../errors.js';
import { createNdArray, sizeOf, type DType, type NdArray } from '../ndarray.js';
import type { CreateExecutor, Sequence, SequenceGradients, Unrolled } from './executor.js';
import { createWorkspace, type Workspace } from './workspace.js';

/**
 * Runs a cell program node by node, time step after time step, with the operations' own rules. The plain
 * reference: every value of every time step can be looked at, and what is faster must agree with it.
 */
export const createSteppedExecutor: CreateExecutor = (program, parameters, dtype) => {
  /** Workspaces whose run is over, by T and B: a training loop uses the same one at every step. */
  const free = new Map<string, Workspace[]>();
  const take = (timeSteps: number, batchSize: number): Workspace =>
    free.get(`${timeSteps}×${batchSize}`)?.pop() ??
    createWorkspace(program, parameters, dtype, timeSteps, batchSize);
  const giveBack = (workspace: Workspace): void => {
    const key = `${workspace.timeSteps}×${workspace.batchSize}`;
    const list = free.get(key);
    if (list) list.push(workspace);
    else free.set(key, [workspace]);
  };
  return {
    run(sequence, keep) {
      const [timeSteps, batchSize] = sequence.input.shape as [number, number];
      const workspace = take(keep ? timeSteps : 1, batchSize);
      begin(program, workspace, sequence);
      if (!keep) {
        const result = runForgetting(program, workspace, sequence, dtype);
        giveBack(workspace);
        return result;
      }
      return runKeeping(program, workspace, sequence, dtype, giveBack);
    },
  };
};

/** Initial states, and what is the same at every time step. */
function begin(program: CellProgram, workspace: Workspace, sequence: Sequence): void {
  program.states.forEach((state, k) => {
    const { data } = workspace.values[0]![state.node]!;
    const given = sequence.states[k];
    if (given) data.set(given.data);
    else data.fill(0);
  });
  runOperations(workspace, 0, workspace.invariantOperations);
}

function runOperations(workspace: Workspace, t: number, operations: readonly number[]): void {
  const values = workspace.values[t]!;
  const operands = workspace.operands[t]!;
  for (const node of operations)
    workspace.rules[node]!.forward(values[node]!, operands[node]!, workspace.attributes[node]);
}

function readInput(
  program: CellProgram,
  workspace: Workspace,
  sequence: Sequence,
  t: number,
  slot: number,
) {
  const target = workspace.values[slot]![program.input]!.data;
  const from = t * target.length;
  const source = sequence.input.data;
  for (let i = 0; i < target.length; i++) target[i] = source[from + i]!;
  program.masks.forEach(({ node, perStep }, k) => {
    const mask = workspace.values[slot]![node]!.data;
    const start = perStep ? t * mask.length : 0;
    mask.set(sequence.masks![k]!.data.subarray(start, start + mask.length));
  });
}

function allocateOutput(program: CellProgram, sequence: Sequence, dtype: DType): NdArray {
  const [timeSteps, batchSize] = sequence.input.shape as [number, number];
  return createNdArray(dtype, [
    timeSteps,
    batchSize,
    ...program.nodes[program.output]!.shape.slice(1),
  ]);
}

/**
 * Goes forward and shows the values of each time step, by node; they are overwritten at the next.
 */
export function observeSteps(
  program: CellProgram,
  parameters: readonly NdArray[],
  dtype: DType,
  sequence: Sequence,
  show: (t: number, values: readonly NdArray[]) => void,
): void {
  const [timeSteps, batchSize] = sequence.input.shape as [number, number];
  const workspace = createWorkspace(program, parameters, dtype, 1, batchSize);
  begin(program, workspace, sequence);
  const values = workspace.values[0]!;
  const next = program.states.map((state) => createNdArray(dtype, values[state.node]!.shape));
  for (let t = 0; t < timeSteps; t++) {
    readInput(program, workspace, sequence, t, 0);
    runOperations(workspace, 0, workspace.operations);
    show(t, values);
    moveStates(program, values, next);
  }
}

/** Two passes: the next value of one state may be the present value of another. */
function moveStates(
  program: CellProgram,
  values: readonly NdArray[],
  next: readonly NdArray[],
): void {
  program.states.forEach((state, k) => next[k]!.data.set(values[state.next]!.data));
  program.states.forEach((state, k) => values[state.node]!.data.set(next[k]!.data));
}

/** Forward only: one time step's memory, states copied from step to step. */
function runForgetting(
  program: CellProgram,
  workspace: Workspace,
  sequence: Sequence,
  dtype: DType,
): Unrolled {
  const output = allocateOutput(program, sequence, dtype);
  const values = workspace.values[0]!;
  const create = () =>
    program.states.map((state) => createNdArray(dtype, values[state.node]!.shape));
  const [next, finalStates] = [create(), create()];
  for (let t = 0; t < sequence.input.shape[0]!; t++) {
    readInput(program, workspace, sequence, t, 0);
    runOperations(workspace, 0, workspace.operations);
    output.data.set(values[program.output]!.data, t * values[program.output]!.data.length);
    moveStates(program, values, next);
    finalStates.forEach((final, k) => copyEnding(final, next[k]!, sequence, t));
  }
  return { output, finalStates, backward: refuse('the run did not keep its values') };
}

function runKeeping(
  program: CellProgram,
  workspace: Workspace,
  sequence: Sequence,
  dtype: DType,
  giveBack: (workspace: Workspace) => void,
): Unrolled {
  const output = allocateOutput(program, sequence, dtype);
  const { timeSteps } = workspace;
  for (let t = 0; t < timeSteps; t++) {
    readInput(program, workspace, sequence, t, t);
    runOperations(workspace, t, workspace.operations);
    const out = workspace.values[t]![program.output]!.data;
    output.data.set(out, t * out.length);
  }
  const finalStates = program.states.map(({ next }) => {
    const final = createNdArray(dtype, workspace.values[0]![next]!.shape);
    for (let t = 0; t < timeSteps; t++) copyEnding(final, workspace.values[t]![next]!, sequence, t);
    return final;
  });
  const unrolled: Unrolled = {
    output,
    finalStates,
    backward(outputAdjoint, finalAdjoints, gradients) {
      unrolled.backward = refuse('it ran already');
      goBack(program, workspace, sequence, outputAdjoint, finalAdjoints, gradients);
      giveBack(workspace);
    },
  };
  return unrolled;
}

/** The rows of a state or its adjoint, for the sequences whose last time step is t. */
function endingRows({ input, active }: Sequence, t: number): [from: number, to: number] {
  const [timeSteps, batchSize] = input.shape as [number, number];
  if (!active) return t === timeSteps - 1 ? [0, batchSize] : [0, 0];
  return [active[t + 1] ?? 0, active[t]!];
}

function copyEnding(target: NdArray, source: NdArray, sequence: Sequence, t: number): void {
  const width = source.shape.at(-1)!;
  const [from, to] = endingRows(sequence, t);
  for (let i = from * width; i < to * width; i++) target.data[i] = source.data[i]!;
}

function refuse(reason: string): () => never {
  return () => {
    throw new AutogradError(`backward through time is not possible: ${reason}`);
  };
}

/**
 * The adjoint of every value, from the last time step to the first. Within a time step the operations are
 * gone through in reverse; from step to step the states' adjoints are carried; parameters' gradients add up.
 */
function goBack(
  program: CellProgram,
  workspace: Workspace,
  sequence: Sequence,
  outputAdjoint: NdArray | null,
  finalAdjoints: readonly (NdArray | null)[],
  gradients: SequenceGradients,
): void {
  const { adjoints, carried } = workspace;
  const targets = gradientTargets(program, workspace, gradients);
  workspace.invariantOperations.forEach((node) => adjoints[node]!.data.fill(0));
  for (const carry of carried) carry.data.fill(0);
  for (let t = workspace.timeSteps - 1; t >= 0; t--) {
    for (const node of workspace.steppedNodes) adjoints[node]!.data.fill(0);
    carried.forEach((carry, k) => {
      const final = finalAdjoints[k];
      if (final) copyEnding(carry, final, sequence, t);
    });
    if (outputAdjoint) addRange(adjoints[program.output]!, outputAdjoint, t);
    program.states.forEach((state, k) => addAll(adjoints[state.next]!, carried[k]!));
    reverseOperations(workspace, t, workspace.operations, targets);
    program.states.forEach((state, k) => carried[k]!.data.set(adjoints[state.node]!.data));
    if (gradients.input) addInto(gradients.input, adjoints[program.input]!, t);
  }
  reverseOperations(workspace, 0, workspace.invariantOperations, targets);
  gradients.states.forEach((gradient, k) => {
    if (gradient) addAll(gradient, carried[k]!);
  });
}

function reverseOperations(
  workspace: Workspace,
  t: number,
  operations: readonly number[],
  targets: readonly (readonly (NdArray | null)[])[],
): void {
  const values = workspace.values[t]!;
  const operands = workspace.operands[t]!;
  for (let k = operations.length - 1; k >= 0; k--) {
    const node = operations[k]!;
    workspace.rules[node]!.backward(
      targets[node]!,
      workspace.adjoints[node]!,
      operands[node]!,
      values[node]!,
      workspace.attributes[node],
    );
  }
}

/** For each operation, where the adjoints of its operands are added. */
function gradientTargets(
  program: CellProgram,
  workspace: Workspace,
  gradients: SequenceGradients,
): (NdArray | null)[][] {
  const target: (NdArray | null)[] = program.nodes.map((node, index) =>
    node.kind === 'constant' ? null : workspace.adjoints[index]!,
  );
  program.parameters.forEach(({ node }, k) => {
    target[node] = gradients.parameters[k]!;
  });
  for (const { node } of program.masks) target[node] = null;
  if (!gradients.input && program.states.every((state) => state.next !== program.input))
    target[program.input] = null;
  return program.nodes.map((node) => node.operands.map((operand) => target[operand]!));
}

function addAll(target: NdArray, source: NdArray): void {
  for (let i = 0; i < target.data.length; i++) target.data[i]! += source.data[i]!;
}

/** target += the t-th part of source */
function addRange(target: NdArray, source: NdArray, t: number): void {
  const from = t * sizeOf(target.shape);
  for (let i = 0; i < target.data.length; i++) target.data[i]! += source.data[from + i]!;
}

/** the t-th part of target += source */
function addInto(target: NdArray, source: NdArray, t: number): void {
  const to = t * source.data.length;
  for (let i = 0; i < source.data.length; i++) target.data[to + i]! += source.data[i]!;
}
