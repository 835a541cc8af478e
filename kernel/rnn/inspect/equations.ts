import { valueNames, type CellProgram, type ProgramNode } from '../cell/program.js';
import { showShape } from '../ndarray.js';
import { ruleOf, type OpName } from '../ops/table.js';
import {
  atTime,
  barred,
  call,
  dot,
  indexed,
  minus,
  negated,
  number,
  over,
  plus,
  raised,
  relation,
  symbol,
  times,
  words,
  type Formula,
} from './formula.js';
import type { Direction } from './network.js';
import type { Edge } from './stepMachine.js';

/** A program's equations with time steps: `cₜ = fₜ ⊙ cₜ₋₁ + %19ₜ`. */
export interface Equations {
  /** By node, its name at its time: `hₜ₋₁`, `fₜ`, `%7ₜ`, `weight_ih`. */
  readonly names: readonly Formula[];
  /** By node, the operation; for leaves name and shape. */
  readonly operation: readonly Formula[];
  /** By node, for labelled values and next states: the equation down to values that have names too. */
  readonly full: readonly (Formula | undefined)[];
  /** What flows back along an edge: `f̄ₜ += c̄ₜ ⊙ cₜ₋₁`. */
  backward(edge: Edge): Formula;
}

export function equationsOf(program: CellProgram, direction: Direction): Equations {
  const names = namesOf(program, direction);
  const { nodes } = program;
  const isNamed = (index: number): boolean =>
    nodes[index]!.kind !== 'operation' ||
    nodes[index]!.label !== undefined ||
    program.states.some(({ next }) => next === index);
  const inlined = (index: number): Formula =>
    isNamed(index) ? names[index]! : rightHandSide(nodes[index]!, inlined, nodes);
  const named = (index: number): Formula => names[index]!;
  return {
    names,
    operation: nodes.map((node, index) =>
      node.kind === 'operation'
        ? relation(names[index]!, '=', rightHandSide(node, named, nodes))
        : relation(names[index]!, '∈', words(`ℝ${showShape(node.shape)}`)),
    ),
    full: nodes.map((node, index) =>
      node.kind === 'operation' && isNamed(index)
        ? relation(names[index]!, '=', rightHandSide(node, inlined, nodes))
        : undefined,
    ),
    backward: ({ from, to, operand }) =>
      relation(barred(names[from]!), '+=', contribution(program, names, to, operand)),
  };
}

function namesOf(program: CellProgram, direction: Direction): Formula[] {
  const unique = valueNames(program);
  const before = direction === 'forward' ? 't−1' : 't+1';
  const nextOf = new Map(program.states.map(({ name, next }) => [next, name]));
  return program.nodes.map((node, index) => {
    if (node.kind === 'constant') return number(node.value!);
    if (node.kind === 'state') return atTime(symbol(unique[index]!), before);
    if (node.invariant) return symbol(unique[index]!);
    const state = node.kind === 'operation' ? nextOf.get(index) : undefined;
    return atTime(symbol(state ?? unique[index]!), 't');
  });
}

type Name = (index: number) => Formula;
type Forward = (operands: readonly Formula[], node: ProgramNode) => Formula;

const apply =
  (name: string): Forward =>
  ([x]) =>
    call(name, x!);

const infix =
  (join: (a: Formula, b: Formula) => Formula): Forward =>
  ([a, b]) =>
    join(a!, b!);

/** How an operation is written; others as their rule says. */
const forwards: Partial<Record<OpName, Forward>> = {
  neg: ([x]) => negated(x!),
  exp: apply('exp'),
  log: apply('ln'),
  sqrt: apply('√'),
  sigmoid: apply('σ'),
  tanh: apply('tanh'),
  relu: apply('relu'),
  abs: apply('abs'),
  pow: ([x], { attributes }) => raised(x!, String((attributes as { exponent: number }).exponent)),
  softmax: apply('softmax'),
  logSoftmax: apply('logSoftmax'),
  add: infix(plus),
  sub: infix(minus),
  mul: infix(times),
  div: infix(over),
  matmul: infix(dot),
  linear: ([x, w, b]) => (b ? plus(dot(w!, x!), b) : dot(w!, x!)),
  slice: ([x], { attributes }) => {
    const { start, end } = attributes as { start: number; end: number };
    return indexed(x!, `${start}:${end}`);
  },
};

