import { addTo } from './vectors.js';
import { gemm } from '../gemm.js';
import type { CellProgram } from '../cell/program.js';
import { batch, type NdArray } from '../ndarray.js';
import type { OpName } from '../ops/table.js';
import { createWorkspace, type Workspace } from '../executor/workspace.js';
import type { LayerRun } from './layerRun.js';

export interface BundleOptions {
  /** Which of the batch take part. Default: all. */
  readonly sequences?: readonly number[];
  /** Whether the adjoint of the layer's input is wanted too, beside those of its states. Default true. */
  readonly toInput?: boolean;
  /** Operations through which nothing goes back: their own adjoint is what is wanted. */
  readonly stopAt?: ReadonlySet<number>;
}

/**
 * Many vector-Jacobian products through the time steps of one layer at once: the sequences stand in a batch
 * once for each seed, with the same values, so the operations' own rules do all of them in one go.
 * Parameters get nothing.
 */
export class SeedBundle {
  /** By node, `[seeds·sequences, …]`, set by `back`. */
  readonly adjoints: readonly NdArray[];
  private readonly workspace: Workspace;
  private readonly reversed: readonly number[];
  /** Nodes whose values a rule's backward reads. */
  private readonly read: readonly number[];
  private readonly targets: readonly (readonly (NdArray | null)[])[];
  /** By node, the weight, where it is a product of one with something that changes from step to step. */
  private readonly weights: readonly (NdArray | undefined)[];

  private readonly sequences: readonly number[];

  constructor(
    private readonly run: LayerRun,
    readonly seeds: number,
    { sequences, toInput = true, stopAt = new Set() }: BundleOptions = {},
  ) {
    const { program, inputs, dtype } = run;
    this.sequences = sequences ?? Array.from({ length: run.batchSize }, (_, b) => b);
    const { nodes } = program;
    this.workspace = createWorkspace(
      program,
      inputs.parameters,
      dtype,
      1,
      seeds * this.sequences.length,
    );
    this.adjoints = this.workspace.adjoints;
    const isRead = nodesRead(program);
    this.read = this.workspace.steppedNodes.filter((node) => isRead.has(node));
    const reached = nodesOnTheWay(program, toInput);
    this.targets = nodes.map((node) =>
      node.operands.map((operand) => (reached.has(operand) ? this.adjoints[operand]! : null)),
    );
    this.reversed = this.workspace.operations
      .filter((node) => !stopAt.has(node) && this.targets[node]!.some((target) => target !== null))
      .reverse();
    const { rules, attributes, operands, values, invariantOperations } = this.workspace;
    this.weights = nodes.map((node) =>
      isWeightProduct(nodes, node) ? values[0]![node.operands[1]!]! : undefined,
    );
    for (const node of invariantOperations)
      rules[node]!.forward(values[0]![node]!, operands[0]![node]!, attributes[node]);
  }

  /** Goes back through step t. @param receive adds the seeds to adjoints, which are zero */
  back(t: number, receive: (adjoints: readonly NdArray[]) => void): void {
    const { rules, attributes, operands } = this.workspace;
    const values = this.workspace.values[0]!;
    this.spread(t);
    for (const node of this.workspace.steppedNodes) this.adjoints[node]!.data.fill(0);
    receive(this.adjoints);
    for (const node of this.reversed) {
      const adjoint = this.withoutEdited(t, node);
      const weight = this.weights[node];
      if (weight) addProduct(this.targets[node]![0]!, adjoint, weight);
      else
        rules[node]!.backward(
          this.targets[node]!,
          adjoint,
          operands[0]![node]!,
          values[node]!,
          attributes[node],
        );
    }
  }

  /** A node's adjoint as it goes back to the operands: nothing flows back from a number that was set. */
  withoutEdited(t: number, node: number): NdArray {
    const { data, shape } = this.adjoints[node]!;
    const edits = this.run.options.edits?.get(t)?.filter((edit) => edit.node === node) ?? [];
    if (edits.length === 0) return { data, shape };
    const copy = data.slice();
    const size = data.length / (this.seeds * this.sequences.length);
    for (const index of edits.flatMap(({ numbers }) => [...numbers.keys()])) {
      const place = this.sequences.indexOf(Math.floor(index / size));
      for (let seed = 0; place >= 0 && seed < this.seeds; seed++)
        copy[(seed * this.sequences.length + place) * size + (index % size)] = 0;
    }
    return { data: copy, shape };
  }

