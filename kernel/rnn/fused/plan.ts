import type { CellProgram, ProgramNode } from '../cell/program.js';
import { equationOf, valueNames } from '../cell/program.js';
import type { SliceAttributes } from '../ops/arrange.js';
import { vectorRules } from '../wasm/vectorRules.js';

/**
 * How a cell program runs fast: matrix products apart from everything elementwise, which runs as few loops as
 * the products allow.
 *
 * A *pre-activation* is a sum of products with weights, held in one buffer. Products that read the input are
 * computed for all time steps at once; the others at their time step. A value's *level* counts the products of its
 * time step that it waits for; between two levels everything elementwise is one *group*, one loop.
 */
export interface Plan {
  readonly program: CellProgram;
  readonly preactivations: readonly Preactivation[];
  /** Values kept for every time step: next states, the output, operands of products, what backward reads. */
  readonly stored: readonly StoredValue[];
  /** In the order in which they run within a time step. */
  readonly groups: readonly Group[];
  /** Parameter nodes `[F]` that are read elementwise. */
  readonly vectors: readonly number[];
  readonly levels: number;
}

export interface Preactivation {
  readonly node: number;
  readonly width: number;
  readonly level: number;
  readonly terms: readonly Product[];
  /** Whether backward adds to its adjoint rather than writing each element once. */
  readonly accumulates: boolean;
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

export interface StoredValue {
  readonly node: number;
  readonly width: number;
  readonly level: number;
  /** The state that this is the next value of. */
  readonly state: number | undefined;
  /** Whether its adjoint comes through a buffer: from a product, or from a later group. */
  readonly hasAdjoint: boolean;
}

type ChosenValue = Omit<StoredValue, 'hasAdjoint'>;

export interface Group {
  readonly level: number;
  readonly width: number;
  /** Nodes that it computes and stores. */
  readonly stores: readonly number[];
}

/** Why a program has to run node by node. */
export interface Unplanned {
  readonly reason: string;
}

export const isPlan = (plan: Plan | Unplanned): plan is Plan => 'groups' in plan;

class NotPlannable extends Error {}

export function planProgram(program: CellProgram): Plan | Unplanned {
  try {
    return new Planner(program).plan();
  } catch (error) {
    if (error instanceof NotPlannable) return { reason: error.message };
    throw error;
  }
}

export const widthOf = (node: ProgramNode): number => node.shape.at(-1) ?? 1;

class Planner {
  readonly #nodes: readonly ProgramNode[];
  readonly #names: readonly string[];
  readonly #uses: readonly number[][];

  constructor(private readonly program: CellProgram) {
    this.#nodes = program.nodes;
    this.#names = valueNames(program);
    const uses: number[][] = program.nodes.map(() => []);
    program.nodes.forEach((node, index) =>
      node.operands.forEach((operand) => uses[operand]!.push(index)),
    );
    this.#uses = uses;
  }

