import type { CellProgram, ProgramNode } from '../cell/program.js';
import { batch, createNdArray, createNumbers, type DType, type NdArray } from '../ndarray.js';
import type { Rule } from '../ops/rule.js';
import { ruleOf } from '../ops/table.js';

/** The memory of one run of a program over T time steps and B sequences, with every view made once. */
export interface Workspace {
  readonly timeSteps: number;
  readonly batchSize: number;
  /** Values by time step and node. A state's value at t is the very array of its next value at t−1. */
  readonly values: readonly (readonly NdArray[])[];
  /** Operands by time step and node. */
  readonly operands: readonly (readonly (readonly NdArray[])[])[];
  /** Adjoint of each value at the present time step. */
  readonly adjoints: readonly NdArray[];
  /** Adjoints of the states on their way from t+1 to t. */
  readonly carried: readonly NdArray[];
  /** Nodes computed at every time step, and nodes computed once. */
  readonly operations: readonly number[];
  readonly invariantOperations: readonly number[];
  /** All nodes whose adjoint starts from zero at every time step. */
  readonly steppedNodes: readonly number[];
  readonly rules: readonly (Rule<unknown> | undefined)[];
  readonly attributes: readonly unknown[];
}

export function createWorkspace(
  program: CellProgram,
  parameters: readonly NdArray[],
  dtype: DType,
  timeSteps: number,
  batchSize: number,
): Workspace {
  const { nodes } = program;
  const allocate = (node: ProgramNode): NdArray =>
    createNdArray(
      dtype,
      node.shape.map((extent) => (extent === batch ? batchSize : extent)),
    );
  const shared = sharedValues(program, parameters, dtype, allocate);
  const values: NdArray[][] = [];
  for (let t = 0; t < timeSteps; t++)
    values.push(stepValues(program, shared, values[t - 1], allocate));
  const indices = nodes.map((_, index) => index);
  const isOperation = (index: number): boolean => nodes[index]!.kind === 'operation';
  return {
    timeSteps,
    batchSize,
    values,
    operands: values.map((step) => nodes.map((node) => node.operands.map((k) => step[k]!))),
    adjoints: nodes.map(allocate),
    carried: program.states.map((state) => allocate(nodes[state.node]!)),
    operations: indices.filter((k) => isOperation(k) && !nodes[k]!.invariant),
    invariantOperations: indices.filter((k) => isOperation(k) && nodes[k]!.invariant),
    steppedNodes: indices.filter((k) => !nodes[k]!.invariant),
    rules: nodes.map((node) => (node.op ? ruleOf(node.op) : undefined)),
    attributes: nodes.map((node) => node.attributes),
  };
}

/** Values that are the same at every time step, by node. */
function sharedValues(
  program: CellProgram,
  parameters: readonly NdArray[],
  dtype: DType,
  allocate: (node: ProgramNode) => NdArray,
): (NdArray | undefined)[] {
  const shared = program.nodes.map((node) => {
    if (node.kind === 'constant')
      return { data: createNumbers(dtype, 1).fill(node.value!), shape: [] };
    return node.invariant ? allocate(node) : undefined;
  });
  program.parameters.forEach(({ node }, k) => {
    shared[node] = parameters[k];
  });
  return shared;
}

function stepValues(
  program: CellProgram,
  shared: readonly (NdArray | undefined)[],
  previous: readonly NdArray[] | undefined,
  allocate: (node: ProgramNode) => NdArray,
): NdArray[] {
  const next = new Map(program.states.map((state) => [state.node, state.next]));
  return program.nodes.map((node, index) => {
    const carriedFrom = next.get(index);
    if (previous && carriedFrom !== undefined) return previous[carriedFrom]!;
    return shared[index] ?? allocate(node);
  });
}
