import { addTo } from './vectors.js';
import type { CellProgram } from '../cell/program.js';
import { createWorkspace, type Workspace } from '../executor/workspace.js';
import { createNdArray, type DType, type NdArray } from '../ndarray.js';

/** One use of a value by an operation. */
export interface Edge {
  /** The operand, the operation, and which operand it is. */
  readonly from: number;
  readonly to: number;
  readonly operand: number;
}

/** The uses within a program along which adjoints flow, in the program's order; constants have none. */
export function edgesOf(program: CellProgram): Edge[] {
  return program.nodes.flatMap((node, to) =>
    node.operands.flatMap((from, operand) =>
      program.nodes[from]!.kind === 'constant' ? [] : [{ from, to, operand }],
    ),
  );
}

/** Sets numbers of a computed value: what a what-if edit does to a gate. */
export interface NodeEdit {
  readonly node: number;
  /** Flat index into the value (batch first) → number that it gets. */
  readonly numbers: ReadonlyMap<number, number>;
}

/**
 * One time step of a program, forward and backward, with the adjoint's contribution along every edge kept
 * apart. Everything that is the same at every time step takes part in each backward step too, so that a
 * parameter's adjoint is what this very step adds to its gradient.
 */
export class StepMachine {
  readonly edges: readonly Edge[];
  /** By edge: ∂loss/∂operand through this use alone. */
  readonly contributions: readonly NdArray[];
  /** By node. */
  readonly values: readonly NdArray[];
  readonly adjoints: readonly NdArray[];
  private readonly workspace: Workspace;
  /** Those that are not themselves an adjoint. */
  private readonly ownContributions: readonly NdArray[];
  /** Operations, last first. */
  private readonly reversed: readonly number[];
  /** By operation: where its rule adds the adjoints of its operands, and the edges they belong to. */
  private readonly targets: readonly (readonly (NdArray | null)[])[];
  /** By operation: contributions that are not themselves an adjoint, and the adjoint they are added to. */
  private readonly additions: readonly (readonly { contribution: NdArray; adjoint: NdArray }[])[];

  constructor(
    readonly program: CellProgram,
    parameters: readonly NdArray[],
    dtype: DType,
    readonly batchSize: number,
  ) {
    this.workspace = createWorkspace(program, parameters, dtype, 1, batchSize);
    this.values = this.workspace.values[0]!;
    this.adjoints = this.workspace.adjoints;
    this.edges = edgesOf(program);
    const shared = nodesWithSeveralSources(program, this.edges);
    this.contributions = this.edges.map(({ from }) =>
      shared.has(from) ? createNdArray(dtype, this.adjoints[from]!.shape) : this.adjoints[from]!,
    );
    this.ownContributions = this.contributions.filter(
      (contribution, k) => contribution !== this.adjoints[this.edges[k]!.from],
    );
    const { operations, invariantOperations } = this.workspace;
    this.reversed = [...operations, ...invariantOperations].sort((a, b) => b - a);
    this.targets = program.nodes.map((node, to) =>
      node.operands.map((_, operand) => {
        const edge = this.edges.findIndex((one) => one.to === to && one.operand === operand);
        return edge < 0 ? null : this.contributions[edge]!;
      }),
    );
    this.additions = program.nodes.map((_, to) =>
      this.edges.flatMap((edge, k) => {
        const contribution = this.contributions[k]!;
        const adjoint = this.adjoints[edge.from]!;
        return edge.to === to && contribution !== adjoint ? [{ contribution, adjoint }] : [];
      }),
    );
    this.runOperations(invariantOperations);
  }

  /** Computes every value of the time step whose input and states stand in `values`. */
  forward(edits: readonly NodeEdit[] = []): void {
    if (edits.length === 0) {
      this.runOperations(this.workspace.operations);
      return;
    }
    for (const { node, numbers } of edits) setNumbers(this.values[node]!, numbers);
    for (const operation of this.workspace.operations) {
      this.runOperations([operation]);
      for (const { node, numbers } of edits)
        if (node === operation) setNumbers(this.values[node]!, numbers);
    }
  }

  private runOperations(operations: readonly number[]): void {
    const { rules, attributes, operands } = this.workspace;
    for (const node of operations)
      rules[node]!.forward(this.values[node]!, operands[0]![node]!, attributes[node]);
  }

  /**
   * Goes back through the operations, given what comes from outside of the step. An edited number has no
   * operands, so nothing flows back from it.
   * @param receive adds to adjoints, which are zero, what comes from above and from t+1
   */
  backward(receive: (adjoints: readonly NdArray[]) => void, edits: readonly NodeEdit[] = []): void {
    const { rules, attributes, operands } = this.workspace;
    for (const { data } of this.adjoints) data.fill(0);
    for (const contribution of this.ownContributions) contribution.data.fill(0);
    receive(this.adjoints);
    for (const node of this.reversed) {
      const adjoint = this.adjoints[node]!;
      rules[node]!.backward(
        this.targets[node]!,
        withoutEdited(adjoint, node, edits),
        operands[0]![node]!,
        this.values[node]!,
        attributes[node],
      );
      for (const { contribution, adjoint: target } of this.additions[node]!)
        addTo(target.data, contribution.data);
    }
  }
}

/** Nodes whose adjoint is a sum: used more than once, or reached from outside of the time step. */
function nodesWithSeveralSources(program: CellProgram, edges: readonly Edge[]): Set<number> {
  const nodes = new Set([program.output, ...program.states.map(({ next }) => next)]);
  const used = new Set<number>();
  for (const { from } of edges) (used.has(from) ? nodes : used).add(from);
  return nodes;
}

function setNumbers({ data }: NdArray, numbers: ReadonlyMap<number, number>): void {
  for (const [index, value] of numbers) data[index] = value;
}

function withoutEdited(adjoint: NdArray, node: number, edits: readonly NodeEdit[]): NdArray {
  const own = edits.filter((edit) => edit.node === node);
  if (own.length === 0) return adjoint;
  const data = adjoint.data.slice();
  for (const { numbers } of own) for (const index of numbers.keys()) data[index] = 0;
  return { data, shape: adjoint.shape };
}
