import type { CellProgram, ProgramNode } from '../cell/program.js';
import type { SliceAttributes } from '../ops/arrange.js';
import { FunctionBuilder, type Local } from '../wasm/assembler.js';
import { vectorRules } from '../wasm/vectorRules.js';
import type { BufferKey, Group, Plan } from './plan.js';

/** Four features, or (for those beyond the last full four) one: what the loop's body loads and stores. */
export interface Lanes {
  readonly f: FunctionBuilder;
  load(key: BufferKey, offset: number): Local;
  store(key: BufferKey, offset: number, value: Local): void;
  /** Adds to what is there. */
  add(key: BufferKey, offset: number, value: Local): void;
}

/** Where the adjoint of the layer's output comes in. */
export const outputAdjoint: BufferKey = 'adjoint:-1';

/** What a loop's body touches at the loop's position: `offset` counts features from there. */
export interface Access {
  readonly key: BufferKey;
  readonly offset: number;
  readonly isLoad: boolean;
}

/** What the body loads and stores, learnt by writing it into a function that is thrown away. */
export function accessesOf(plan: Plan, group: Group, direction: 'forward' | 'backward'): Access[] {
  const accesses: Access[] = [];
  const f = new FunctionBuilder(0, []);
  const nowhere = f.local('v128');
  const touch =
    (isLoad: boolean) =>
    (key: BufferKey, offset: number): Local => {
      accesses.push({ key, offset, isLoad });
      return nowhere;
    };
  writeBody(plan, group, direction, {
    f,
    load: touch(true),
    store: touch(false),
    add: touch(false),
  });
  return accesses;
}

/** Writes what a group's loop does at one position: forward or backward. */
export function writeBody(
  plan: Plan,
  group: Group,
  direction: 'forward' | 'backward',
  lanes: Lanes,
): void {
  if (direction === 'backward') {
    new Adjoints(lanes, plan, group).run();
    return;
  }
  const values = new Values(lanes, plan, (node) => isHeld(plan, node, group.level - 1));
  for (const { node, key } of group.stores) lanes.store(key, 0, values.of(node, 0));
}

/** Whether a node's value stands in a buffer when stored values up to some level do. */
function isHeld({ program, preactivations, stores }: Plan, index: number, level: number): boolean {
  const { kind, op } = program.nodes[index]!;
  if (kind !== 'operation' || op === 'layerNorm') return true;
  if (preactivations.some(({ node }) => node === index)) return true;
  return stores.some((store) => store.node === index && store.level <= level);
}

/** Where a held value stands: what a loop computed, where it was stored; all else under its own name. */
export function placeOfValue({ stores, program, preactivations }: Plan, index: number): BufferKey {
  const { kind, op } = program.nodes[index]!;
  const isComputed =
    kind === 'operation' &&
    op !== 'layerNorm' &&
    !preactivations.some(({ node }) => node === index);
  const store = isComputed ? stores.find(({ node }) => node === index) : undefined;
  return store?.key ?? `value:${index}`;
}

const startOf = (node: ProgramNode): number => (node.attributes as SliceAttributes).start;

/** Values of nodes in registers, each computed or loaded once per pass. */
class Values {
  readonly #known = new Map<string, Local>();
  readonly #program: CellProgram;

  constructor(
    private readonly lanes: Lanes,
    private readonly plan: Plan,
    private readonly isInMemory: (node: number) => boolean,
  ) {
    this.#program = plan.program;
  }

  /** Features offset … offset + 3 of a node, counted from the loop's position. */
  of(index: number, offset: number): Local {
    const key = `${index}:${offset}`;
    let local = this.#known.get(key);
    if (!local) this.#known.set(key, (local = this.#make(index, offset)));
    return local;
  }

  #make(index: number, offset: number): Local {
    const { f } = this.lanes;
    const node = this.#program.nodes[index]!;
    if (node.kind === 'constant') {
      const local = f.local('v128');
      f.f32x4(node.value!).set(local);
      return local;
    }
    if (this.isInMemory(index)) return this.lanes.load(placeOfValue(this.plan, index), offset);
    if (node.op === 'slice') return this.of(node.operands[0]!, offset + startOf(node));
    const operands = node.operands.map((operand) => this.of(operand, offset));
    const local = f.local('v128');
    vectorRules[node.op!]!.forward(f, operands);
    f.set(local);
    return local;
  }
}