function rightHandSide(node: ProgramNode, name: Name, nodes: readonly ProgramNode[]): Formula {
  const operands = node.operands.map(name);
  const isScaled = node.op === 'mul' && node.operands.some((k) => nodes[k]!.kind === 'constant');
  if (isScaled) return dot(operands[0]!, operands[1]!);
  return (
    forwards[node.op!]?.(operands, node) ??
    words(
      ruleOf(node.op!).equation(
        operands.map(({ text }) => text),
        node.attributes,
      ),
    )
  );
}

interface Use {
  /** The result's adjoint, the result, the operands. */
  g: Formula;
  y: Formula;
  x: readonly Formula[];
  node: ProgramNode;
}

type Back = (use: Use) => Formula;
const one = number(1);
const pass: Back = ({ g }) => g;

/** By operand: the vector-Jacobian product that the operation's rule computes. */
const backwards: Partial<Record<OpName, readonly Back[]>> = {
  neg: [({ g }) => negated(g)],
  exp: [({ g, y }) => times(g, y)],
  log: [({ g, x }) => over(g, x[0]!)],
  sqrt: [({ g, y }) => over(g, dot(number(2), y))],
  sigmoid: [({ g, y }) => times(times(g, y), minus(one, y))],
  tanh: [({ g, y }) => times(g, minus(one, raised(y, '2')))],
  relu: [({ g, x }) => times(g, indexed(symbol('1'), `${x[0]!.text} > 0`))],
  abs: [({ g, x }) => times(g, call('sign', x[0]!))],
  pow: [
    ({ g, x, node }) => {
      const { exponent } = node.attributes as { exponent: number };
      return times(g, dot(number(exponent), raised(x[0]!, String(exponent - 1))));
    },
  ],
  where: [
    () => number(0),
    ({ g, x }) => words(`${g.text} where ${x[0]!.text}`),
    ({ g, x }) => words(`${g.text} where not ${x[0]!.text}`),
  ],
  gt: [() => number(0), () => number(0)],
  ge: [() => number(0), () => number(0)],
  eq: [() => number(0), () => number(0)],
  add: [pass, pass],
  sub: [pass, ({ g }) => negated(g)],
  mul: [({ g, x }) => times(g, x[1]!), ({ g, x }) => times(g, x[0]!)],
  div: [({ g, x }) => over(g, x[1]!), ({ g, y, x }) => negated(over(times(g, y), x[1]!))],
  matmul: [({ g, x }) => dot(g, raised(x[1]!, 'ᵀ')), ({ g, x }) => dot(raised(x[0]!, 'ᵀ'), g)],
  linear: [
    ({ g, x }) => dot(raised(x[1]!, 'ᵀ'), g),
    ({ g, x }) => dot(g, raised(x[0]!, 'ᵀ')),
    pass,
  ],
  slice: [
    ({ g, node }) => {
      const { start, end } = node.attributes as { start: number; end: number };
      return words(`${g.text} at [${start}:${end}]`);
    },
  ],
  reshape: [pass],
  softmax: [({ g, y }) => times(y, minus(g, call('Σ', times(g, y))))],
};

function contribution(
  program: CellProgram,
  names: readonly Formula[],
  to: number,
  operand: number,
): Formula {
  const node = program.nodes[to]!;
  const use: Use = {
    g: barred(names[to]!),
    y: names[to]!,
    x: node.operands.map((k) => names[k]!),
    node,
  };
  const back = backwards[node.op!]?.[operand];
  if (back) return back(use);
  return words(`(∂${use.y.text}/∂${use.x[operand]!.text})ᵀ·${use.g.text}`);
}

/**
 * By node, the name of the only labelled value or state that it serves, directly or through others; what
 * serves several has none. Labelled values are gates of their own.
 */
export function gatesOf(program: CellProgram): (string | undefined)[] {
  const names = valueNames(program);
  const { nodes, states } = program;
  const served = nodes.map(() => new Set<string>());
  for (let index = nodes.length - 1; index >= 0; index--) {
    const node = nodes[index]!;
    const state = states.find(({ next }) => next === index)?.name;
    if (node.kind === 'operation' && (node.label !== undefined || state !== undefined))
      served[index] = new Set([node.label ?? state ?? names[index]!]);
    for (const operand of node.operands)
      for (const gate of served[index]!) served[operand]!.add(gate);
  }
  return nodes.map((node, index) =>
    node.kind === 'operation' && served[index]!.size === 1 ? [...served[index]!][0] : undefined,
  );
}
