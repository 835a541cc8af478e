import type { CellProgram, ProgramNode } from '../cell/program.js';
import { equationOf, valueNames } from '../cell/program.js';
import type { SliceAttributes } from '../ops/arrange.js';
import type { LayerNormAttributes } from '../ops/layerNorm.js';
import { vectorRules } from '../wasm/vectorRules.js';
import {
  widthOf,
  type Normalisation,
  type ParameterRows,
  type Plan,
  type BufferKey,
  type Product,
  type Store,
  type Unplanned,
} from './plan.js';

type ChosenStore = Omit<Store, 'hasAdjoint'>;

const isOverFeatures = ({ attributes, operands }: ProgramNode): boolean =>
  (attributes as LayerNormAttributes).axes === 1 && operands.length === 1;

class NotPlannable extends Error {}

export function planProgram(program: CellProgram): Plan | Unplanned {
  try {
    return new Planner(program).plan();
  } catch (error) {
    if (error instanceof NotPlannable) return { reason: error.message };
    throw error;
  }
}

type Sums = ReadonlyMap<number, readonly Product[]>;

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
    this.#checkNodes(sums);
    const levels = this.#levels(sums);
    const chosen = this.#chooseStores(sums, levels);
    const reads = groupStores(chosen).map((group) => this.#readsOf(group, sums, chosen));
    const wholes = this.#wholes(sums);
    const isReadByLoop = (node: number): boolean =>
      reads.some((group) => group.some((read) => read.node === node));
    const stores = chosen.map((value) => ({
      ...value,
      hasAdjoint:
        this.#isComputed(value.node, sums) && (wholes.has(value.node) || isReadByLoop(value.node)),
    }));
    return {
      program: this.program,
      preactivations: [...sums].map(([node, terms]) => {
        const width = widthOf(this.#nodes[node]!);
        const isKept = wholes.has(node);
        const accumulates = isKept || isWrittenUnevenly(node, width, reads);
        return { node, terms, width, level: levels[node]!, accumulates, isKept };
      }),
      normalisations: this.#normalisations(levels),
      stores,
      groups: groupStores(stores),
      vectors: this.#vectors(sums),
      readsInput: this.#isReadWhole(this.program.input),
      levels: Math.max(...levels) + 1,
    };
  }

  /** Whether anything but a product reads it. */
  #isReadWhole(input: number): boolean {
    const isResult = this.#isResult([input]);
    return isResult || this.#uses[input]!.some((user) => this.#nodes[user]!.op !== 'linear');
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

  /** @throws NotPlannable for a node that is neither a product, a normalisation nor elementwise */
  #checkNodes(sums: Sums): void {
    const inProducts = new Set<number>();
    for (const node of this.#nodes)
      if (node.op === 'linear')
        node.operands.slice(1).forEach((operand) => inProducts.add(operand));
    this.#nodes.forEach((node, index) => {
      if (node.kind !== 'operation' || sums.has(index) || inProducts.has(index)) return;
      if (node.op === 'linear' || node.op === 'layerNorm') {
        if (node.invariant) this.#fail(index, 'is computed from parameters only');
        if (node.op === 'layerNorm' && !isOverFeatures(node))
          this.#fail(
            index,
            'expected over the features, with weight and bias multiplied and added after',
          );
        return;
      }
      if (node.op === 'slice') {
        if ((node.attributes as SliceAttributes).axis !== -1) this.#fail(index, 'slices the batch');
        return;
      }
      if (!(node.op! in vectorRules))
        this.#fail(index, 'is neither a product with weights nor elementwise');
      for (const operand of node.operands) this.#checkBroadcast(index, operand);
    });
  }

  #checkBroadcast(index: number, operand: number): void {
    const [to, from] = [this.#nodes[index]!, this.#nodes[operand]!];
    if (from.kind !== 'constant' && widthOf(to) !== widthOf(from))
      this.#fail(index, 'broadcasts along the features');
  }

  #levels(sums: Sums): number[] {
    const levels: number[] = [];
    this.#nodes.forEach((node, index) => {
      const terms = sums.get(index);
      const below = Math.max(0, ...node.operands.map((operand) => levels[operand]!));
      const waits = (terms ?? []).filter((term) => !term.isHoisted);
      if (terms) levels.push(Math.max(0, ...waits.map((term) => levels[term.operand]! + 1)));
      else levels.push(node.op === 'layerNorm' ? below + 1 : below);
    });
    return levels;
  }

  /** Values that something reads whole: operands of products and of normalisations. */
  #wholes(sums: Sums): Set<number> {
    const normalised = this.#nodes.flatMap(({ op, operands }) =>
      op === 'layerNorm' ? [operands[0]!] : [],
    );
    return new Set([...[...sums.values()].flat().map((term) => term.operand), ...normalised]);
  }

  #normalisations(levels: readonly number[]): Normalisation[] {
    return this.#nodes.flatMap((node, index) => {
      if (node.op !== 'layerNorm') return [];
      const { eps } = node.attributes as LayerNormAttributes;
      const [operand] = node.operands as [number];
      return [{ node: index, operand, eps, width: widthOf(node), level: levels[index]! }];
    });
  }

  #chooseStores(sums: Sums, levels: readonly number[]): ChosenStore[] {
    const { states, output } = this.program;
    const wholes = this.#wholes(sums);
    const reachable = this.#reachable(sums);
    const stores: ChosenStore[] = [];
    this.#nodes.forEach((node, index) => {
      const isComputed = this.#isComputed(index, sums);
      const isCostly = isComputed && !node.invariant && vectorRules[node.op!]?.isCostly;
      const keys: BufferKey[] = states.flatMap(({ next }, k) =>
        next === index ? [`next:${k}` as const] : [],
      );
      if (keys.length === 0 && isComputed) {
        const isWanted = index === output || wholes.has(index) || isCostly;
        if (isWanted && reachable.has(index)) keys.push(`value:${index}`);
      } else if (keys.length === 0 && index === output) keys.push('output');
      for (const key of keys)
        stores.push({ node: index, key, width: widthOf(node), level: levels[index]! });
    });
    return stores;
  }

  /** Whether a loop computes it, rather than a product or a normalisation. */
  #isComputed(index: number, sums: Sums): boolean {
    const { kind, op } = this.#nodes[index]!;
    return kind === 'operation' && !sums.has(index) && op !== 'layerNorm' && op !== 'linear';
  }

  #reachable(sums: Sums): Set<number> {
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

  #vectors(sums: Sums): number[] {
    const isReadElementwise = (index: number): boolean =>
      this.#uses[index]!.some((user) => {
        const { op } = this.#nodes[user]!;
        return op !== 'linear' && !sums.has(user) && !this.#isWeightSlice(user);
      });
    return this.#nodes.flatMap((node, index) => {
      if (node.kind !== 'parameter' || !isReadElementwise(index)) return [];
      if (node.shape.length !== 1) this.#fail(index, 'a matrix is read elementwise');
      return [index];
    });
  }

  /** Rows of a weight that only products read. */
  #isWeightSlice(index: number): boolean {
    const { op, invariant } = this.#nodes[index]!;
    const users = this.#uses[index]!;
    const isWeight = (user: number): boolean =>
      this.#nodes[user]!.op === 'linear' && this.#nodes[user]!.operands[0] !== index;
    return op === 'slice' && invariant && users.every(isWeight);
  }

  /** What a group reads from buffers, each with the offset along the features. */
  #readsOf(
    { stores, level, width }: { stores: readonly ChosenStore[]; level: number; width: number },
    sums: Sums,
    all: readonly ChosenStore[],
  ): Read[] {
    const reads = new Map<string, Read>();
    const isHeld = (index: number): boolean =>
      sums.has(index) ||
      this.#nodes[index]!.op === 'layerNorm' ||
      all.some((value) => value.node === index && value.level < level);
    const visit = (index: number, offset: number): void => {
      const node = this.#nodes[index]!;
      if (node.kind !== 'operation' || reads.has(`${index}:${offset}`)) return;
      if (isHeld(index)) {
        reads.set(`${index}:${offset}`, { node: index, offset, width });
        return;
      }
      const shift = node.op === 'slice' ? (node.attributes as SliceAttributes).start : 0;
      node.operands.forEach((operand) => visit(operand, offset + shift));
    };
    stores.forEach((store) => visit(store.node, 0));
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

function groupStores<S extends ChosenStore>(
  stores: readonly S[],
): { level: number; width: number; stores: S[] }[] {
  const groups = new Map<string, { level: number; width: number; stores: S[] }>();
  for (const store of stores) {
    const { level, width } = store;
    const group = groups.get(`${level}:${width}`) ?? { level, width, stores: [] };
    group.stores.push(store);
    groups.set(`${level}:${width}`, group);
  }
  return [...groups.values()].sort((a, b) => a.level - b.level);
}