  /** The step's values, once for each seed. */
  private spread(t: number): void {
    const source = this.run.computeValues(t);
    const { nodes } = this.run.program;
    for (const node of this.read) {
      const { data } = source[node]!;
      const target = this.workspace.values[0]![node]!.data;
      const isBatched = nodes[node]!.shape[0] === batch;
      const size = isBatched ? data.length / this.run.batchSize : data.length;
      let to = 0;
      for (let seed = 0; seed < this.seeds; seed++)
        for (const b of this.sequences) {
          target.set(data.subarray(b * size, (b + 1) * size), to);
          to += size;
        }
    }
  }

  /** The part of a node's adjoint that belongs to one seed. */
  of(node: number, seed: number): NdArray['data'] {
    const { data } = this.adjoints[node]!;
    const size = data.length / this.seeds;
    return data.subarray(seed * size, (seed + 1) * size);
  }

  /** Adds to the part of a node's adjoint that belongs to one seed. */
  seed(node: number, seed: number, numbers: ArrayLike<number>): void {
    addTo(this.of(node, seed), numbers);
  }
}

/**
 * States, their next values, the input if that is wanted, and what depends on these: adjoints of anything else
 * lead nowhere.
 */
function nodesOnTheWay({ nodes, states, input }: CellProgram, toInput: boolean): Set<number> {
  const reached = new Set(states.flatMap(({ node, next }) => [node, next]));
  if (toInput) reached.add(input);
  nodes.forEach(({ operands }, node) => {
    if (operands.some((operand) => reached.has(operand))) reached.add(node);
  });
  return reached;
}

/** Operations whose vector-Jacobian product, parameters apart, depends on no value. */
const valueFree: ReadonlySet<OpName> = new Set([
  'add',
  'sub',
  'neg',
  'slice',
  'cat',
  'reshape',
  'permute',
  'sum',
]);

/** A product with a weight reads the weight only; any other operation may read its operands and its result. */
function nodesRead({ nodes }: CellProgram): Set<number> {
  const read = new Set<number>();
  nodes.forEach(({ op, operands }, index) => {
    if (!op || valueFree.has(op)) return;
    if (isWeightProduct(nodes, nodes[index]!)) return;
    for (const node of [index, ...operands]) read.add(node);
  });
  return read;
}

type Nodes = CellProgram['nodes'];

/** A product of something that changes from step to step with a weight. */
export const isWeightProduct = (
  nodes: Nodes,
  { op, operands, invariant }: Nodes[number],
): boolean =>
  op === 'linear' &&
  !invariant &&
  !nodes[operands[0]!]!.invariant &&
  nodes[operands[1]!]!.invariant;

/**
 * x̄ += ȳ·W, with ȳ `[M, N]` and W `[N, K]`. A seed that is a unit vector reaches few numbers of ȳ, so rows of
 * few numbers take only the rows of W that these meet.
 */
function addProduct(target: NdArray, { data: adjoint }: NdArray, weight: NdArray): void {
  const [n, k] = weight.shape as [number, number];
  const m = adjoint.length / n;
  let [full, first, last] = [0, m, -1];
  for (let i = 0; i < m; i++) {
    const before = full;
    for (let at = i * n; at < (i + 1) * n; at++) if (adjoint[at] !== 0) full++;
    if (full === before) continue;
    first = Math.min(first, i);
    last = i;
  }
  if (sparse * full > (last + 1 - first) * n) {
    // Terms later than the present step have sent nothing yet: their rows are zero.
    const out = target.data.subarray(first * k, (last + 1) * k);
    const own = adjoint.subarray(first * n, (last + 1) * n);
    gemm(out, own, n, 1, weight.data, k, 1, last + 1 - first, k, n);
    return;
  }
  for (let i = first; i <= last; i++)
    for (let j = 0; j < n; j++) {
      const factor = adjoint[i * n + j]!;
      if (factor === 0) continue;
      const [to, from] = [i * k, j * k];
      for (let l = 0; l < k; l++) target.data[to + l]! += factor * weight.data[from + l]!;
    }
}

/** One of so many numbers is not zero. */
const sparse = 8;
