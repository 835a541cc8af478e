import type { CellProgram, ProgramNode } from '../cell/program.js';

/**
 * How a cell program runs fast: matrix products apart from everything elementwise, which runs as few loops as
 * the products allow.
 *
 * A *pre-activation* is a sum of products with weights, held in one buffer. Products that read the input are
 * computed for all time steps at once; the others at their time step. A *normalisation* is a layer norm, over a whole
 * row. A value's *level* counts the products and normalisations of its time step that it waits for; between two
 * levels everything elementwise is one *group*, one loop.
 */
export interface Plan {
  readonly program: CellProgram;
  readonly preactivations: readonly Preactivation[];
  readonly normalisations: readonly Normalisation[];
  /** Values that loops leave in memory: next states, the output, operands of products, what backward reads. */
  readonly stores: readonly Store[];
  /** In the order in which they run within a time step. */
  readonly groups: readonly Group[];
  /** Parameter nodes `[F]` that are read elementwise. */
  readonly vectors: readonly number[];
  /** Whether something besides products reads the input: then it must be there as it is. */
  readonly readsInput: boolean;
  readonly levels: number;
}

export interface Preactivation {
  readonly node: number;
  readonly width: number;
  readonly level: number;
  readonly terms: readonly Product[];
  /** Whether backward adds to its adjoint rather than writing each element once. */
  readonly accumulates: boolean;
  /** Whether something besides loops reads its value: then it has to stay. */
  readonly isKept: boolean;
}

/** operand · weightᵀ + bias, the weight being some rows of a parameter. */
export interface Product {
  readonly operand: number;
  readonly weight: ParameterRows;
  readonly bias: ParameterRows | undefined;
  /** Number of columns of the weight, the operand's width. */
  readonly depth: number;
  /** Reads the input: computed for all time steps at once. */
  readonly isHoisted: boolean;
}

export interface ParameterRows {
  /** Position among the program's parameters. */
  readonly parameter: number;
  readonly start: number;
  readonly rows: number;
}

/** node = (operand − mean) / √(variance + ε), over the features. */
export interface Normalisation {
  readonly node: number;
  readonly operand: number;
  readonly width: number;
  readonly level: number;
  readonly eps: number;
}

/**
 * A buffer by what it holds, at the present time step: the value of a node, the value that a state gets, an output
 * that is no computed value, 1/σ of a normalisation; the adjoint of a value, the adjoint that a state gets from the
 * time step after, and the one that it hands to the time step before. `adjoint:-1` is where the adjoint of the layer's
 * output comes in.
 */
export type BufferKey =
  `${'value' | 'next' | 'inverse' | 'adjoint' | 'carryIn' | 'carryOut'}:${number}` | 'output';

export interface Store {
  readonly node: number;
  readonly key: BufferKey;
  readonly width: number;
  readonly level: number;
  /** Whether an adjoint reaches the value through a buffer: from a product, or from a later group. */
  readonly hasAdjoint: boolean;
}

export interface Group {
  readonly level: number;
  readonly width: number;
  readonly stores: readonly Store[];
}

/** Why a program has to run node by node. */
export interface Unplanned {
  readonly reason: string;
}

export const isPlan = (plan: Plan | Unplanned): plan is Plan => 'groups' in plan;

export const widthOf = (node: ProgramNode): number => node.shape.at(-1) ?? 1;
