import { CellError } from '../errors.js';
import { batch } from '../ndarray.js';
import { none } from '../ops/rule.js';
import type { OpName } from '../ops/table.js';
import type { CellProgram, ProgramMask, ProgramNode } from './program.js';

/** Probabilities by state. */
export type StateRates = ReadonlyMap<string, number>;

/**
 * The program with zoneout: where a unit of a state s is zoned out, it keeps its last value,
 *
 *     s′ = s̃ + d ⊙ (s − s̃),   d ~ Bernoulli(rate) for each unit and time step,
 *
 * with s̃ what the cell computes. In evaluation d is its expectation, the rate. What the cell computes from s̃ itself
 * (an LSTM's h from c̃) does so still.
 * Source: D. Krueger et al., "Zoneout: regularizing RNNs by randomly preserving hidden activations", ICLR 2017, eq. 3–5.
 */
export function withZoneout(program: CellProgram, rates: StateRates, training: boolean) {
  const editor = new ProgramEditor(program.nodes);
  const masks = [...program.masks];
  let { output } = program;
  const states = program.states.map((state) => {
    const rate = rates.get(state.name) ?? 0;
    if (rate === 0) return state;
    const keep = training
      ? editor.mask(`keep_${state.name}`, state.size, true)
      : editor.constant(rate);
    if (training) masks.push({ ...maskOf(state, keep, true), kind: 'zoneout', rate });
    const shape = [batch, state.size];
    const difference = editor.operation('sub', [state.node, state.next], shape);
    const kept = editor.operation('mul', [keep, difference], shape);
    const next = editor.operation('add', [state.next, kept], shape);
    // The layer gives out the state that it has.
    if (output === state.next) output = next;
    return { ...state, next };
  });
  return { ...program, nodes: editor.nodes, states, masks, output };
}

/**
 * The program with dropout of what products read from the states: W·h becomes W·(m ⊙ h), and W·(r ⊙ h) becomes
 * W·(m ⊙ r ⊙ h), with a mask m that is the same at all time steps. What is carried on elementwise is not dropped.
 * Source: Y. Gal, Z. Ghahramani, "A theoretically grounded application of dropout in recurrent neural networks",
 * NeurIPS 2016, eq. 7.
 * @throws CellError if no product reads a state
 */
export function withHiddenDropout(program: CellProgram, rate: number): CellProgram {
  const editor = new ProgramEditor([]);
  const places: number[] = [];
  const masks: ProgramMask[] = [];
  const dropped = new Map<number, number>();
  const maskFor = (state: number): number => {
    const { name, size } = program.states[state]!;
    const known = masks.find((one) => one.state === name);
    if (known) return known.node;
    const node = editor.mask(`mask_${name}`, size, false);
    masks.push({ state: name, node, size, perStep: false, kind: 'dropout', rate });
    return node;
  };
  const drop = (operand: number): number => {
    const node = program.nodes[operand]!;
    const state = stateReadBy(program, operand);
    if (state === undefined) return places[operand]!;
    let known = dropped.get(operand);
    if (known !== undefined) return known;
    let mask = maskFor(state);
    if (node.op === 'slice') mask = editor.push({ ...node, operands: [mask] });
    known = editor.operation('mul', [places[operand]!, mask], node.shape);
    dropped.set(operand, known);
    return known;
  };
  for (const node of program.nodes) {
    const operands = node.operands.map((operand, k) =>
      node.op === 'linear' && k === 0 ? drop(operand) : places[operand]!,
    );
    places.push(editor.push({ ...node, operands }));
  }
  if (masks.length === 0)
    throw new CellError(
      `${program.name}: dropout of the hidden state needs a product with weights that reads a state, got a cell without one`,
    );
  const moved = <T extends { node: number }>(one: T): T => ({ ...one, node: places[one.node]! });
  return {
    ...program,
    nodes: editor.nodes,
    input: places[program.input]!,
    parameters: program.parameters.map(moved),
    states: program.states.map((state) => ({ ...moved(state), next: places[state.next]! })),
    masks: [...program.masks.map(moved), ...masks],
    output: places[program.output]!,
  };
}

/** The state that a product's operand is, is part of, or is a gated form of. */
function stateReadBy({ nodes, states }: CellProgram, operand: number): number | undefined {
  const { op, operands } = nodes[operand]!;
  const read = op === 'mul' || op === 'slice' ? [operand, ...operands] : [operand];
  const state = states.findIndex(({ node }) => read.includes(node));
  if (state < 0) return undefined;
  const isWhole = nodes[operand]!.shape[1] === states[state]!.size;
  return isWhole || op === 'slice' ? state : undefined;
}

const maskOf = (
  { name, size }: { name: string; size: number },
  node: number,
  perStep: boolean,
) => ({ state: name, node, size, perStep });

/** Nodes in order of computation, to which more are added. */
class ProgramEditor {
  readonly nodes: ProgramNode[];

  constructor(nodes: readonly ProgramNode[]) {
    this.nodes = [...nodes];
  }

  push(node: ProgramNode): number {
    return this.nodes.push(node) - 1;
  }

  constant(value: number): number {
    return this.push({ kind: 'constant', value, shape: [], operands: [], invariant: true });
  }

  mask(label: string, size: number, perStep: boolean): number {
    return this.push({
      kind: 'input',
      label,
      shape: [batch, size],
      operands: [],
      attributes: { perStep },
      invariant: false,
    });
  }

  operation(op: OpName, operands: readonly number[], shape: readonly number[]): number {
    return this.push({
      kind: 'operation',
      op,
      operands,
      shape,
      attributes: none,
      invariant: false,
    });
  }
}
