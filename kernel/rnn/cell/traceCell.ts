import { describeValue } from '../describeValue.js';
import { CellError, ShapeError } from '../errors.js';
import { Expression } from '../expression.js';
import { batch, showShape, type Shape } from '../ndarray.js';
import { ruleOf, type OpAttributes, type OpName } from '../ops/table.js';
import type { CellProgram, ParameterInitializer, ProgramNode } from './program.js';

/** A value inside a cell definition: stands for numbers that come when the program runs. */
export class Value extends Expression<Value> {
  constructor(
    private readonly tracer: Tracer,
    readonly index: number,
  ) {
    super();
  }

  get shape(): Shape {
    return this.tracer.nodes[this.index]!.shape;
  }

  /** How VS Code's debugger shows it: it has no numbers yet. */
  [Symbol.for('debug.description')](): string {
    return `Value ${showShape(this.shape)}`;
  }

  /** Gives the value the name under which the literature knows it: `i f g o c h`, `r z n`. */
  as(label: string): this {
    this.tracer.label(this.index, label);
    return this;
  }

  override constant(value: number): Value {
    return this.tracer.constant(value);
  }

  protected override apply<K extends OpName>(
    op: K,
    others: readonly (Value | number)[],
    attributes: OpAttributes[K],
  ): Value {
    return this.tracer.operation(op, [this, ...others], attributes);
  }
}

/** What a definition gives for one set of sizes; see `defineCell`. */
export interface CellParts {
  name: string;
  inputSize: number;
  parameters: Record<string, { shape: Shape; initialize: ParameterInitializer }>;
  /** State name → size of its vector. */
  states: Record<string, number>;
  /** One time step: the next value of each state, and `output` where it is not the first state. */
  step(
    values: { x: Value } & Record<string, Value>,
    parameters: Record<string, Value>,
  ): Record<string, Value | undefined>;
}

/** Runs a definition's equations once on symbolic values and keeps what they did. */
export function traceCell(parts: CellParts): CellProgram {
  const tracer = new Tracer(parts.name);
  const x = tracer.leaf('input', 'x', [batch, parts.inputSize]);
  const states = mapValues(parts.states, (size, name) => tracer.leaf('state', name, [batch, size]));
  const parameters = mapValues(parts.parameters, ({ shape }, name) =>
    tracer.leaf('parameter', name, shape),
  );
  const results = parts.step({ x, ...states }, parameters);
  const programStates = Object.entries(parts.states).map(([name, size]) => ({
    name,
    size,
    node: states[name]!.index,
    next: resultOf(parts.name, results, name, [batch, size]).index,
  }));
  if (!programStates[0])
    throw new CellError(`${parts.name}: expected at least one state, got none`);
  const known = ['output', ...Object.keys(parts.states)];
  for (const name of Object.keys(results))
    if (!known.includes(name))
      throw new CellError(
        `${parts.name}: step returned '${name}', expected ${known.join(', ')} only`,
      );
  const nodes = tracer.nodes;
  const program: CellProgram = {
    name: parts.name,
    inputSize: parts.inputSize,
    nodes,
    input: x.index,
    parameters: Object.entries(parts.parameters).map(([name, { shape, initialize }]) => ({
      name,
      shape,
      initialize,
      node: parameters[name]!.index,
    })),
    states: programStates,
    masks: [],
    output: results['output']?.index ?? programStates[0].next,
  };
  checkUses(program);
  return program;
}

class Tracer {
  readonly nodes: ProgramNode[] = [];

  constructor(private readonly cell: string) {}

  leaf(kind: 'input' | 'state' | 'parameter', label: string, shape: Shape): Value {
    return this.push({ kind, label, shape, operands: [], invariant: kind === 'parameter' });
  }

  constant(value: number): Value {
    return this.push({ kind: 'constant', value, shape: [], operands: [], invariant: true });
  }

  operation(op: OpName, operands: readonly (Value | number)[], attributes: unknown): Value {
    const indices = operands.map((one) => this.indexOf(op, one));
    const shape = ruleOf(op).shape(
      indices.map((index) => this.nodes[index]!.shape),
      attributes,
    );
    const batched = indices.some((index) => this.nodes[index]!.shape[0] === batch);
    if (batched ? shape.lastIndexOf(batch) !== 0 : shape.includes(batch))
      throw new ShapeError(
        `${this.cell}: ${op} gives ${showShape(shape)}, but a cell keeps the batch as first axis and computes each of its sequences alone`,
      );
    const invariant = indices.every((index) => this.nodes[index]!.invariant);
    return this.push({ kind: 'operation', op, operands: indices, attributes, shape, invariant });
  }

  label(index: number, label: string): void {
    this.nodes[index] = { ...this.nodes[index]!, label };
  }

  private indexOf(op: OpName, operand: unknown): number {
    if (typeof operand === 'number') return this.constant(operand).index;
    if (operand instanceof Value) return operand.index;
    throw new CellError(
      `${this.cell}: ${op} got ${describeValue(operand)}, expected a number or a value of this cell (${this.names()}); tensors enter a cell as parameters`,
    );
  }

  /** Of input, states and parameters. */
  private names(): string {
    return this.nodes
      .filter(({ kind, label }) => kind !== 'operation' && label !== undefined)
      .map(({ label }) => label)
      .join(', ');
  }

  private push(node: ProgramNode): Value {
    this.nodes.push(node);
    return new Value(this, this.nodes.length - 1);
  }
}

function resultOf(
  cell: string,
  results: Record<string, Value | undefined>,
  state: string,
  shape: Shape,
): Value {
  const value = results[state];
  if (!(value instanceof Value))
    throw new CellError(
      `${cell}: step must return the next value of state '${state}', got ${describeValue(value)}`,
    );
  if (String(value.shape) !== String(shape))
    throw new CellError(
      `${cell}: state '${state}' is ${showShape(shape)}, but its next value is ${showShape(value.shape)}`,
    );
  return value;
}

/** A state or parameter that nothing reads is a mistake in the equations. */
function checkUses(program: CellProgram): void {
  const used = new Set(program.nodes.flatMap((node) => node.operands));
  // A state may only hand its value to another one, or to the output.
  used.add(program.output);
  for (const { node, next } of program.states) if (next !== node) used.add(next);
  program.nodes.forEach((node, index) => {
    if ((node.kind === 'state' || node.kind === 'parameter') && !used.has(index))
      throw new CellError(`${program.name}: ${node.kind} '${node.label!}' is not used`);
  });
}

function mapValues<T, U>(record: Record<string, T>, map: (value: T, key: string) => U) {
  return Object.fromEntries(Object.entries(record).map(([key, value]) => [key, map(value, key)]));
}