  plan(): Plan {
    const sums = this.#findPreactivations();
    const levels = this.#levels(sums);
    const results = this.#chooseStored(sums, levels);
    const groups = groupByLevelAndWidth(results);
    const reads = groups.map((group) => this.#readsOf(group, sums, results));
    const operands = new Set([...sums.values()].flat().map((term) => term.operand));
    const isRead = (node: number): boolean =>
      reads.some((group) => group.some((read) => read.node === node));
    return {
      program: this.program,
      preactivations: [...sums].map(([node, terms]) => {
        const width = widthOf(this.#nodes[node]!);
        const accumulates = isWrittenUnevenly(node, width, reads);
        return { node, terms, width, level: levels[node]!, accumulates };
      }),
      stored: results.map((value) => ({
        ...value,
        hasAdjoint: operands.has(value.node) || isRead(value.node),
      })),
      groups,
      vectors: this.#vectors(sums),
      levels: Math.max(...levels) + 1,
    };
  }

  #fail(index: number, why: string): never {
    const node = this.#nodes[index]!;
    const text = node.op ? equationOf(node, this.#names) : this.#names[index]!;
    throw new NotPlannable(`${text}: ${why}`);
  }

  /** Each pre-activation's node with its products. A sum of two products that nothing else reads is one. */
  #findPreactivations(): Map<number, Product[]> {
    const sums = new Map<number, Product[]>();
    this.#nodes.forEach((node, index) => {
      if (node.invariant || node.kind !== 'operation') return;
      if (node.op === 'linear') sums.set(index, [this.#product(index)]);
      if (node.op !== 'add') return;
      const parts = node.operands.map((operand) => sums.get(operand));
      const areOurs = node.operands.every((operand) => this.#uses[operand]!.length === 1);
      if (!parts[0] || !parts[1] || !areOurs || this.#isResult(node.operands)) return;
      for (const operand of node.operands) sums.delete(operand);
      sums.set(index, [...parts[0], ...parts[1]]);
    });
    return sums;
  }

  #isResult(nodes: readonly number[]): boolean {
    const { states, output } = this.program;
    return nodes.some((node) => node === output || states.some(({ next }) => next === node));
  }

  #product(index: number): Product {
    const [operand, weight, bias] = this.#nodes[index]!.operands as [number, number, number?];
    if (this.#nodes[operand]!.invariant) this.#fail(index, 'a product of parameters');
    return {
      operand,
      weight: this.#rowsOf(weight),
      bias: bias === undefined ? undefined : this.#rowsOf(bias),
      depth: widthOf(this.#nodes[weight]!),
      isHoisted: operand === this.program.input,
    };
  }

  /** A parameter, or a slice of its rows. */
  #rowsOf(index: number): ParameterRows {
    const node = this.#nodes[index]!;
    if (node.kind === 'parameter') {
      const parameter = this.program.parameters.findIndex((one) => one.node === index);
      return { parameter, start: 0, rows: node.shape[0]! };
    }
    const { axis, start, end } = (node.attributes ?? {}) as Partial<SliceAttributes>;
    const source = node.op === 'slice' ? this.#nodes[node.operands[0]!] : undefined;
    if (source?.kind !== 'parameter' || axis !== -source.shape.length)
      this.#fail(index, 'weights of a product must be a parameter or some of its rows');
    const whole = this.#rowsOf(node.operands[0]!);
    return { ...whole, start: start!, rows: end! - start! };
  }

  #levels(sums: ReadonlyMap<number, readonly Product[]>): number[] {
    const levels: number[] = [];
    this.#nodes.forEach((node, index) => {
      const terms = sums.get(index);
      const below = Math.max(0, ...node.operands.map((operand) => levels[operand]!));
      if (!terms) levels.push(below);
      else
        levels.push(
          Math.max(
            0,
            ...terms.filter((term) => !term.isHoisted).map((term) => levels[term.operand]! + 1),
          ),
        );
      const isElementwise =
        node.op === 'slice' || (node.op !== undefined && node.op in vectorRules);
      if (node.kind === 'operation' && !node.invariant && node.op !== 'linear' && !isElementwise)
        this.#fail(index, 'is neither a product with weights nor elementwise');
      if (
        node.op === 'slice' &&
        !node.invariant &&
        (node.attributes as SliceAttributes).axis !== -1
      )
        this.#fail(index, 'slices the batch');
    });
    return levels;
  }

