import { showShape, type DType, type Shape } from '../ndarray.js';
import { ruleOf, type OpName } from '../ops/table.js';

/**
 * A recurrent cell as data: one time step in static single assignment form, each value computed once from
 * values before it. The same program trains, is stepped through, drawn and exported.
 *
 * Shapes carry `batch` (-1, printed B) where the batch size will stand.
 */
export interface CellProgram {
  readonly name: string;
  readonly inputSize: number;
  /** In order of computation: every operand comes before its use. Indices are the values' identities. */
  readonly nodes: readonly ProgramNode[];
  /** Index of the input's node. */
  readonly input: number;
  readonly parameters: readonly ProgramParameter[];
  readonly states: readonly ProgramState[];
  /** Numbers that a run is given beside the input, and that nothing learns from; empty for a cell as it is defined. */
  readonly masks: readonly ProgramMask[];
  /** Index of the node whose value the layer gives out at each time step. */
  readonly output: number;
}

export interface ProgramNode {
  readonly kind: 'input' | 'state' | 'parameter' | 'constant' | 'operation';
  readonly shape: Shape;
  /** Name of an input, state or parameter; the literature's name of a computed value, where it has one. */
  readonly label?: string;
  /** For `operation`. */
  readonly op?: OpName;
  readonly operands: readonly number[];
  readonly attributes?: unknown;
  /** For `constant`. */
  readonly value?: number;
  /** Depends on parameters and constants only, so its value is the same at every time step. */
  readonly invariant: boolean;
}

export interface ProgramParameter {
  readonly name: string;
  readonly node: number;
  readonly shape: Shape;
  readonly initialize: ParameterInitializer;
}

/** Fills a new parameter. */
export type ParameterInitializer = (
  data: { [i: number]: number; length: number },
  dtype: DType,
) => void;

export interface ProgramState {
  readonly name: string;
  readonly size: number;
  /** The node that holds the state at the start of a time step. */
  readonly node: number;
  /** The node whose value is the state at the next time step. */
  readonly next: number;
}

/**
 * An input that switches units: `[T, B, size]` with numbers of its own at each time step, or `[B, size]`, the same at
 * all of them. No adjoint reaches it.
 */
export interface ProgramMask {
  /** The state that it is about. */
  readonly state: string;
  readonly node: number;
  readonly size: number;
  readonly perStep: boolean;
  /** `dropout`: 0 with probability `rate`, else 1/(1 − rate). `zoneout`: 1 with probability `rate`, else 0. */
  readonly kind: 'dropout' | 'zoneout';
  readonly rate: number;
}

/** The names under which a program's values are printed and drawn: labels where unique, else %index. */
export function valueNames(program: CellProgram): string[] {
  const taken = new Set<string>();
  return program.nodes.map((node, index) => {
    const name = node.kind === 'constant' ? String(node.value) : (node.label ?? `%${index}`);
    if (node.kind === 'constant') return name;
    let unique = name;
    while (taken.has(unique)) unique += '′';
    taken.add(unique);
    return unique;
  });
}

/** A computed value's right-hand side, e.g. `sigmoid(%7)`. */
export function equationOf(node: ProgramNode, names: readonly string[]): string {
  return ruleOf(node.op!).equation(
    node.operands.map((operand) => names[operand]!),
    node.attributes,
  );
}

/** The program as text, one line per value. */
export function printProgram(program: CellProgram): string {
  const names = valueNames(program);
  const header = [
    `cell ${program.name}`,
    ...program.nodes.flatMap((node, index) =>
      node.kind === 'operation' || node.kind === 'constant'
        ? []
        : [`  ${node.kind.padEnd(9)} ${names[index]!} ${showShape(node.shape)}`],
    ),
  ];
  const body = program.nodes.flatMap((node, index) =>
    node.kind === 'operation'
      ? [
          `  ${names[index]!} = ${equationOf(node, names)}  ${showShape(node.shape)}${node.invariant ? '  once' : ''}`,
        ]
      : [],
  );
  const footer = [
    ...program.states.map((state) => `  next ${state.name} = ${names[state.next]!}`),
    `  output ${names[program.output]!}`,
  ];
  return [...header, ...body, ...footer].join('\n');
}