/** One pass of reverse-mode differentiation over the values that a group computes. */
class Adjoints {
  readonly #program: CellProgram;
  readonly #values: Values;
  readonly #sums = new Map<string, { index: number; offset: number; local: Local }>();

  constructor(
    private readonly lanes: Lanes,
    private readonly plan: Plan,
    private readonly group: Group,
  ) {
    this.#program = plan.program;
    this.#values = new Values(lanes, plan, (node) => isHeld(plan, node, group.level));
  }

  run(): void {
    const order = this.#order();
    for (const node of new Set(this.group.stores.map((store) => store.node))) this.#seed(node);
    for (const { index, offset } of order.reverse()) this.#goBack(index, offset);
    for (const { index, offset, local } of this.#sums.values())
      if (this.#isRead(index)) this.#handOn(index, offset, local);
  }

  /** What the group reads rather than computes. */
  #isRead(index: number): boolean {
    return isHeld(this.plan, index, this.group.level - 1);
  }

  /** Every value that the group computes, with its offset, operands first. */
  #order(): { index: number; offset: number }[] {
    const order: { index: number; offset: number }[] = [];
    const seen = new Set<string>();
    const visit = (index: number, offset: number): void => {
      const node = this.#program.nodes[index]!;
      if (seen.has(`${index}:${offset}`) || node.kind === 'constant' || this.#isRead(index)) return;
      seen.add(`${index}:${offset}`);
      const shift = node.op === 'slice' ? startOf(node) : 0;
      node.operands.forEach((operand) => visit(operand, offset + shift));
      order.push({ index, offset });
    };
    this.group.stores.forEach((store) => visit(store.node, 0));
    return order;
  }

  /** The adjoints that reach a stored value from outside the group. */
  #seed(index: number): void {
    const from: BufferKey[] = this.#program.states.flatMap(({ next }, k) =>
      next === index ? [`carryIn:${k}` as const] : [],
    );
    if (index === this.#program.output) from.push(outputAdjoint);
    if (this.group.stores.some(({ node, hasAdjoint }) => node === index && hasAdjoint))
      from.push(`adjoint:${index}`);
    for (const key of from) this.#add(index, 0, this.lanes.load(key, 0));
  }

  #add(index: number, offset: number, adjoint: Local): void {
    const { f } = this.lanes;
    const known = this.#sums.get(`${index}:${offset}`);
    if (known) f.get(known.local).get(adjoint).op('f32x4_add').set(known.local);
    else {
      const local = f.local('v128');
      f.get(adjoint).set(local);
      this.#sums.set(`${index}:${offset}`, { index, offset, local });
    }
  }

  #goBack(index: number, offset: number): void {
    const { f } = this.lanes;
    const adjoint = this.#sums.get(`${index}:${offset}`)?.local;
    if (!adjoint) return;
    const node = this.#program.nodes[index]!;
    if (node.op === 'slice') {
      this.#add(node.operands[0]!, offset + startOf(node), adjoint);
      return;
    }
    const rule = vectorRules[node.op!]!;
    const needs = (what: 'operands' | 'result'): boolean =>
      rule.reads === what || rule.reads === 'both';
    const operands = needs('operands')
      ? node.operands.map((operand) => this.#values.of(operand, offset))
      : [];
    const result = needs('result') ? this.#values.of(index, offset) : adjoint;
    node.operands.forEach((operand, k) => {
      if (!this.#isDifferentiable(operand)) return;
      const local = f.local('v128');
      rule.backward(f, k, { adjoint, operands, result });
      f.set(local);
      this.#add(operand, offset, local);
    });
  }

  #isDifferentiable(index: number): boolean {
    const { nodes, masks } = this.#program;
    return nodes[index]!.kind !== 'constant' && masks.every(({ node }) => node !== index);
  }

  /** Leaves the adjoint of what the group read in its buffer. */
  #handOn(index: number, offset: number, local: Local): void {
    const preactivation = this.plan.preactivations.find(({ node }) => node === index);
    if (preactivation && !preactivation.accumulates)
      this.lanes.store(`adjoint:${index}`, offset, local);
    else {
      const state = this.#program.states.findIndex(({ node }) => node === index);
      this.lanes.add(state < 0 ? `adjoint:${index}` : `carryOut:${state}`, offset, local);
    }
  }
}