  #chooseStored(
    sums: ReadonlyMap<number, readonly Product[]>,
    levels: readonly number[],
  ): ChosenValue[] {
    const { states, output, input } = this.program;
    const operands = new Set([...sums.values()].flat().map((term) => term.operand));
    const isOfState = (index: number): number | undefined => {
      const state = states.findIndex(({ next }) => next === index);
      return state < 0 ? undefined : state;
    };
    for (const node of [...states.map(({ next }) => next), output])
      if (this.#nodes[node]!.kind !== 'operation' || sums.has(node))
        this.#fail(node, 'is a state or output, but no elementwise result');
    if (new Set(states.map(({ next }) => next)).size < states.length)
      throw new NotPlannable('two states have the same next value');

    const stored: ChosenValue[] = [];
    const reachable = this.#reachable(sums);
    this.#nodes.forEach((node, index) => {
      if (node.kind !== 'operation' || node.invariant || sums.has(index) || index === input) return;
      if (node.op === 'slice' || node.op === 'linear' || !reachable.has(index)) return;
      const isResult = this.#isResult([index]) || operands.has(index);
      if (!isResult && !vectorRules[node.op!]?.isCostly) return;
      stored.push({
        node: index,
        width: widthOf(node),
        level: levels[index]!,
        state: isOfState(index),
      });
    });
    for (const operand of operands)
      if (operand !== input && this.#nodes[operand]!.kind === 'operation')
        if (!stored.some(({ node }) => node === operand))
          this.#fail(operand, 'is the operand of a product, but no elementwise result');
    for (const { node } of stored)
      for (const operand of this.#nodes[node]!.operands) this.#checkBroadcast(node, operand);
    return stored;
  }

  #reachable(sums: ReadonlyMap<number, readonly Product[]>): Set<number> {
    const { states, output } = this.program;
    const reached = new Set<number>();
    const visit = (index: number): void => {
      if (reached.has(index)) return;
      reached.add(index);
      const terms = sums.get(index);
      if (terms) terms.forEach((term) => visit(term.operand));
      else this.#nodes[index]!.operands.forEach(visit);
    };
    [...states.map(({ next }) => next), output].forEach(visit);
    return reached;
  }

  #checkBroadcast(index: number, operand: number): void {
    const [to, from] = [this.#nodes[index]!, this.#nodes[operand]!];
    if (from.kind !== 'constant' && from.kind !== 'parameter' && widthOf(to) !== widthOf(from))
      this.#fail(index, 'broadcasts along the features');
  }

  #vectors(sums: ReadonlyMap<number, unknown>): number[] {
    const isReadElementwise = (index: number): boolean =>
      this.#uses[index]!.some((user) => {
        const { op, invariant } = this.#nodes[user]!;
        return op !== 'linear' && !invariant && !sums.has(user);
      });
    return this.#nodes.flatMap((node, index) => {
      if (!node.invariant || node.kind === 'constant' || !isReadElementwise(index)) return [];
      if (node.kind !== 'parameter' || node.shape.length !== 1)
        this.#fail(index, 'is computed from parameters and read elementwise');
      return [index];
    });
  }

  /** What a group reads from buffers, each with the offset along the features. */
  #readsOf(
    { stores, level, width }: Group,
    sums: ReadonlyMap<number, unknown>,
    stored: readonly ChosenValue[],
  ): Read[] {
    const reads = new Map<string, Read>();
    const isEarlier = (index: number): boolean =>
      stored.some((value) => value.node === index && value.level < level);
    const visit = (index: number, offset: number): void => {
      const node = this.#nodes[index]!;
      if (node.kind !== 'operation' || reads.has(`${index}:${offset}`)) return;
      if (sums.has(index) || isEarlier(index)) {
        reads.set(`${index}:${offset}`, { node: index, offset, width });
        return;
      }
      const shift = node.op === 'slice' ? (node.attributes as SliceAttributes).start : 0;
      node.operands.forEach((operand) => visit(operand, offset + shift));
    };
    stores.forEach((store) => visit(store, 0));
    return [...reads.values()];
  }
}

interface Read {
  node: number;
  offset: number;
  width: number;
}

/** Whether some element of a value is read by no group, or by more than one reader. */
function isWrittenUnevenly(
  node: number,
  width: number,
  reads: readonly (readonly Read[])[],
): boolean {
  const counts = new Uint8Array(width);
  for (const read of reads.flat())
    if (read.node === node)
      for (let i = read.offset; i < read.offset + read.width; i++) counts[i]!++;
  return counts.some((count) => count !== 1);
}

function groupByLevelAndWidth(stored: readonly ChosenValue[]): Group[] {
  const groups = new Map<string, { level: number; width: number; stores: number[] }>();
  for (const { node, level, width } of stored) {
    const key = `${level}:${width}`;
    const group = groups.get(key) ?? { level, width, stores: [] };
    group.stores.push(node);
    groups.set(key, group);
  }
  return [...groups.values()].sort((a, b) => a.level - b.level);
}

/** The plan as text: what runs once for all time steps, and what at each, in order. */
export function printPlan(plan: Plan): string {
  const names = valueNames(plan.program);
  const show = ({ operand, weight, bias }: Product): string => {
    const rows = ({ parameter, start, rows: count }: ParameterRows): string => {
      const { name, shape } = plan.program.parameters[parameter]!;
      return count === shape[0] ? name : `${name}[${start}:${start + count}]`;
    };
    return `${rows(weight)}·${names[operand]!}${bias ? ` + ${rows(bias)}` : ''}`;
  };
  const lines = [`plan of ${plan.program.name}`, '  for all time steps'];
  for (const { node, terms } of plan.preactivations)
    for (const term of terms.filter(({ isHoisted }) => isHoisted))
      lines.push(`    ${names[node]!} += ${show(term)}`);
  lines.push('  at each time step');
  for (let level = 0; level < plan.levels; level++) {
    for (const { node, terms } of plan.preactivations.filter((one) => one.level === level))
      for (const term of terms.filter(({ isHoisted }) => !isHoisted))
        lines.push(`    ${names[node]!} += ${show(term)}`);
    for (const { stores, width } of plan.groups.filter((one) => one.level === level))
      lines.push(`    loop over ${width}: ${stores.map((node) => names[node]!).join(', ')}`);
  }
  return lines.join('\n');
}
