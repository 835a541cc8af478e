import type { CellProgram, ProgramNode } from '../cell/program.js';
import type { SliceAttributes } from '../ops/arrange.js';
import { FunctionBuilder, type Local, type ModuleBuilder } from '../wasm/assembler.js';
import { vectorRules } from '../wasm/vectorRules.js';
import { widthOf, type Group, type Plan } from './plan.js';

/**
 * A buffer that a loop reads or writes, by what it holds:
 * the value of a node at the present time step, the value that a state gets, the adjoint of a value, or the adjoint
 * that a state hands to the time step before.
 */
export type BufferKey = `${'value' | 'next' | 'adjoint' | 'carryIn' | 'carryOut'}:${number}`;

/** A loop over B rows and the group's features; arguments are B and the buffers' addresses, in this order. */
export interface GroupKernel {
  readonly name: string;
  readonly buffers: readonly BufferKey[];
}

/** Where the adjoint of the layer's output comes in. */
export const outputAdjoint: BufferKey = 'adjoint:-1';

/** Adds a group's forward loop to the module: computes and stores its values. */
export function defineForward(module: ModuleBuilder, plan: Plan, group: Group): GroupKernel {
  return defineLoop(module, `forward_${group.level}_${group.width}`, plan, group, (lanes) => {
    const values = new Values(lanes, plan, (node) => isHeld(plan, node, group.level - 1));
    for (const node of group.stores) {
      const local = values.of(node, 0);
      lanes.store(storageOf(plan, node), 0, local);
    }
  });
}

/** Adds its backward loop: from the adjoints of what it stored to the adjoints of what it read. */
export function defineBackward(module: ModuleBuilder, plan: Plan, group: Group): GroupKernel {
  return defineLoop(module, `backward_${group.level}_${group.width}`, plan, group, (lanes) =>
    new Adjoints(lanes, plan, group).run(),
  );
}

const storedOf = (plan: Plan, node: number) => plan.stored.find((value) => value.node === node);

/** Whether a node's value stands in a buffer when stored values up to some level do. */
function isHeld({ program, preactivations, stored }: Plan, index: number, level: number): boolean {
  if (program.nodes[index]!.kind !== 'operation') return true;
  if (preactivations.some(({ node }) => node === index)) return true;
  return stored.some((value) => value.node === index && value.level <= level);
}

/** A next state stands in the state's own buffer, one time step on. */
function storageOf(plan: Plan, node: number): BufferKey {
  const state = storedOf(plan, node)?.state;
  return state === undefined ? `value:${node}` : `next:${state}`;
}

// -------------------------------------------------------------------------------------------------
// The loop

/** Four features, or (for those beyond the last full four) one: what the loop's body loads and stores. */
interface Lanes {
  readonly f: FunctionBuilder;
  load(key: BufferKey, offset: number): Local;
  store(key: BufferKey, offset: number, value: Local): void;
  /** Adds to what is there. */
  add(key: BufferKey, offset: number, value: Local): void;
}

function defineLoop(
  module: ModuleBuilder,
  name: string,
  plan: Plan,
  group: Group,
  body: (lanes: Lanes) => void,
): GroupKernel {
  const buffers = buffersOf(body);
  const parameters = Array.from({ length: buffers.length + 1 }, () => 'i32' as const);
  module.define(name, parameters, (f, rows, ...pointers) => {
    const [row, j, limit] = [f.local('i32'), f.local('i32'), f.local('i32')];
    const full = group.width - (group.width % 4);
    f.i32(0).set(row);
    f.countTo(row, rows, 1, () => {
      f.i32(0).set(j);
      const over = (end: number, step: number): void => {
        f.i32(end).set(limit);
        f.countTo(j, limit, step, () => body(createLanes(f, buffers, pointers, j, step)));
      };
      if (full > 0) over(4 * full, 16);
      if (full < group.width) over(4 * group.width, 4);
      buffers.forEach((key, k) => {
        const bytes = rowBytes(plan, key);
        if (bytes > 0) f.advance(pointers[k]!, bytes);
      });
    });
  });
  return { name, buffers };
}

/** Runs the body once, into a function that is thrown away, to learn which buffers it touches. */
function buffersOf(body: (lanes: Lanes) => void): BufferKey[] {
  const touched = new Set<BufferKey>();
  const f = new FunctionBuilder(0, []);
  const nowhere = f.local('v128');
  const touch = (key: BufferKey): Local => {
    touched.add(key);
    return nowhere;
  };
  body({ f, load: touch, store: touch, add: touch });
  return [...touched];
}

function createLanes(
  f: FunctionBuilder,
  buffers: readonly BufferKey[],
  pointers: readonly Local[],
  j: Local,
  step: number,
): Lanes {
  const pushAddress = (key: BufferKey): void => {
    f.get(pointers[buffers.indexOf(key)]!).get(j).op('i32_add');
  };
  const lanes: Lanes = {
    f,
    load(key, offset) {
      const local = f.local('v128');
      pushAddress(key);
      f.memory(step === 16 ? 'v128_load' : 'v128_load32_zero', 4 * offset).set(local);
      return local;
    },
    store(key, offset, value) {
      pushAddress(key);
      f.get(value);
      if (step === 16) f.memory('v128_store', 4 * offset);
      else f.storeFirstLane(4 * offset);
    },
    add(key, offset, value) {
      const sum = lanes.load(key, offset);
      f.get(sum).get(value).op('f32x4_add').set(sum);
      lanes.store(key, offset, sum);
    },
  };
  return lanes;
}

/** Bytes from one sequence of the batch to the next; 0 for a vector that all share. */
function rowBytes(plan: Plan, key: BufferKey): number {
  const { program } = plan;
  const [kind, index] = key.split(':') as [string, string];
  if (key === outputAdjoint) return 4 * widthOf(program.nodes[program.output]!);
  if (kind === 'value' || kind === 'adjoint') {
    const node = program.nodes[Number(index)]!;
    return node.kind === 'parameter' ? 0 : 4 * widthOf(node);
  }
  return 4 * program.states[Number(index)]!.size;
}

// -------------------------------------------------------------------------------------------------
// The body

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
    if (this.isInMemory(index)) return this.lanes.load(storageOf(this.plan, index), offset);
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
    for (const node of this.group.stores) this.#seed(node);
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
    this.group.stores.forEach((store) => visit(store, 0));
    return order;
  }

  /** The adjoints that reach a stored value from outside the group. */
  #seed(index: number): void {
    const value = storedOf(this.plan, index)!;
    const from: BufferKey[] = [];
    if (value.state !== undefined) from.push(`carryIn:${value.state}`);
    if (index === this.#program.output) from.push(outputAdjoint);
    if (value.hasAdjoint) from.push(`adjoint:${index}`);
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
      if (this.#program.nodes[operand]!.kind === 'constant') return;
      const local = f.local('v128');
      rule.backward(f, k, { adjoint, operands, result });
      f.set(local);
      this.#add(operand, offset, local);
    });
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
